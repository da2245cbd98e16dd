/*
 * A check that visits every state that a tree can reach, whatever its processes do. It is possible because the state machine is
 * pure.
 *
 * A state consists of the tree's state and of the parts of the world that affect it: which services may have left processes
 * behind, and which sweeps are under way. In each state the exploration tries everything that a process can do: exit, become
 * ready, hang, ignore every signal except KILL, and be impossible to run where the loader says so; and it tries a stop, unless
 * one is under way. A process that receives KILL exits at once. Out of scope are: processes that survive KILL, daemonized
 * processes in a session of their own, the host's command, services that are started or stopped by hand, and init scripts that
 * change the tree.
 *
 * Three measures keep the number of states small without losing a finding:
 * 1. Times are relative to now, and values without effect on later states (counters, exits, pids) are made equal.
 * 2. During the start, a deadline only means that something may be over: a run can exit at any moment, so what follows from its
 *    exit may just have begun. Time is counted only for processes that were asked to exit, for scripts and for sweeps. A
 *    shorter life never makes the total longer there, so the longest way goes from deadline to deadline, and a process acts at
 *    one of these moments.
 * 3. Services affect one another only through the stage, which waits for all of them, and through an essential service: its
 *    exit is a stop like any other. So each service is explored separately, with its logger and all scripts. The services are
 *    stopped together and the finish stage waits for the slowest one, so the longest shutdown of the tree is that of the slowest
 *    service. Only the final clean-up is shared: it takes its time if any service may leave a process to it.
 *
 * The longest way is a path in the graph of the states. Circles in the graph take no time (a logger that exits and is restarted
 * before it is asked to stop), so the longest way exists. A process that is awaited without a deadline is a dead end, and the
 * duration of the way to it is infinite.
 */
import type { ExplorationOutcome, Findings } from './outcome.ts';
import { joined, outcomeOf } from './outcome.ts';
import { explorationSettingOf } from './exploration-setting.ts';
import { reportOf } from './report.ts';
import { walk } from './walk.ts';
import type { CheckOptions } from '../trees/check.ts';
import type { TreeSource } from '../trees/tree-source.ts';
import { readSource, sorted } from '../trees/tree-source.ts';
import { OptionsError } from '../../errors.ts';
import type { Problem } from '../../model/problem.ts';
import type { Tree } from '../../model/tree.ts';
import type { SupervisorOptions } from '../../options/options.ts';
import { resolveOptions } from '../../options/options.ts';

export type { DeadEnd, NeverStart, Shutdown, ExploredStep, Way } from './findings.ts';
export type { Findings } from './outcome.ts';

/** How a tree is explored: the options of the supervisor that affect it, and more. */
export interface ExploreOptions
  extends
    Pick<SupervisorOptions, 'onInitFailure' | 'services' | 'timeouts'>,
    Omit<CheckOptions, 'ignore'> {
  /** The most states to visit for each service. Default: 50 000, several hundred times what one service needs; that many take seconds and several hundred megabytes. */
  readonly mostStates?: number;
}

/** The options for a tree that is loaded already. */
export interface ExploreTreeOptions extends Omit<ExploreOptions, 'host' | 'profile'> {
  /** The problems that the loader reported; they say which scripts cannot be run. Default: none, so that every script can be run. */
  readonly problems?: readonly Problem[];
}

/** The result of an exploration; `toString()` returns a report. */
export interface Exploration extends Findings {
  /** The findings as readable text. */
  toString(): string;
}

const mostStatesByDefault = 50_000;

/**
 * Visits every state that a tree can reach, without processes and without waiting. Reports where the tree may wait for ever, which
 * services never come up, and how long a stop takes in the worst case. Ignores `S6_*` variables.
 *
 * @throws TreeError when the tree leaves nothing to run.
 * @throws OptionsError when an option has an invalid value.
 */
export async function explore(
  source: TreeSource,
  { host, profile, ...options }: ExploreOptions = {},
): Promise<Exploration> {
  const { tree, problems } = await readSource(sorted(source), { host, profile });
  return exploreTree(tree, { ...options, problems });
}

/**
 * The same for a tree that is loaded already.
 *
 * @throws OptionsError when an option has an invalid value.
 */
export function exploreTree(tree: Tree, options: ExploreTreeOptions = {}): Exploration {
  return exploreParts(tree, parts(tree), options);
}

/** The same for a given division of a tree into parts. */
export function exploreParts(
  tree: Tree,
  each: readonly Tree[],
  { problems = [], mostStates = mostStatesByDefault, ...options }: ExploreTreeOptions,
): Exploration {
  if (!(mostStates >= 1)) {
    throw new OptionsError(`mostStates: expected a number from 1 on, got ${String(mostStates)}`);
  }
  const setting = explorationSettingOf(resolveOptions(options, {}), problems);
  const outcomes = each.map((part): ExplorationOutcome =>
    outcomeOf(walk(part, setting, mostStates), tree, setting),
  );
  const findings = joined(outcomes, setting);
  return { ...findings, toString: () => reportOf(findings) };
}

/** One tree per service, with its logger and all scripts. */
function parts(tree: Tree): readonly Tree[] {
  if (tree.services.length === 0) return [tree];
  return tree.services.map((service) => ({ ...tree, services: [service] }));
}

/*
 * A lint that only a pure machine makes possible: every state that a tree can get into is walked, whatever its processes do.
 *
 * A state is the tree's, with what of the world bears on it: who may have left processes behind, and which sweeps are under
 * way. In each, everything is tried that processes may do: exit, be ready, hang, ignore all but KILL, be impossible to run
 * where the loader says so; and a stop, until one has come. Whoever is sent KILL ends at once: what even KILL does not end is
 * out of scope, as are those who run away into a session of their own, the host's command, services started or
 * stopped by hand, and init scripts that change the tree.
 *
 * Three things keep the number of states small, and no finding is lost by them:
 * 1. Times are relative to now, and what has no bearing on what comes is made alike (counters, exits, pids).
 * 2. On the way up a deadline is only that something may be over: a run may end at any moment, so what it brings about may
 *    have begun just now. Time is counted for who was asked to end, for scripts and for sweeps. Longer is never better
 *    there, so that the longest way goes from deadline to deadline, and a process acts at one of these moments.
 * 3. Services know of one another only by way of the stage, which waits for all, and of an essential one, whose end is a
 *    stop like any other. So each is walked by itself, with its logger and all scripts. They are asked to stop together and
 *    the finish stage waits for the slowest: the longest shutdown of all is that of the slowest one. Only the last clean-up
 *    is common: it takes its time if any of them may leave something to it.
 *
 * The longest way is sought in the graph of the states that are found. Its circles take no time (a logger that dies and
 * comes back before its turn comes), so there is one. Who is waited for without a deadline is a dead end, and the way
 * that leads there has no end.
 */
import type { Outcome, Findings } from './exploration/outcome.ts';
import { joined, outcomeOf } from './exploration/outcome.ts';
import { lawsOf } from './exploration/laws.ts';
import { reportOf } from './exploration/report.ts';
import { walk } from './exploration/walk.ts';
import type { CheckOptions } from './check.ts';
import type { TreeSource } from './tree-source.ts';
import { readSource, sorted } from './tree-source.ts';
import { OptionsError } from '../errors.ts';
import type { Problem } from '../model/problem.ts';
import type { Tree } from '../model/tree.ts';
import type { SupervisorOptions } from '../options.ts';
import { settle } from '../options.ts';

export type { DeadEnd, NeverStart, Shutdown, Step, Way } from './exploration/findings.ts';
export type { Findings } from './exploration/outcome.ts';

/** How a tree is explored: the options of the supervisor that bear on it, and more. */
export interface ExploreOptions
  extends Pick<SupervisorOptions, 'onInitFailure' | 'services' | 'timeouts'>, CheckOptions {
  /** How many states are walked at most, for each service. Default: 50 000, some hundred times what one needs; that many take seconds, and some hundred megabytes. */
  readonly mostStates?: number;
}

/** The same for a tree that was read already. */
export interface ExploreTreeOptions extends Omit<ExploreOptions, 'host' | 'profile'> {
  /** The problems that were met while the tree was read; they say which scripts cannot be run. Default: every script can. */
  readonly problems?: readonly Problem[];
}

/** What an exploration has found; `toString()` is a report. */
export interface Exploration extends Findings {
  /** The findings as a text for people. */
  toString(): string;
}

const mostStatesByDefault = 50_000;

/**
 * Walks every state that a tree can get into, without a process and without time, and says where it may wait for ever, which
 * services never come up, and how long a stop takes at worst. `S6_*` variables are not looked at.
 *
 * @throws TreeError when nothing sensible is left to run.
 * @throws OptionsError when an option has a value that it cannot have.
 */
export async function explore(
  source: TreeSource,
  { host, profile, ...options }: ExploreOptions = {},
): Promise<Exploration> {
  const { tree, problems } = await readSource(sorted(source), { host, profile });
  return exploreTree(tree, { ...options, problems });
}

/**
 * The same for a tree that was read already.
 *
 * @throws OptionsError when an option has a value that it cannot have.
 */
export function exploreTree(tree: Tree, options: ExploreTreeOptions = {}): Exploration {
  return exploreParts(tree, parts(tree), options);
}

/** The same for a tree that is divided otherwise. */
export function exploreParts(
  tree: Tree,
  each: readonly Tree[],
  { problems = [], mostStates = mostStatesByDefault, ...options }: ExploreTreeOptions,
): Exploration {
  if (!(mostStates >= 1)) {
    throw new OptionsError(`mostStates: expected a number from 1 on, got ${String(mostStates)}`);
  }
  const laws = lawsOf(settle(options, {}), problems);
  const outcomes = each.map((part): Outcome => outcomeOf(walk(part, laws, mostStates), tree, laws));
  const findings = joined(outcomes, laws);
  return { ...findings, toString: () => reportOf(findings) };
}

/** A tree for each service, with its logger and all scripts. */
function parts(tree: Tree): readonly Tree[] {
  if (tree.services.length === 0) return [tree];
  return tree.services.map((service) => ({ ...tree, services: [service] }));
}

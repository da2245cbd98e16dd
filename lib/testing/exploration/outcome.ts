import { clearingUp } from './expiry.ts';
import { deadEndsIn } from './dead-ends.ts';
import type { DeadEnd, NeverStart, Shutdown, Way } from './findings.ts';
import type { ExplorationSetting } from './exploration-setting.ts';
import type { Longest } from './longest.ts';
import { isUp, longestDown, longestOf, longestUp, wayOf } from './longest.ts';
import { neverStartIn } from './never-start.ts';
import type { StateEdge, StateNode, StateWalk } from './walk.ts';
import { stepsOf, wayTo } from './walk.ts';
import { standingOf } from './wording.ts';
import type { Tree } from '../../model/tree.ts';

/** The findings of an exploration. */
export interface Findings {
  /** The number of states that were visited. */
  readonly states: number;
  /** Whether these are all states; if not, the other findings hold for the visited states only. */
  readonly complete: boolean;
  /** The states in which the start or the stop may wait for ever. */
  readonly deadEnds: readonly DeadEnd[];
  /** The services that are up in no state. */
  readonly neverStart: readonly NeverStart[];
  /** The longest way from a stop, in any state, to the end. */
  readonly longestShutdown: Shutdown;
  /** The longest way from the start until the services' stage is over; `null` when no way leads there. */
  readonly longestStart: Way | null;
}

/** The findings of one walk. */
export interface ExplorationOutcome extends Findings {
  /** The longest way from a stop to the final clean-up, which all walks share. */
  readonly untilClearing: Shutdown;
  /** Whether the final clean-up may find a process. */
  readonly clears: boolean;
}

/** Returns the findings of one walk. */
export function outcomeOf(
  walk: StateWalk,
  tree: Tree,
  setting: ExplorationSetting,
): ExplorationOutcome {
  const { nodes, complete } = walk;
  const blocked = deadEndsIn(nodes);
  const at = (during: DeadEnd['during']): StateNode | undefined =>
    blocked.find(({ deadEnd }) => deadEnd.during === during)?.node;
  return {
    states: nodes.length,
    complete,
    deadEnds: blocked.map(({ deadEnd }) => deadEnd),
    neverStart: neverStartIn(walk, tree, setting),
    ...shutdownsIn(walk, at('stop')),
    longestStart: startIn(walk, at('start')),
    clears: nodes.some(({ explored }) => explored.clearing !== null),
  };
}

/** Combines the findings of several walks: the services stop at the same time, and the final clean-up follows the last. */
export function joined(
  outcomes: readonly ExplorationOutcome[],
  { options }: ExplorationSetting,
): Findings {
  const { kill } = options.timeouts;
  const shutdowns = outcomes.map((each) => {
    const othersClear = outcomes.some((other) => other !== each && other.clears);
    return othersClear ? cleared(each.untilClearing, kill) : each.longestShutdown;
  });
  return {
    states: outcomes.reduce((sum, { states }) => sum + states, 0),
    complete: outcomes.every(({ complete }) => complete),
    deadEnds: unique(outcomes.flatMap(({ deadEnds }) => deadEnds)),
    neverStart: outcomes.flatMap(({ neverStart }) => neverStart),
    longestShutdown: longer(shutdowns) ?? none,
    longestStart: startOfAll(outcomes),
  };
}

/** The longest start of all; `null` when one of them never completes. */
function startOfAll(outcomes: readonly ExplorationOutcome[]): Way | null {
  const starts = outcomes.flatMap(({ longestStart }) => longestStart ?? []);
  return starts.length < outcomes.length ? null : (longer(starts) ?? null);
}

function shutdownsIn(
  walk: StateWalk,
  deadEnd: StateNode | undefined,
): Pick<ExplorationOutcome, 'longestShutdown' | 'untilClearing'> {
  if (deadEnd !== undefined) {
    const way = wayTo(deadEnd, ({ descending }) => !descending);
    const endless = shutdown(Infinity, way);
    return { longestShutdown: endless, untilClearing: endless };
  }
  const longest = longestDown(walk);
  const to = (isEnd: (edge: StateEdge) => boolean): Shutdown => longestTo(walk, longest, isEnd);
  return {
    longestShutdown: to(({ to: end }) => hasEnded(end)),
    untilClearing: to(
      ({ from, to: end }) => !isClearing(from) && (hasEnded(end) || isClearing(end)),
    ),
  };
}

function hasEnded({ explored }: StateNode): boolean {
  return explored.state.phase === 'ended';
}

function isClearing({ explored }: StateNode): boolean {
  return explored.clearing !== null;
}

function longestTo(
  { nodes }: StateWalk,
  longest: Longest,
  isEnd: (edge: StateEdge) => boolean,
): Shutdown {
  const ends = nodes.flatMap(({ edges }) => edges.filter(isEnd));
  const ways = ends.map((by) => {
    const { time = 0, length = by.from.depth } = longest.get(by.from) ?? {};
    return { node: by.to, time: time + by.took, length: length + 1, by };
  });
  const last = longestOf(ways);
  return last === undefined
    ? none
    : shutdown(last.time, [...wayOf(longest, last.by.from), last.by]);
}

function shutdown(duration: number, way: readonly StateEdge[]): Shutdown {
  return { duration, steps: stepsOf(way), ...fromWhere(way[0]?.from) };
}

/** No shutdown at all. */
const none: Shutdown = { duration: 0, steps: [], from: '', before: [] };

function fromWhere(node: StateNode | undefined): Pick<Shutdown, 'from' | 'before'> {
  if (node === undefined) return { from: '', before: [] };
  return { from: standingOf(node.explored.state), before: stepsOf(wayTo(node)) };
}

function startIn(walk: StateWalk, deadEnd: StateNode | undefined): Way | null {
  if (deadEnd !== undefined) return { duration: Infinity, steps: stepsOf(wayTo(deadEnd)) };
  const longest: Longest = longestUp(walk);
  const up = [...longest.values()].filter(({ node }) => isUp(node));
  const last = longestOf(up);
  return last === undefined
    ? null
    : { duration: last.time, steps: stepsOf(wayOf(longest, last.node)) };
}

function longer<W extends Way>(ways: readonly W[]): W | undefined {
  const [first, ...others] = ways;
  return others.reduce(
    (longest, way) => (longest !== undefined && way.duration > longest.duration ? way : longest),
    first,
  );
}

/** A shutdown followed by the final clean-up. */
function cleared(way: Shutdown, kill: number): Shutdown {
  if (way.duration === Infinity) return way;
  const duration = way.duration + kill;
  return { ...way, duration, steps: [...way.steps, { at: duration, ...clearingUp(kill) }] };
}

/** The dead ends, each once, those of the start first. */
function unique(deadEnds: readonly DeadEnd[]): readonly DeadEnd[] {
  const byProcess = new Map<string, DeadEnd>();
  for (const deadEnd of deadEnds) {
    const key = `${deadEnd.during} ${deadEnd.waitsFor}`;
    if (!byProcess.has(key)) byProcess.set(key, deadEnd);
  }
  const all = [...byProcess.values()];
  return [
    ...all.filter(({ during }) => during === 'start'),
    ...all.filter(({ during }) => during === 'stop'),
  ];
}

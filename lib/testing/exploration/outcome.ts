import { clearingUp } from './passing.ts';
import { deadEndsIn } from './dead-ends.ts';
import type { DeadEnd, NeverStart, Shutdown, Way } from './findings.ts';
import type { Laws } from './laws.ts';
import type { Longest } from './longest.ts';
import { longestDown, longestOf, longestUp, wayOf } from './longest.ts';
import { neverStartIn } from './never-start.ts';
import type { Place, Walk } from './walk.ts';
import { stepsOf, wayTo } from './walk.ts';
import { standingOf } from './words.ts';
import type { Tree } from '../../model/tree.ts';

/** What an exploration has found. */
export interface Findings {
  /** How many states were seen. */
  readonly states: number;
  /** Whether these are all; if not, the other findings hold for what was seen. */
  readonly complete: boolean;
  /** Where everything may wait for ever. */
  readonly deadEnds: readonly DeadEnd[];
  /** The services that are up in no state. */
  readonly neverStart: readonly NeverStart[];
  /** The longest way from a stop, in whatever state, to the end. */
  readonly longestShutdown: Shutdown;
  /** The longest way from the start until the services' stage is over; `null` when nothing leads there. */
  readonly longestStart: Way | null;
}

/** What one walk has found; its shutdown goes up to the last clean-up. */
export interface Outcome extends Findings {
  /** Whether the last clean-up may find something. */
  readonly clears: boolean;
}

/** What a walk has found. */
export function outcomeOf(walk: Walk, tree: Tree, laws: Laws): Outcome {
  const { places, complete } = walk;
  const blocked = deadEndsIn(places);
  const at = (during: DeadEnd['during']): Place | undefined =>
    blocked.find(({ deadEnd }) => deadEnd.during === during)?.place;
  return {
    states: places.length,
    complete,
    deadEnds: blocked.map(({ deadEnd }) => deadEnd),
    neverStart: neverStartIn(walk, tree, laws),
    longestShutdown: shutdownIn(walk, at('stop')),
    longestStart: startIn(walk, at('start')),
    clears: places.some(({ situation }) => situation.clearing !== null),
  };
}

/** What several walks have found together: services stop at the same time, and the last clean-up comes after all. */
export function joined(outcomes: readonly Outcome[], { options }: Laws): Findings {
  const clears = outcomes.some((each) => each.clears);
  const { kill } = options.timeouts;
  return {
    states: outcomes.reduce((sum, { states }) => sum + states, 0),
    complete: outcomes.every(({ complete }) => complete),
    deadEnds: unique(outcomes.flatMap(({ deadEnds }) => deadEnds)),
    neverStart: outcomes.flatMap(({ neverStart }) => neverStart),
    longestShutdown: cleared(longer(outcomes.map((each) => each.longestShutdown)), clears, kill),
    longestStart: longer(outcomes.flatMap((each) => each.longestStart ?? [])) ?? null,
  };
}

function shutdownIn(walk: Walk, deadEnd: Place | undefined): Shutdown {
  if (deadEnd !== undefined) {
    const way = wayTo(deadEnd, ({ descending }) => !descending);
    return { duration: Infinity, steps: stepsOf(way), ...fromWhere(way[0]?.from) };
  }
  const longest = longestDown(walk);
  const last = longestOf([...longest.values()].filter(isBeforeClearing));
  const way = last === undefined ? [] : wayOf(longest, last.place);
  return { duration: last?.time ?? 0, steps: stepsOf(way), ...fromWhere(way[0]?.from) };
}

/** Whether a way ends where the last clean-up begins, or would if there were anything to find. */
function isBeforeClearing({
  place,
  by,
}: {
  place: Place;
  by: { from: Place } | undefined;
}): boolean {
  const { state, clearing } = place.situation;
  const cleans = by?.from.situation.clearing != null;
  return (state.phase === 'ended' && !cleans) || clearing !== null;
}

function fromWhere(place: Place | undefined): Pick<Shutdown, 'from' | 'before'> {
  if (place === undefined) return { from: '', before: [] };
  return { from: standingOf(place.situation.state), before: stepsOf(wayTo(place)) };
}

function startIn(walk: Walk, deadEnd: Place | undefined): Way | null {
  if (deadEnd !== undefined) return { duration: Infinity, steps: stepsOf(wayTo(deadEnd)) };
  const longest: Longest = longestUp(walk);
  const up = [...longest.values()].filter(({ place }) => isRunning(place));
  const last = longestOf(up);
  return last === undefined
    ? null
    : { duration: last.time, steps: stepsOf(wayOf(longest, last.place)) };
}

function isRunning({ situation }: Place): boolean {
  return situation.state.phase === 'running';
}

function longer<W extends Way>(ways: readonly W[]): W | undefined {
  const [first, ...others] = ways;
  return others.reduce(
    (longest, way) => (longest !== undefined && way.duration > longest.duration ? way : longest),
    first,
  );
}

/** The shutdown with the last clean-up behind it. */
function cleared(way: Shutdown | undefined, clears: boolean, kill: number): Shutdown {
  const shutdown = way ?? { duration: 0, steps: [], from: '', before: [] };
  if (!clears || shutdown.duration === Infinity) return shutdown;
  const duration = shutdown.duration + kill;
  return {
    ...shutdown,
    duration,
    steps: [...shutdown.steps, { at: duration, ...clearingUp(kill) }],
  };
}

/** The dead ends, each once, those of the start first. */
function unique(deadEnds: readonly DeadEnd[]): readonly DeadEnd[] {
  const byWho = new Map<string, DeadEnd>();
  for (const deadEnd of deadEnds) {
    const key = `${deadEnd.during} ${deadEnd.waitsFor}`;
    if (!byWho.has(key)) byWho.set(key, deadEnd);
  }
  const all = [...byWho.values()];
  return [
    ...all.filter(({ during }) => during === 'start'),
    ...all.filter(({ during }) => during === 'stop'),
  ];
}

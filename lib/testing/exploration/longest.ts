import type { StateEdge, StateNode, StateWalk } from './walk.ts';

/** The longest way to a node. */
export interface Reached {
  readonly node: StateNode;
  /** Its duration in milliseconds. */
  readonly time: number;
  /** The number of its steps; of two ways with the same duration the shorter one is reported. */
  readonly length: number;
  /** Its last step; `undefined` at the beginning. */
  readonly by: StateEdge | undefined;
}

/** The longest ways through a part of a walk, by the nodes that they lead to. */
export type Longest = ReadonlyMap<StateNode, Reached>;

/** The longest ways of the stop: from each edge that begins it. */
export function longestDown({ nodes }: StateWalk): Longest {
  const stops = nodes
    .filter(({ descending }) => !descending)
    .flatMap(({ edges }) => edges.filter(({ to }) => to.descending))
    .map((by) => ({ node: by.to, time: 0, length: by.from.depth + 1, by }));
  return relax(stops, () => true);
}

/** The longest ways of the start: from the beginning until the services' stage is over. */
export function longestUp({ nodes }: StateWalk): Longest {
  const [first] = nodes;
  if (first === undefined) return new Map();
  const begin = { node: first, time: 0, length: 0, by: undefined };
  return relax([begin], ({ from, to }) => !to.descending && !isUp(from));
}

/** Whether the services' stage is over, so that the start is complete. */
export function isUp({ explored }: StateNode): boolean {
  return explored.state.phase === 'running';
}

/** The longest of some ways; `undefined` when there is none. */
export function longestOf<R extends Reached>(ways: Iterable<R>): R | undefined {
  let longest: R | undefined;
  for (const way of ways) if (isLonger(way, longest)) longest = way;
  return longest;
}

/** The edges of the longest way to a node. */
export function wayOf(longest: Longest, end: StateNode): readonly StateEdge[] {
  const way: StateEdge[] = [];
  for (let by = longest.get(end)?.by; by !== undefined;) {
    way.unshift(by);
    by = longest.get(by.from)?.by;
  }
  return way;
}

/** Makes each way longer for as long as possible. A circle takes no time, so this ends. */
function relax(begins: readonly Reached[], goes: (edge: StateEdge) => boolean): Longest {
  const longest = new Map<StateNode, Reached>();
  const queue = new Set<StateNode>();
  const reach = (way: Reached): void => {
    if (!isLonger(way, longest.get(way.node))) return;
    if (way.length > mostSteps) throw new Error('The way down does not come to its end.');
    longest.set(way.node, way);
    queue.add(way.node);
  };
  for (const begin of begins) reach(begin);
  for (const node of queue) {
    queue.delete(node);
    const known = longest.get(node);
    for (const by of known === undefined ? [] : node.edges.filter(goes)) {
      const { time = 0, length = 0 } = known ?? {};
      reach({ node: by.to, time: time + by.took, length: length + 1, by });
    }
  }
  return longest;
}

/** Far more steps than the longest way has. To reach it is a bug in the rules: a circle that takes time. */
const mostSteps = 100_000;

function isLonger(way: Reached, than: Reached | undefined): boolean {
  if (than === undefined) return true;
  return way.time === than.time ? way.length < than.length : way.time > than.time;
}

import type { Action, StepWithoutTime } from './actions.ts';
import { choicesIn, start } from './choices.ts';
import type { ExploredStep } from './findings.ts';
import type { ExplorationSetting } from './exploration-setting.ts';
import { beginning, later, play } from './play-out.ts';
import type { ExploredState } from './explored-state.ts';
import { stateKey } from './explored-state.ts';
import { isDescending } from '../../machine/tree/tree-state.ts';
import type { Tree } from '../../model/tree.ts';

/** Every situation that a tree can reach, and the passages between them. */
export interface StateWalk {
  /** The situations, those with the fewest steps first. */
  readonly places: readonly StateNode[];
  /** Whether these are all situations. */
  readonly complete: boolean;
}

/** A situation on a walk. */
export interface StateNode {
  readonly situation: ExploredState;
  readonly descending: boolean;
  /** The least number of steps that lead here. */
  readonly depth: number;
  /** The last of these steps; `undefined` at the beginning. */
  readonly by: StateEdge | undefined;
  /** What may happen here. */
  readonly passages: readonly StateEdge[];
}

/** A deed that leads from one situation to another. */
export interface StateEdge {
  readonly from: StateNode;
  readonly to: StateNode;
  /** Its duration in milliseconds. */
  readonly took: number;
  readonly says: readonly StepWithoutTime[];
}

/** Visits all situations that a tree can reach, breadth first, up to `mostStates` of them. */
export function walk(tree: Tree, laws: ExplorationSetting, mostStates: number): StateWalk {
  return new Walker(laws, mostStates).run(tree);
}

class Walker {
  readonly #laws: ExplorationSetting;
  readonly #mostStates: number;
  readonly #known = new Map<string, OpenPlace>();
  readonly #places: OpenPlace[] = [];
  #complete = true;

  constructor(laws: ExplorationSetting, mostStates: number) {
    this.#laws = laws;
    this.#mostStates = mostStates;
  }

  run(tree: Tree): StateWalk {
    this.#meet(this.#outcome(start(beginning(tree, this.#laws))), undefined);
    // The list grows during the loop.
    for (const place of this.#places) this.#lookAround(place);
    return { places: this.#places, complete: this.#complete };
  }

  #lookAround(from: OpenPlace): void {
    for (const deed of choicesIn(from.situation, this.#laws)) {
      const passage = { from, took: deed.took, says: deed.says };
      const to = this.#meet(this.#outcome(deed), passage);
      if (to !== undefined && to !== from) from.passages.push({ ...passage, to });
    }
  }

  #outcome({ situation, input, after }: Action): ExploredState {
    return input === null ? later(situation, after) : play(situation, input, this.#laws);
  }

  #meet(situation: ExploredState, by: Omit<StateEdge, 'to'> | undefined): OpenPlace | undefined {
    const key = stateKey(situation);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#places.length >= this.#mostStates) {
      this.#complete = false;
      return undefined;
    }
    const place: OpenPlace = {
      situation,
      descending: isDescending(situation.state),
      depth: by === undefined ? 0 : by.from.depth + 1,
      by: undefined,
      passages: [],
    };
    if (by !== undefined) place.by = { ...by, to: place };
    this.#known.set(key, place);
    this.#places.push(place);
    return place;
  }
}

interface OpenPlace extends StateNode {
  by: StateEdge | undefined;
  readonly passages: StateEdge[];
}

/** A shortest way to a place from the beginning, or from the last place on it of which `isBegin` is true. */
export function wayTo(
  place: StateNode,
  isBegin: (place: StateNode) => boolean = () => false,
): readonly StateEdge[] {
  const way: StateEdge[] = [];
  for (let by = place.by; by !== undefined; by = by.from.by) {
    way.unshift(by);
    if (isBegin(by.from)) break;
  }
  return way;
}

/** The steps of a way, each with its moment since the beginning of the way. */
export function stepsOf(way: readonly StateEdge[]): readonly ExploredStep[] {
  let at = 0;
  return way.flatMap(({ took, says }) => {
    at += took;
    return says.map((said) => ({ at, ...said }));
  });
}

import type { Action, StepWithoutTime } from './actions.ts';
import { choicesIn, start } from './choices.ts';
import type { ExploredStep } from './findings.ts';
import type { ExplorationSetting } from './exploration-setting.ts';
import { beginning, later, play } from './play-out.ts';
import type { ExploredState } from './explored-state.ts';
import { stateKey } from './explored-state.ts';
import { isDescending } from '../../machine/tree/tree-state.ts';
import type { Tree } from '../../model/tree.ts';

/** The graph of the states that a tree can reach. */
export interface StateWalk {
  /** The states, those with the fewest steps first. */
  readonly nodes: readonly StateNode[];
  /** Whether these are all states. */
  readonly complete: boolean;
}

/** A state in the graph. */
export interface StateNode {
  readonly explored: ExploredState;
  readonly descending: boolean;
  /** The least number of steps that lead here. */
  readonly depth: number;
  /** The last of these steps; `undefined` at the beginning. */
  readonly by: StateEdge | undefined;
  /** What may happen here. */
  readonly edges: readonly StateEdge[];
}

/** An action that leads from one state to another. */
export interface StateEdge {
  readonly from: StateNode;
  readonly to: StateNode;
  /** Its duration in milliseconds. */
  readonly took: number;
  readonly steps: readonly StepWithoutTime[];
}

/** Visits all states that a tree can reach, breadth first, up to `mostStates` of them. */
export function walk(tree: Tree, setting: ExplorationSetting, mostStates: number): StateWalk {
  return new Walker(setting, mostStates).run(tree);
}

class Walker {
  readonly #setting: ExplorationSetting;
  readonly #mostStates: number;
  readonly #known = new Map<string, OpenNode>();
  readonly #nodes: OpenNode[] = [];
  #complete = true;

  constructor(setting: ExplorationSetting, mostStates: number) {
    this.#setting = setting;
    this.#mostStates = mostStates;
  }

  run(tree: Tree): StateWalk {
    this.#visit(this.#outcome(start(beginning(tree, this.#setting))), undefined);
    // The list grows during the loop.
    for (const node of this.#nodes) this.#expand(node);
    return { nodes: this.#nodes, complete: this.#complete };
  }

  #expand(from: OpenNode): void {
    for (const action of choicesIn(from.explored, this.#setting)) {
      const edge = { from, took: action.took, steps: action.steps };
      const to = this.#visit(this.#outcome(action), edge);
      if (to !== undefined && to !== from) from.edges.push({ ...edge, to });
    }
  }

  #outcome({ explored, input, after }: Action): ExploredState {
    return input === null ? later(explored, after) : play(explored, input, this.#setting);
  }

  #visit(explored: ExploredState, by: Omit<StateEdge, 'to'> | undefined): OpenNode | undefined {
    const key = stateKey(explored);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#nodes.length >= this.#mostStates) {
      this.#complete = false;
      return undefined;
    }
    const node: OpenNode = {
      explored,
      descending: isDescending(explored.state),
      depth: by === undefined ? 0 : by.from.depth + 1,
      by: undefined,
      edges: [],
    };
    if (by !== undefined) node.by = { ...by, to: node };
    this.#known.set(key, node);
    this.#nodes.push(node);
    return node;
  }
}

interface OpenNode extends StateNode {
  by: StateEdge | undefined;
  readonly edges: StateEdge[];
}

/** A shortest way to a node from the beginning, or from the last node on it of which `isBegin` is true. */
export function wayTo(
  node: StateNode,
  isBegin: (node: StateNode) => boolean = () => false,
): readonly StateEdge[] {
  const way: StateEdge[] = [];
  for (let by = node.by; by !== undefined; by = by.from.by) {
    way.unshift(by);
    if (isBegin(by.from)) break;
  }
  return way;
}

/** The steps of a way, each with its moment since the beginning of the way. */
export function stepsOf(way: readonly StateEdge[]): readonly ExploredStep[] {
  let at = 0;
  return way.flatMap(({ took, steps }) => {
    at += took;
    return steps.map((step) => ({ at, ...step }));
  });
}

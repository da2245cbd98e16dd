import type { ExplorationSetting } from './exploration-setting.ts';
import { flawOf } from './exploration-setting.ts';
import type { ExploredState, Sweep } from './explored-state.ts';
import { normalized } from './explored-state.ts';
import type { Effect, Owner, MachineInput, TreeState } from '../../machine/tree/tree-state.ts';
import { newTree, treeStep } from '../../machine/tree/tree-step.ts';
import type { Tree } from '../../model/tree.ts';

/** The state of a tree before any input. */
export function beginning(tree: Tree, { options }: ExplorationSetting): ExploredState {
  const state = normalized(newTree(tree, { options, now: 0 }), 0);
  return { state, leftovers: [], scriptRan: false, sweeps: [], clearing: null };
}

/**
 * The state that follows from an input. Includes the immediate reactions of the world: a process that receives KILL exits, a
 * preparation or a reread is done, and a sweep without a process to end is over.
 */
export function play(
  explored: ExploredState,
  input: MachineInput,
  setting: ExplorationSetting,
): ExploredState {
  return new World(explored, setting).run(input);
}

/** The same state after `passed` milliseconds in which nothing happens. */
export function later(explored: ExploredState, passed: number): ExploredState {
  const { state, sweeps, clearing } = explored;
  return {
    ...explored,
    state: normalized(state, passed),
    sweeps: sweeps.map(({ service, left }) => ({ service, left: left - passed })),
    clearing: clearing === null ? null : clearing - passed,
  };
}

/** Processes one input, and every input that follows from it immediately. */
class World {
  #state: TreeState;
  readonly #setting: ExplorationSetting;
  readonly #leftovers: Set<string>;
  #scriptRan: boolean;
  #sweeps: readonly Sweep[];
  #clearing: number | null;
  readonly #inbox: MachineInput[] = [];

  constructor(
    { state, leftovers, scriptRan, sweeps, clearing }: ExploredState,
    setting: ExplorationSetting,
  ) {
    this.#state = state;
    this.#setting = setting;
    this.#leftovers = new Set(leftovers);
    this.#scriptRan = scriptRan;
    this.#sweeps = sweeps;
    this.#clearing = clearing;
  }

  run(input: MachineInput): ExploredState {
    this.#inbox.push(input);
    if (input.type === 'deadline') this.#inbox.push(...this.#overdue());
    for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) {
      this.#take(next);
    }
    return {
      state: normalized(this.#state, 0),
      leftovers: [...this.#leftovers].toSorted(),
      scriptRan: this.#scriptRan,
      sweeps: this.#sweeps,
      clearing: this.#state.phase === 'ended' ? null : this.#clearing,
    };
  }

  /** The inputs that are due now. */
  #overdue(): readonly MachineInput[] {
    const swept = this.#sweeps.filter(({ left }) => left <= 0);
    this.#sweeps = this.#sweeps.filter(({ left }) => left > 0);
    const cleared = this.#clearing !== null && this.#clearing <= 0;
    return [
      ...swept.map(({ service }): MachineInput => ({ type: 'swept', service })),
      ...(cleared ? [{ type: 'cleared', problems: [] } as const] : []),
    ];
  }

  #take(input: MachineInput): void {
    if (input.type === 'script' && input.input.type === 'spawned') this.#scriptRan = true;
    if (input.type === 'service' && input.input.type === 'spawned') {
      this.#leftovers.add(input.service);
    }
    const { options } = this.#setting;
    const step = treeStep(this.#state, input, { options, now: 0 });
    this.#state = step.state;
    for (const effect of step.effects) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'spawn':
        if (effect.role === 'finish') this.#beginFinish(effect);
        return;
      case 'kill':
        if (effect.signal === 'SIGKILL') this.#inbox.push(endOf(effect.owner));
        return;
      case 'sweep':
        if (effect.what === 'writers') this.#inbox.push({ type: 'swept', service: effect.service });
        else this.#sweep(effect.service, effect.grace);
        return;
      case 'copyRoot':
        this.#inbox.push({ type: 'copied', tree: this.#state.tree, problems: [] });
        return;
      case 'prepare':
        this.#inbox.push({ type: 'prepared', problems: [] });
        return;
      case 'reread':
        this.#inbox.push({ type: 'reread', tree: this.#state.tree, problems: [] });
        return;
      case 'clear':
        this.#clear(effect.grace);
        return;
      case 'closePipe':
      case 'openLog':
      case 'recordExitCode':
      case 'shorten':
    }
  }

  /** The spawn of a finish script causes no input, so the script counts as spawned at once. */
  #beginFinish({ owner, command }: Extract<Effect, { type: 'spawn' }>): void {
    const runs = flawOf(this.#setting, command.program) === undefined;
    if ('service' in owner && runs) this.#leftovers.add(owner.service);
  }

  #sweep(service: string, grace: number): void {
    const finds = this.#leftovers.delete(service);
    if (finds && grace > 0) this.#sweeps = [...this.#sweeps, { service, left: grace }];
    else this.#inbox.push({ type: 'swept', service });
  }

  #clear(grace: number): void {
    const finds = this.#leftovers.size > 0 || this.#scriptRan;
    if (finds && grace > 0) this.#clearing = grace;
    else this.#inbox.push({ type: 'cleared', problems: [] });
  }
}

/** The exit of a process that received KILL. */
function endOf(owner: Owner): MachineInput {
  const input = { type: 'exited', exit: { code: null, signal: 'SIGKILL' } } as const;
  return 'service' in owner
    ? { type: 'service', service: owner.service, input }
    : { type: 'script', stage: owner.stage, input };
}

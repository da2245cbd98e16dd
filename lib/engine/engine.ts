/*
 * The engine: takes inputs in turn, lets the pure core say what becomes of each, does what it asks for, arms one timer
 * for the nearest deadline, and then, and only then, tells the listeners.
 *
 * A listener therefore always finds a finished step, and whatever it asks for comes after it.
 */
import { tearDown } from './teardown.ts';
import type { Clock } from './clock.ts';
import type { Leftovers } from './leftovers.ts';
import { keyOf, LeftoverSweeps } from './leftovers.ts';
import type { Child, ChildListener, Spawner } from './spawner.ts';
import type { TreeReading, World } from './world.ts';
import { servicesToReread } from '../machine/tree/control-file-use.ts';
import type {
  Effect,
  KilledLeftover,
  Owner,
  MachineInput,
  TreeState,
} from '../machine/tree/tree-state.ts';
import type { TreeOptions } from '../machine/tree/tree-options.ts';
import { newTree, nextDeadline, treeStep } from '../machine/tree/tree-step.ts';
import type { Change, LifecycleEvent } from '../model/event.ts';
import type { Tree } from '../model/tree.ts';
import { serviceIn } from '../model/tree.ts';

/** What an engine is made of. */
export interface EngineParts {
  readonly clock: Clock;
  readonly spawner: Spawner;
  readonly world: World;
  readonly options: TreeOptions;
  /** Told of every event, in order, after the step that it comes from. */
  readonly publish: (event: LifecycleEvent) => void;
  /** Called after each step, when its events have been told. */
  readonly stepped: () => void;
}

/** The one place where the state of a supervisor lives and where effects are performed. */
export class Engine {
  #state: TreeState;
  readonly #parts: EngineParts;
  readonly #inbox: (() => void)[] = [];
  #pumping = false;
  #sequence = 0;
  #latest = 0;
  #alarm: { readonly at: number; readonly cancel: () => void } | undefined;
  /** The living child of each owner; an owner has one at most. */
  readonly #children = new Map<string, Child>();
  readonly #remains = new LeftoverSweeps();

  constructor(tree: Tree, parts: EngineParts) {
    this.#parts = parts;
    this.#state = newTree(tree, { options: parts.options, now: this.#now() });
  }

  get state(): TreeState {
    return this.#state;
  }

  /** Takes an input: at once, or after those that are already waiting. */
  input(input: MachineInput): void {
    this.#inTurn(() => {
      this.#take(input);
    });
  }

  #inTurn(act: () => void): void {
    this.#inbox.push(act);
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) next();
    } finally {
      this.#pumping = false;
    }
  }

  #take(input: MachineInput): void {
    const now = this.#now();
    for (const service of servicesToReread(this.#state, input, now)) this.#lookAgain(service, now);
    this.#step(input, now);
  }

  /** The control files of a service may have changed since they were read, and the step that follows goes by them. */
  #lookAgain(service: string, now: number): void {
    const { tree } = this.#state;
    const known = serviceIn(tree, service);
    if (tree.root === undefined || known === undefined) return;
    const look = this.#parts.world.rereadService?.(tree.root, known);
    if (look !== undefined) this.#step({ type: 'specChanged', ...look }, now);
  }

  #step(input: MachineInput, now: number): void {
    const { options } = this.#parts;
    const { state, effects, changes } = treeStep(this.#state, input, { options, now });
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
    this.#arm();
    for (const change of changes) this.#publish(change, now);
    this.#parts.stepped();
  }

  #now(): number {
    this.#latest = Math.max(this.#latest, this.#parts.clock.now());
    return this.#latest;
  }

  #publish(change: Change, at: number): void {
    this.#sequence += 1;
    this.#parts.publish({ at, sequence: this.#sequence, ...change });
  }

  #arm(): void {
    const at = nextDeadline(this.#state);
    if (this.#alarm?.at === at) return;
    this.#alarm?.cancel();
    this.#alarm = undefined;
    if (at === null) return;
    const wake = (): void => {
      this.#alarm = undefined;
      this.#parts.spawner.reportExits?.();
      this.input({ type: 'deadline' });
    };
    this.#alarm = { at, cancel: this.#parts.clock.at(at, wake) };
  }

  #perform(effect: Effect): void {
    const { spawner, world } = this.#parts;
    switch (effect.type) {
      case 'spawn':
        this.#spawn(effect);
        return;
      case 'kill':
        this.#children.get(keyOf(effect.owner))?.kill(effect.signal, effect.scope);
        return;
      case 'closePipe':
        spawner.closePipe(effect.pipe);
        return;
      case 'openLog':
        for (const problem of world.openLog?.(effect.directory) ?? []) {
          this.input({ type: 'problem', problem });
        }
        return;
      case 'sweep':
        this.#remains.sweep(this.#litterOf(effect), effect.grace, (killed) => {
          this.input({ type: 'swept', service: effect.service, killed });
        });
        return;
      case 'shorten':
        return this.#remains.shorten(effect.grace);
      case 'copyRoot':
      case 'prepare':
      case 'reread':
        void this.#ask(effect).then((answer) => {
          this.input(answer);
        });
        return;
      case 'clear':
        void tearDown({ ...this.#parts, root: this.#state.tree.root }, effect.grace, (done) => {
          this.#sweepAll(effect.grace, done);
        }).then((outcome) => {
          this.input({ type: 'cleared', ...outcome });
        });
    }
  }

  async #ask(effect: Question): Promise<MachineInput> {
    const { world } = this.#parts;
    switch (effect.type) {
      case 'copyRoot': {
        const stays: TreeReading = { tree: this.#state.tree, problems: [] };
        return { type: 'copied', ...((await world.copyRoot?.(effect.root)) ?? stays) };
      }
      case 'prepare':
        return { type: 'prepared', problems: await world.prepare(effect.rules) };
      case 'reread':
        return { type: 'reread', ...(await world.reread(effect.root)) };
    }
  }

  #spawn({ owner, command }: Extract<Effect, { type: 'spawn' }>): void {
    const key = keyOf(owner);
    const life = { over: false };
    const tell = (input: ProcessInput): void => {
      if (life.over) return;
      life.over = input.type === 'unspawnable' || input.type === 'exited';
      if (life.over) this.#children.delete(key);
      if ('service' in owner) this.input({ type: 'service', service: owner.service, input });
      else if (input.type !== 'announced')
        this.input({ type: 'script', stage: owner.stage, input });
    };
    const listener: ChildListener = {
      spawned: (pid) => {
        const leftBehind = 'service' in owner && this.#remains.lingerOf(owner);
        tell({ type: 'spawned', pid, ...(leftBehind && { leftBehind }) });
      },
      unspawnable: ({ code, message }) => {
        tell({ type: 'unspawnable', code, message });
      },
      announced: () => {
        tell({ type: 'announced' });
      },
      printed: (stream, line) => {
        this.#inTurn(() => {
          this.#publish(outputOf(command.name, owner, stream, line), this.#now());
        });
      },
      exited: (exit, leftBehind) => {
        const child = this.#children.get(key);
        if (leftBehind && child !== undefined) this.#remains.keep(owner, child);
        tell({ type: 'exited', exit });
      },
    };
    const child = this.#parts.spawner.spawn(command, listener);
    if (!life.over) this.#children.set(key, child);
  }

  #sweepAll(grace: number, done: (killed: readonly KilledLeftover[]) => void): void {
    this.#remains.sweep([...this.#remains.take(), this.#runaways()], grace, done);
  }

  #litterOf({ service, what }: Extract<Effect, { type: 'sweep' }>): readonly Leftovers[] {
    if (what === 'writers') return [this.#runaways(service)];
    if (what === 'everything') return [...this.#remains.take(), this.#runaways()];
    return this.#remains.take({ service });
  }

  /** Whoever has run away; those who write into the log pipe of a service are still its own. */
  #runaways(service?: string): Leftovers {
    return {
      owner: service === undefined ? null : { service },
      sweep: (grace, done) => {
        const { spawner } = this.#parts;
        if (spawner.sweep === undefined) done([]);
        else spawner.sweep(grace, done, service);
      },
    };
  }
}

/** Written out, since objects that are spread cost several times as much, and a flood is made of millions of them. */
function outputOf(source: string, owner: Owner, stream: 'stdout' | 'stderr', line: string): Change {
  const cause = 'printed';
  return 'stage' in owner
    ? { type: 'output', source, stage: owner.stage, stream, line, cause }
    : { type: 'output', source, stream, line, cause };
}

/** What the world takes its time for. */
type Question = Extract<Effect, { type: 'copyRoot' | 'prepare' | 'reread' }>;

type ProcessInput = Extract<
  Extract<MachineInput, { type: 'service' }>['input'],
  { type: 'spawned' | 'unspawnable' | 'announced' | 'exited' }
>;

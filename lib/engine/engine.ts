/*
 * The engine takes inputs one after the other, passes each to the pure core, performs the effects that the core returns,
 * arms one timer for the nearest deadline, and only then publishes the events.
 *
 * So a listener always sees a finished step, and whatever it requests is handled after that step.
 */
import { tearDown } from './teardown.ts';
import type { Clock } from './clock.ts';
import { timeOfDay } from './clock.ts';
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
import type { Problem } from '../model/problem.ts';
import type { Tree } from '../model/tree.ts';
import { serviceIn } from '../model/tree.ts';

/** The parts that an engine is built from. */
export interface EngineParts {
  readonly clock: Clock;
  readonly spawner: Spawner;
  readonly world: World;
  readonly options: TreeOptions;
  /** Called with every event, in order, after the step that it comes from. */
  readonly publish: (event: LifecycleEvent) => void;
  /** Called after each step, when its events have been published. */
  readonly stepped: () => void;
}

/** The only place where the state of a supervisor lives and where effects are performed. */
export class Engine {
  #state: TreeState;
  readonly #parts: EngineParts;
  readonly #queue: (() => void)[] = [];
  #isHandling = false;
  #sequence = 0;
  #latest = 0;
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;
  /** The living child of each owner; an owner has at most one. */
  readonly #children = new Map<string, Child>();
  readonly #leftovers = new LeftoverSweeps();

  constructor(tree: Tree, parts: EngineParts) {
    this.#parts = parts;
    this.#state = newTree(tree, { options: parts.options, now: this.#now() });
  }

  get state(): TreeState {
    return this.#state;
  }

  /** Handles an input: at once, or after those that are already queued. */
  input(input: MachineInput): void {
    this.#inTurn(() => {
      this.#take(input);
    });
  }

  #inTurn(act: () => void): void {
    this.#queue.push(act);
    if (this.#isHandling) return;
    this.#isHandling = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) next();
    } finally {
      this.#isHandling = false;
    }
  }

  #take(input: MachineInput): void {
    const now = this.#now();
    for (const service of servicesToReread(this.#state, input, now)) this.#reread(service, now);
    this.#step(input, now);
  }

  /** The control files of a service may have changed since they were read, and the next step uses them. */
  #reread(service: string, now: number): void {
    const { tree } = this.#state;
    const known = serviceIn(tree, service);
    if (tree.root === undefined || known === undefined) return;
    const reading = this.#parts.world.rereadService?.(tree.root, known);
    if (reading !== undefined) this.#step({ type: 'specChanged', ...reading }, now);
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

  #publish(change: Change, moment: number): void {
    const at = timeOfDay(this.#parts.clock, moment);
    this.#sequence += 1;
    this.#parts.publish({ at, sequence: this.#sequence, ...change });
  }

  #arm(): void {
    const at = nextDeadline(this.#state);
    if (this.#timer?.at === at) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (at === null) return;
    const wake = (): void => {
      this.#timer = undefined;
      this.#parts.spawner.reportExits?.();
      this.input({ type: 'deadline' });
    };
    this.#timer = { at, cancel: this.#parts.clock.at(at, wake) };
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
        return this.#report(world.openLog?.(effect.directory));
      case 'recordExitCode':
        return this.#report(world.recordExitCode?.(effect.exitCode, effect.replaces));
      case 'sweep':
        this.#leftovers.sweep(this.#leftoversOf(effect), effect.grace, (killed) => {
          this.input({ type: 'swept', service: effect.service, killed });
        });
        return;
      case 'shorten':
        return this.#leftovers.shorten(effect.grace);
      case 'copyRoot':
      case 'prepare':
      case 'reread':
        void this.#askWorld(effect).then((input) => {
          this.input(input);
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

  #report(problems: readonly Problem[] = []): void {
    for (const problem of problems) this.input({ type: 'problem', problem });
  }

  async #askWorld(effect: WorldEffect): Promise<MachineInput> {
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
    const status = { ended: false };
    const report = (input: ProcessInput): void => {
      if (status.ended) return;
      status.ended = input.type === 'unspawnable' || input.type === 'exited';
      if (status.ended) this.#children.delete(key);
      if ('service' in owner) this.input({ type: 'service', service: owner.service, input });
      else if (input.type !== 'announced')
        this.input({ type: 'script', stage: owner.stage, input });
    };
    const listener: ChildListener = {
      spawned: (pid) => {
        const leftBehind = 'service' in owner && this.#leftovers.hasLivingLeftovers(owner);
        report({ type: 'spawned', pid, ...(leftBehind && { leftBehind }) });
      },
      unspawnable: ({ code, message }) => {
        report({ type: 'unspawnable', code, message });
      },
      announced: () => {
        report({ type: 'announced' });
      },
      printed: (stream, line) => {
        this.#inTurn(() => {
          this.#publish(outputOf(command.name, owner, stream, line), this.#now());
        });
      },
      exited: (exit, leftBehind) => {
        const child = this.#children.get(key);
        if (leftBehind && child !== undefined) this.#leftovers.keep(owner, child);
        report({ type: 'exited', exit });
      },
    };
    const child = this.#parts.spawner.spawn(command, listener);
    if (!status.ended) this.#children.set(key, child);
  }

  #sweepAll(grace: number, done: (killed: readonly KilledLeftover[]) => void): void {
    this.#leftovers.sweep([...this.#leftovers.take(), this.#daemonized()], grace, done);
  }

  #leftoversOf({ service, what }: Extract<Effect, { type: 'sweep' }>): readonly Leftovers[] {
    if (what === 'writers') return [this.#daemonized(service)];
    if (what === 'everything') return [...this.#leftovers.take(), this.#daemonized()];
    return this.#leftovers.take({ service });
  }

  /** The daemonized processes; with `service`, those that write into its log pipe, which still count as its own. */
  #daemonized(service?: string): Leftovers {
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

/** Without spread, which costs several times as much: a flood of output makes millions of these objects. */
function outputOf(source: string, owner: Owner, stream: 'stdout' | 'stderr', line: string): Change {
  const cause = 'printed';
  return 'stage' in owner
    ? { type: 'output', source, stage: owner.stage, stream, line, cause }
    : { type: 'output', source, stream, line, cause };
}

/** The effects that the world performs asynchronously. */
type WorldEffect = Extract<Effect, { type: 'copyRoot' | 'prepare' | 'reread' }>;

type ProcessInput = Extract<
  Extract<MachineInput, { type: 'service' }>['input'],
  { type: 'spawned' | 'unspawnable' | 'announced' | 'exited' }
>;

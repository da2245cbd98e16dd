import type { Behaviour } from './behaviour.ts';
import { requireBehaviour, unspawnable } from './behaviour.ts';
import { FakeChild } from './fake-child.ts';
import { FakePipes } from './fake-pipes.ts';
import type { SpawnerRequest } from './spawner-request.ts';
import { scriptNames } from '../observation/tree-names.ts';
import type { Leftover } from '../../model/leftover.ts';
import { didYouMean, nearest } from '../../model/nearest.ts';
import type { Command } from '../../model/program.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Child, ChildListener, Spawner } from '../../engine/spawner.ts';
import type { SpawnFailure } from '../../model/spawn-failure.ts';

/** The pid of the first fake child. */
const firstPid = 1001;

/** The options of a fake spawner. */
export interface FakeSpawnerOptions {
  /** Called with every request to the spawner and its children, before it takes effect. Default: a function that does nothing. */
  readonly heard?: (request: SpawnerRequest) => void;
}

/** What a fake spawner knows of the tree of its children. */
export interface SpawnedTree {
  /** Why a command could not be run with real processes; `undefined` when it could. Default: every command can be run. */
  readonly failureOf?: (command: Command) => SpawnFailure | undefined;
  /** The names that children can have. Default: none is known. */
  readonly names?: () => readonly string[];
  /** Throws when no child can have this name. Default: a function that does nothing. */
  readonly requireName?: (name: string) => void;
}

/**
 * A spawner without processes. A child follows the behaviour that `script()` gives it, then the calls of the test, and otherwise
 * behaves naturally: a script exits with code 0 at once; a service and the host's command stay up; a stop signal ends a child, KILL
 * always does; a logger exits at the end of its pipe.
 *
 * The name of a child is `web`, `web/finish`, `web/log`, or a script's file name, with its folder where both stages have a script
 * of that name: `cont-finish.d/10-db`.
 */
export class FakeSpawner implements Spawner {
  readonly #clock: Clock;
  readonly #onRequest: (request: SpawnerRequest) => void;
  readonly #children: FakeChild[] = [];
  readonly #behaviours = new Map<string, readonly Behaviour[]>();
  readonly #spawns = new Map<string, number>();
  readonly #pipes = new FakePipes();
  readonly #tree: SpawnedTree;
  #isClosed = false;

  /** @param clock - The clock of the children: that of the supervisor. */
  constructor(clock: Clock, options?: FakeSpawnerOptions);
  /** @internal */
  constructor(clock: Clock, options: FakeSpawnerOptions, tree: SpawnedTree);
  constructor(
    clock: Clock,
    { heard = () => undefined }: FakeSpawnerOptions = {},
    tree: SpawnedTree = {},
  ) {
    this.#clock = clock;
    this.#onRequest = heard;
    this.#tree = tree;
  }

  /** Every child that was ever requested, in order. */
  get children(): readonly FakeChild[] {
    return this.#children;
  }

  /** The names of all children that were ever requested, in order. */
  get spawned(): readonly string[] {
    return this.#children.map((child) => child.name);
  }

  /** The names of the children that are alive. */
  get alive(): readonly string[] {
    return this.#children.filter((child) => child.alive).map((child) => child.name);
  }

  /** What `JSON.stringify(spawner)` writes: every child. */
  toJSON(): Pick<FakeSpawner, 'children'> {
    return { children: this.#children };
  }

  /** The living children: what `console.log(spawner)` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `FakeSpawner (alive: ${this.alive.join(', ') || 'none'})`;
  }

  /**
   * Returns the living child of this name.
   *
   * @throws Error when none is alive; the message has the nearest name and the names of the living children.
   */
  child(name: string): FakeChild {
    const child = this.#children.findLast(
      (one) => one.alive && namesOf(one.command).includes(name),
    );
    if (child !== undefined) return child;
    const alive = this.alive.join(', ');
    throw new Error(
      `No child '${name}' is alive.${this.#hint(name)} Alive: ${alive === '' ? 'none' : alive}.`,
    );
  }

  /**
   * Sets the behaviour of the children of this name: one behaviour for each spawn; the last one repeats.
   *
   * @throws OptionsError when the tree of a simulation has no such name, now or in `addedLater`; the message has the nearest one.
   * A spawner that was made without a tree takes any name.
   * @throws TypeError when a behaviour has an unknown field, or a signal or an exit that no process has.
   */
  script(name: string, behaviours: Behaviour | readonly Behaviour[]): this {
    const list = Array.isArray(behaviours)
      ? (behaviours as readonly Behaviour[])
      : [behaviours as Behaviour];
    list.forEach(requireBehaviour);
    if (!this.#spawnedNames.includes(name)) this.#tree.requireName?.(name);
    this.#behaviours.set(name, list);
    this.#spawns.delete(name);
    return this;
  }

  spawn(command: Command, listener: ChildListener): Child {
    this.#onRequest({ type: 'spawn', command });
    const child: FakeChild = new FakeChild(command, listener, {
      pid: firstPid + this.#children.length,
      behaviour: this.#isClosed ? unspawnable('ECANCELED') : this.#next(command),
      failure: this.#tree.failureOf?.(command),
      clock: this.#clock,
      onRequest: this.#onRequest,
      begunLate: () => {
        this.#pipes.connect(child);
      },
      ended: () => {
        this.#pipes.ended(child);
      },
    });
    this.#children.push(child);
    child.begin();
    this.#pipes.connect(child);
    return child;
  }

  closePipe(pipe: string): void {
    this.#onRequest({ type: 'closePipe', pipe });
    this.#pipes.release(pipe);
  }

  /** Ends at once: fake children never daemonize. */
  sweep(grace: number, done: (killed: readonly Leftover[]) => void, pipe?: string): void {
    this.#onRequest({ type: 'sweepRunaways', grace, ...(pipe !== undefined && { pipe }) });
    done([]);
  }

  close(): Promise<void> {
    this.#onRequest({ type: 'close' });
    this.#isClosed = true;
    return Promise.resolve();
  }

  #next(command: Command): Behaviour {
    const name = namesOf(command).find((one) => this.#behaviours.has(one));
    if (name === undefined) return {};
    const behaviours = this.#behaviours.get(name) ?? [];
    const times = this.#spawns.get(name) ?? 0;
    this.#spawns.set(name, times + 1);
    return behaviours[Math.min(times, behaviours.length - 1)] ?? {};
  }

  #hint(name: string): string {
    const spawned = this.#spawnedNames;
    if (spawned.includes(name)) return ' It was spawned before.';
    const names = this.#tree.names?.() ?? [];
    if (names.includes(name)) return ' It has not been spawned yet.';
    const near = nearest(name, [...new Set([...spawned, ...names])]);
    return didYouMean(near);
  }

  /** Every name that a child had so far. */
  get #spawnedNames(): readonly string[] {
    return this.#children.flatMap(({ command }) => namesOf(command));
  }
}

/** The names of a child, the most precise one first. */
function namesOf({ name, program, calledBy }: Command): readonly string[] {
  return calledBy === 'path' ? scriptNames(name, program) : [name];
}

import { basename, dirname } from 'node:path';
import type { Behaviour } from './behaviour.ts';
import { unspawnable } from './behaviour.ts';
import { FakeChild } from './fake-child.ts';
import { FakePipes } from './fake-pipes.ts';
import type { SpawnerRequest } from './spawner-request.ts';
import type { Leftover } from '../model/leftover.ts';
import { nearest } from '../model/nearest.ts';
import type { Command } from '../model/program.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Child, ChildListener, Spawner } from '../runtime/spawner.ts';

/** The first pid that a fake child gets. */
const firstPid = 1001;

/** What a fake spawner can be told at its beginning. */
export interface FakeSpawnerOptions {
  /** Told of everything that the spawner and its children are asked for, at that moment, before it is done. Default: nobody is. */
  readonly heard?: (request: SpawnerRequest) => void;
}

/**
 * A spawner without processes: its children do what they were told in advance, what the test tells them, or what is most
 * natural. Scripts exit with 0 at once; services and the host's command stay up; a stop signal ends them, KILL always
 * does; a logger ends at the end of its pipe.
 *
 * Children go by their names: `web`, `web/finish`, `web/log`, or a script's file name, with its folder where both stages have
 * one of that name: `cont-finish.d/10-db`.
 */
export class FakeSpawner implements Spawner {
  readonly #clock: Clock;
  readonly #heard: (request: SpawnerRequest) => void;
  readonly #children: FakeChild[] = [];
  readonly #behaviours = new Map<string, readonly Behaviour[]>();
  readonly #spawns = new Map<string, number>();
  readonly #pipes = new FakePipes();
  #isClosed = false;

  /** @param clock - The time in which the children live: the supervisor's. */
  constructor(clock: Clock, { heard = () => undefined }: FakeSpawnerOptions = {}) {
    this.#clock = clock;
    this.#heard = heard;
  }

  /** Every child that was ever asked for, in order. */
  get children(): readonly FakeChild[] {
    return this.#children;
  }

  /** The names of all children that were ever asked for, in order. */
  get spawned(): readonly string[] {
    return this.#children.map((child) => child.name);
  }

  /** The names of the children that are alive. */
  get alive(): readonly string[] {
    return this.#children.filter((child) => child.alive).map((child) => child.name);
  }

  /**
   * The living child of this name.
   *
   * @throws Error when none is alive, with the nearest name and those who are.
   */
  child(name: string): FakeChild {
    const child = this.#children.findLast(
      (one) => one.alive && namesOf(one.command).includes(name),
    );
    if (child !== undefined) return child;
    const alive = this.alive.join(', ');
    throw new Error(
      `No child '${name}' is alive.${this.#hint(name)} Alive: ${alive === '' ? 'nobody' : alive}.`,
    );
  }

  /** Says in advance what the children of this name do: one behaviour for each time that it is spawned, the last one repeating. */
  script(name: string, behaviours: Behaviour | readonly Behaviour[]): this {
    const list = Array.isArray(behaviours)
      ? (behaviours as readonly Behaviour[])
      : [behaviours as Behaviour];
    this.#behaviours.set(name, list);
    this.#spawns.delete(name);
    return this;
  }

  spawn(command: Command, listener: ChildListener): Child {
    this.#heard({ type: 'spawn', command });
    const child: FakeChild = new FakeChild(command, listener, {
      pid: firstPid + this.#children.length,
      behaviour: this.#isClosed ? unspawnable('ECANCELED') : this.#next(command),
      clock: this.#clock,
      heard: this.#heard,
      begunLate: () => {
        this.#pipes.plug(child);
      },
      ended: () => {
        this.#pipes.ended(child);
      },
    });
    this.#children.push(child);
    child.begin();
    this.#pipes.plug(child);
    return child;
  }

  closePipe(pipe: string): void {
    this.#heard({ type: 'closePipe', pipe });
    this.#pipes.release(pipe);
  }

  /** Nobody ever runs away. */
  sweep(grace: number, done: (killed: readonly Leftover[]) => void, pipe?: string): void {
    this.#heard({ type: 'sweepRunaways', grace, ...(pipe !== undefined && { pipe }) });
    done([]);
  }

  close(): Promise<void> {
    this.#heard({ type: 'close' });
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
    const known = this.#children.flatMap(({ command }) => namesOf(command));
    if (known.includes(name)) return ' It was spawned before.';
    const near = nearest(name, [...new Set(known)]);
    return near === undefined ? '' : ` Did you mean '${near}'?`;
  }
}

/** What a child is called, the most precise name first. */
function namesOf({ name, program, calledBy }: Command): readonly string[] {
  if (calledBy !== 'path' || !('script' in program)) return [name];
  return [`${basename(dirname(program.script))}/${name}`, name];
}

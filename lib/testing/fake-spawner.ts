import type { Behaviour } from './behaviour.ts';
import { FakeChild } from './fake-child.ts';
import type { Command } from '../model/program.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Child, ChildListener, Spawner } from '../runtime/spawner.ts';

/** The first pid that a fake child gets. */
const firstPid = 1001;

/**
 * A spawner without processes: its children do what they were told in advance, what the test tells them, or what is most
 * natural. Scripts exit with 0 at once; services and the host's command stay up; a stop signal ends them, KILL always
 * does; a logger ends at the end of its pipe.
 */
export class FakeSpawner implements Spawner {
  readonly #clock: Clock;
  readonly #children: FakeChild[] = [];
  readonly #behaviours = new Map<string, readonly Behaviour[]>();
  readonly #spawns = new Map<string, number>();
  readonly #closedPipes = new Set<string>();

  /** @param clock - The time in which the children live: the supervisor's. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Every child that was ever asked for, in order. */
  get children(): readonly FakeChild[] {
    return this.#children;
  }

  /** The names of the children that are alive. */
  get alive(): readonly string[] {
    return this.#children.filter((child) => child.alive).map((child) => child.name);
  }

  /**
   * The living child of this name: `web`, `web/finish`, `web/log`, or a script's file name.
   *
   * @throws Error when none is alive.
   */
  child(name: string): FakeChild {
    const child = this.#children.findLast((one) => one.name === name && one.alive);
    if (child !== undefined) return child;
    const alive = this.alive.join(', ');
    throw new Error(`No child '${name}' is alive. Alive: ${alive === '' ? 'nobody' : alive}.`);
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
    const behaviour = this.#next(command.name);
    const pid = firstPid + this.#children.length;
    const child = new FakeChild(command, pid, listener, behaviour, this.#clock);
    this.#children.push(child);
    if (typeof command.stdout === 'object') this.#closedPipes.delete(command.stdout.pipe);
    child.begin();
    if (this.#readsToTheEnd(child)) child.meetEndOfFile();
    return child;
  }

  closePipe(pipe: string): void {
    this.#closedPipes.add(pipe);
    for (const child of this.#children) {
      if (child.alive && this.#readsToTheEnd(child)) child.meetEndOfFile();
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #next(name: string): Behaviour {
    const behaviours = this.#behaviours.get(name) ?? [];
    const times = this.#spawns.get(name) ?? 0;
    this.#spawns.set(name, times + 1);
    return behaviours[Math.min(times, behaviours.length - 1)] ?? {};
  }

  #readsToTheEnd({ command: { stdin } }: FakeChild): boolean {
    return typeof stdin === 'object' && this.#closedPipes.has(stdin.pipe);
  }
}

import assert from 'node:assert/strict';
import type { Command } from '../../lib/model/program.ts';
import type { Leftover } from '../../lib/model/leftover.ts';
import { loggerName, producerOf } from '../../lib/model/tree.ts';
import type { Child, ChildListener, Spawner } from '../../lib/engine/spawner.ts';
import type { FakeSpawner } from '../../lib/testing/simulation/fake-spawner.ts';
import type { VirtualClock } from '../../lib/testing/time/virtual-clock.ts';

/** What the spawner needs to know of the supervisor to check its requests. */
export interface Watch {
  /** Records a check that fails, without interrupting the engine. */
  judge(check: () => void): void;
  /** Whether the current spec of a service has a finish script. */
  hasFinish(service: string): boolean;
  /** Whether a service may run now: it is in the tree, and its stage has started or it was started by command. */
  mayRun(service: string): boolean;
  /** Whether a logger was signalled or stopped by name, or has left the tree without its producer. */
  mayEnd(logger: string): boolean;
}

/** The state of a service's processes: none, run, finish must come next, finish. */
type Turn = 'none' | 'run' | 'finish is due' | 'finish';

/** What a dead process has left behind. */
interface Remains {
  live: boolean;
}

/**
 * A spawner with delays, the processes of which may leave others behind. It fails the test on a request that must never happen: two
 * processes of one service, a finish too few or too many, a logger that ends before its producer.
 */
export class WatchedSpawner implements Spawner {
  /** The living leftovers of dead processes, by service. */
  readonly leftovers: string[] = [];
  readonly #fakes: FakeSpawner;
  readonly #clock: VirtualClock;
  readonly #habits: { readonly delay: number; readonly leaves: boolean };
  readonly #watch: Watch;
  readonly #turns = new Map<string, Turn>();
  readonly #released = new Set<string>();
  /** The loggers that may be signalled. */
  readonly #asked = new Set<string>();

  constructor(
    fakes: FakeSpawner,
    clock: VirtualClock,
    habits: { readonly delay: number; readonly leaves: boolean },
    watch: Watch,
  ) {
    this.#fakes = fakes;
    this.#clock = clock;
    this.#habits = habits;
    this.#watch = watch;
  }

  spawn(command: Command, listener: ChildListener): Child {
    this.#watch.judge(() => {
      this.#expectTurn(command);
    });
    if (typeof command.stdout === 'object') this.#released.delete(command.stdout.pipe);
    const remains: Remains = { live: false };
    const watched = this.#listening(command, listener, remains);
    let child: Child | undefined;
    const spawn = (): void => {
      let pid: number | undefined;
      const note = (its: number): void => {
        pid = its;
      };
      child = this.#fakes.spawn(command, { ...watched, spawned: note });
      if (pid !== undefined) watched.spawned(pid);
    };
    if (this.#habits.delay === 0) spawn();
    else this.#clock.at(this.#clock.now() + this.#habits.delay, spawn);
    return {
      kill: (signal, scope) => {
        this.#watch.judge(() => {
          this.#expectPatience(command.name, signal);
        });
        child?.kill(signal, scope);
      },
      lingers: () => remains.live,
      sweep: (grace, done) => {
        this.#sweep(serviceOf(command.name), remains, grace, done);
      },
    };
  }

  closePipe(pipe: string): void {
    this.#watch.judge(() => {
      const writers = [pipe, `${pipe}/finish`].filter((name) => this.#fakes.alive.includes(name));
      assert.deepEqual(writers, [], 'a pipe is closed while a process writes to it');
      assert.ok(!this.leftovers.includes(pipe), 'a pipe is closed while leftovers write to it');
    });
    this.#released.add(pipe);
    this.#fakes.closePipe(pipe);
  }

  sweep(grace: number, done: (killed: readonly Leftover[]) => void): void {
    this.#fakes.sweep(grace, done);
  }

  close(): Promise<void> {
    this.#watch.judge(() => {
      assert.deepEqual(this.#fakes.alive, [], 'the supervisor ends while a process is alive');
      assert.deepEqual(this.leftovers, [], 'the supervisor ends while leftovers are alive');
    });
    return this.#fakes.close();
  }

  /** Checks that no finish is due: it comes in the same step as the exit of run. */
  expectNoDebt(): void {
    for (const [name, turn] of this.#turns) assert.notEqual(turn, 'finish is due', name);
  }

  #expectTurn({ name, calledBy }: Command): void {
    if (calledBy === 'path') return;
    const service = serviceOf(name);
    const isRun = name === service;
    const turn = this.#turns.get(service) ?? 'none';
    this.#turns.set(service, isRun ? 'run' : 'finish');
    assert.equal(turn, isRun ? 'none' : 'finish is due', `turn of ${name}`);
    if (isRun) assert.ok(this.#watch.mayRun(name), `${name} runs before its time`);
  }

  #listening(command: Command, listener: ChildListener, remains: Remains): ChildListener {
    const service = serviceOf(command.name);
    return {
      ...listener,
      unspawnable: (failure) => {
        this.#turns.set(service, 'none');
        listener.unspawnable(failure);
      },
      exited: (exit) => {
        const isRun = command.calledBy === 'name' && command.name === service;
        const due = isRun && this.#watch.hasFinish(service);
        this.#turns.set(service, due ? 'finish is due' : 'none');
        remains.live = this.#habits.leaves;
        if (remains.live) this.leftovers.push(service);
        listener.exited(exit, remains.live);
      },
    };
  }

  #sweep(
    service: string,
    remains: Remains,
    grace: number,
    done: (killed: readonly Leftover[]) => void,
  ): void {
    if (!remains.live) return done([]);
    this.#clock.at(this.#clock.now() + Math.min(grace, 50), () => {
      remains.live = false;
      this.leftovers.splice(this.leftovers.indexOf(service), 1);
      done([]);
    });
  }

  /** Checks that a logger may read to the end: the supervisor sends it no signal before its pipe was closed, and then only KILL. */
  #expectPatience(name: string, signal: NodeJS.Signals): void {
    const producer = producerOf(name);
    if (producer === undefined || loggerName(producer) !== name) return;
    if (this.#watch.mayEnd(name)) this.#asked.add(name);
    if (this.#asked.has(name)) return;
    assert.equal(signal, 'SIGKILL', `${signal} to ${name}`);
    assert.ok(this.#released.has(producer), `${name} is killed before it can read to the end`);
  }
}

function serviceOf(name: string): string {
  return name.replace(/\/finish$/, '');
}

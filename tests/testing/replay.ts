import { setImmediate as turn } from 'node:timers/promises';
import { Supervisor } from '../../lib/index.ts';
import type { Leftover } from '../../lib/model/leftover.ts';
import type { Command } from '../../lib/model/program.ts';
import type { Tree } from '../../lib/model/tree.ts';
import type { Child, ChildListener, Spawner } from '../../lib/engine/spawner.ts';
import type { Behaviour } from '../../lib/testing/simulation/behaviour.ts';
import type {
  ExploreTreeOptions,
  Shutdown,
  ExploredStep,
} from '../../lib/testing/exploration/explore.ts';
import { FakeSpawner } from '../../lib/testing/simulation/fake-spawner.ts';
import { VirtualClock } from '../../lib/testing/time/virtual-clock.ts';

/** Replays a shutdown on a supervisor with fake processes that behave as badly as possible; returns the duration of the stop in milliseconds. */
export async function replay(
  tree: Tree,
  options: Omit<ExploreTreeOptions, 'problems' | 'mostStates'>,
  { before, steps }: Shutdown,
): Promise<number> {
  const clock = new VirtualClock();
  const spawner = new StubbornSpawner(clock, tree);
  const supervisor = new Supervisor(tree, { clock, spawner, ...options });
  // Problems of killed processes are expected here.
  supervisor.on('problem', () => undefined);
  const life = new Replay(clock, spawner);
  const started = supervisor.start();
  // A start that never completes, or is interrupted, is expected here.
  started.catch(() => undefined);
  for (const step of before) await life.act(step);
  const begin = clock.now();
  let end: number | undefined;
  const stopped = supervisor.stop().then(() => {
    end = clock.now();
  });
  for (const [index, step] of steps.entries()) {
    const comesFirst = step.at > (steps[index - 1]?.at ?? 0);
    const early = step.does !== undefined && comesFirst ? justBefore : 0;
    await life.pass(begin + step.at - early);
    await life.act(step);
  }
  await life.pass(clock.now());
  if (end === undefined) throw new Error(`Not ended after ${String(clock.now() - begin)} ms.`);
  await stopped;
  return Math.round(end - begin);
}

/** Milliseconds by which a process acts before the deadline of the same moment. */
const justBefore = 0.001;

/** The time and the processes of a replay. */
class Replay {
  readonly #clock: VirtualClock;
  readonly #spawner: StubbornSpawner;

  constructor(clock: VirtualClock, spawner: StubbornSpawner) {
    this.#clock = clock;
    this.#spawner = spawner;
  }

  /** Performs a step; for a step that only waits, time passes to the next deadline. */
  async act({ who, what, does }: ExploredStep): Promise<void> {
    await this.pass(this.#clock.now());
    if (does?.exit !== undefined) this.#spawner.fakes.child(who).exit(does.exit);
    if (does?.ready === true) this.#spawner.fakes.child(who).ready();
    if (/^(has waited|goes on)/.test(what)) await this.pass(this.#clock.next ?? 0);
    await this.pass(this.#clock.now());
  }

  /** Lets time pass up to a moment, with everything that happens on the way. */
  async pass(until: number): Promise<void> {
    for (;;) {
      await turn();
      const next = this.#clock.next ?? Infinity;
      if (next > until) break;
      this.#clock.advance(next - this.#clock.now());
    }
    this.#clock.advance(until - this.#clock.now());
    await turn();
  }
}

/** Fake children that do nothing by themselves, ignore every signal except KILL, and leave stubborn processes behind. */
class StubbornSpawner implements Spawner {
  readonly fakes: FakeSpawner;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock, tree: Tree) {
    this.#clock = clock;
    this.fakes = new FakeSpawner(clock);
    for (const name of namesIn(tree)) this.fakes.script(name, stubborn);
  }

  spawn(command: Command, listener: ChildListener): Child {
    const child = this.fakes.spawn(command, {
      spawned: (pid) => {
        listener.spawned(pid);
      },
      unspawnable: (error) => {
        listener.unspawnable(error);
      },
      announced: () => {
        listener.announced();
      },
      printed: () => undefined,
      exited: (exit) => {
        listener.exited(exit, true);
      },
    });
    return {
      kill: (signal) => {
        child.kill(signal, 'process');
      },
      lingers: () => true,
      sweep: (grace, done) => this.#clock.at(this.#clock.now() + grace, () => done([])),
    };
  }

  closePipe(pipe: string): void {
    this.fakes.closePipe(pipe);
  }

  sweep(grace: number, done: (killed: readonly Leftover[]) => void): void {
    this.fakes.sweep(grace, done);
  }

  close(): Promise<void> {
    return this.fakes.close();
  }
}

/** A script that hangs, or a service that ignores its stop. */
const stubborn: Behaviour = {
  ignores: ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'end-of-file'],
  after: 10 ** 9,
};

function namesIn({ init, services, finish }: Tree): readonly string[] {
  const scripts = [...init, ...finish].map(({ name }) => name);
  const runs = services.flatMap(({ name }) => [name, `${name}/log`]);
  return [...scripts, ...runs, ...runs.map((name) => `${name}/finish`)];
}

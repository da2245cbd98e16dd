import { setImmediate as turn } from 'node:timers/promises';
import type { Supervisor } from '../../supervisor/supervisor.ts';
import type { FakeSpawner } from './fake-spawner.ts';
import type { Drive } from '../observation/life.ts';
import type { PromptClock } from '../time/prompt-clock.ts';
import type { SimulatedDisk } from './simulated-disk.ts';
import type { EventLog } from '../observation/event-log.ts';
import { requirePassable } from '../time/virtual-clock.ts';

/** The parts of a simulation. */
export interface Scene {
  readonly supervisor: Supervisor;
  readonly clock: PromptClock;
  readonly spawner: FakeSpawner;
  readonly disk: SimulatedDisk;
  readonly story: EventLog;
}

/** Advances virtual time from one deadline to the next, and lets everything happen that is due at each. */
export class TimeDriver {
  readonly #scene: Scene;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /**
   * Lets everything happen that needs no time.
   *
   * @throws Error when it does not end.
   */
  async settle(): Promise<void> {
    const { clock, disk, story } = this.#scene;
    let events = -1;
    for (let turns = 0; turns < mostTurns; turns += 1) {
      if (clock.isDue) clock.ringNext();
      await turn();
      if (story.events.length === events && !clock.isDue && !disk.isBusy) return;
      events = story.events.length;
    }
    throw new Error(
      `At ${String(clock.now())} ms of virtual time things happen without an end, and none of them takes any time.`,
    );
  }

  /**
   * Lets `ms` milliseconds pass.
   *
   * @throws RangeError, before any time passes, when `ms` is negative, infinite or not a number.
   */
  async advance(ms: number): Promise<void> {
    const { clock } = this.#scene;
    requirePassable(ms);
    const end = clock.now() + ms;
    await this.settle();
    while ((await this.#step(end)) === undefined);
    clock.advance(end - clock.now());
    await this.settle();
  }

  /** Lets time pass until the wait is met. */
  readonly drive: Drive = async (wait, timeout) => {
    const { clock, story } = this.#scene;
    const end = clock.now() + (timeout ?? longestWait);
    const most = timeout === undefined ? story.events.length + mostEvents : Infinity;
    await this.settle();
    let why: string | undefined;
    while (why === undefined && wait.met() === undefined) {
      why = story.events.length > most ? 'it is not among the first events' : await this.#step(end);
    }
    if (why === undefined || timeout !== undefined) return why;
    return clock.next === undefined ? why : `${why} (${defaultLimits})`;
  };

  /** Stops the supervisor and lets time pass until it has ended. */
  async end(): Promise<void> {
    const { supervisor, spawner } = this.#scene;
    void supervisor.stop();
    await this.settle();
    while (supervisor.phase !== 'ended') {
      // A process that is still alive when no deadline is left would live for ever.
      if ((await this.#step(Infinity)) !== undefined) killAll(spawner);
      await this.settle();
    }
  }

  /** Advances to the next deadline. Returns the reason when there is none until `end`. */
  async #step(end: number): Promise<string | undefined> {
    const { clock } = this.#scene;
    const { next } = clock;
    if (next === undefined) return 'nothing further happens by itself';
    if (next > end) return 'it did not come in time';
    clock.ringNext();
    await this.settle();
    return undefined;
  }
}

/** The most rounds of events at one moment; far more than a tree needs. */
const mostTurns = 3000;

/** The default timeout of `until()`, in milliseconds of virtual time: five minutes. */
const longestWait = 300_000;

/** The most events that `until()` waits through by default; a service that crashes all the time makes hundreds a minute. */
const mostEvents = 10_000;

const defaultLimits =
  'by default until() waits for five minutes of virtual time, and for 10,000 events at most; the option timeout replaces both limits';

function killAll({ children }: FakeSpawner): void {
  for (const child of children) child.exit({ code: null, signal: 'SIGKILL' });
}

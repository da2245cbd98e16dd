import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds of work after which the host has a turn. */
const workAtOnce = 10;

/** Divides long work into turns of the event loop, so that the host is served in between. */
export class Breath {
  #begun = performance.now();

  /** Whether the host should have a turn now. */
  get isDue(): boolean {
    return performance.now() - this.#begun >= workAtOnce;
  }

  /** Waits for the next turn of the event loop. */
  async take(): Promise<void> {
    await nextTurn();
    this.#begun = performance.now();
  }
}

import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds of work after which the event loop gets a turn. */
const workAtOnce = 10;

/** Divides long work into turns of the event loop, so that the host can handle other events in between. */
export class LoopPause {
  #begun = performance.now();

  /** Whether the work should wait for the next turn now. */
  get isDue(): boolean {
    return performance.now() - this.#begun >= workAtOnce;
  }

  /** Waits for the next turn of the event loop. */
  async take(): Promise<void> {
    await nextTurn();
    this.#begun = performance.now();
  }
}

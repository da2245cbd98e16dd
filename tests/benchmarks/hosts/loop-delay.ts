import { percentile } from '../statistics.ts';

/** Milliseconds between two measurements: short enough to see a delay, and long enough to cost very little. */
const interval = 2;

/**
 * Measures how late the loop is. Node's own histogram leaves out a delay that begins at the first moment, which is what a
 * start causes.
 */
export class LoopDelay {
  readonly #delays: number[] = [];
  readonly #timer: NodeJS.Timeout;
  #last = performance.now();

  constructor() {
    this.#timer = setInterval(() => {
      this.#measure();
    }, interval);
  }

  /** Ends the measurement; returns the 99th percentile of the delays, in milliseconds. */
  end(): number {
    clearInterval(this.#timer);
    this.#measure();
    return percentile(this.#delays, 0.99);
  }

  #measure(): void {
    const now = performance.now();
    this.#delays.push(Math.max(0, now - this.#last - interval));
    this.#last = now;
  }
}

import { percentile } from '../statistics.ts';

/** How often the loop is looked at, in milliseconds: often enough to see a delay, so rarely that it costs next to nothing. */
const interval = 2;

/**
 * Looks how late the loop is. Node's own histogram leaves out what holds the loop up from the first moment on, which is
 * just what a start does.
 */
export class LoopDelay {
  readonly #delays: number[] = [];
  readonly #timer: NodeJS.Timeout;
  #last = performance.now();

  constructor() {
    this.#timer = setInterval(() => {
      this.#look();
    }, interval);
  }

  /** Looks no more; the 99th percentile of the delays, in milliseconds. */
  end(): number {
    clearInterval(this.#timer);
    this.#look();
    return percentile(this.#delays, 0.99);
  }

  #look(): void {
    const now = performance.now();
    this.#delays.push(Math.max(0, now - this.#last - interval));
    this.#last = now;
  }
}

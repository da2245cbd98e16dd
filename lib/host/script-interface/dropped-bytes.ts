/** Milliseconds from the first bytes of a burst to the report; the delay doubles for each further report of a burst. */
const firstDelay = 100;

/** The longest delay of a report, in milliseconds. */
const longestDelay = 60_000;

/** Counts dropped bytes and reports them burst by burst, with increasing delays, so that a long burst causes few reports. */
export class DroppedBytes {
  readonly #report: (count: number) => void;
  #count = 0;
  #delay = firstDelay;
  #reportedAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(report: (count: number) => void) {
    this.#report = report;
  }

  /** Adds a number of dropped bytes. */
  add(count: number): void {
    if (count === 0) return;
    this.#count += count;
    if (this.#timer !== undefined) return;
    const isNewBurst = performance.now() - this.#reportedAt > this.#delay;
    this.#delay = isNewBurst ? firstDelay : Math.min(this.#delay * 2, longestDelay);
    this.#timer = setTimeout(() => {
      this.flush();
    }, this.#delay).unref();
  }

  /** Reports immediately the bytes that were not reported yet. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const count = this.#count;
    this.#count = 0;
    this.#reportedAt = performance.now();
    if (count > 0) this.#report(count);
  }
}

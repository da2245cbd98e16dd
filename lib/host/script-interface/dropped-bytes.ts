/** Milliseconds from the first bytes of a burst to the report; each further report of a burst takes twice as long. */
const firstDelay = 100;

/** Milliseconds between two reports at most. */
const longestDelay = 60_000;

/** Counts bytes that are dropped, and reports them burst by burst: never more than a few reports, however long it goes on. */
export class DroppedBytes {
  readonly #report: (count: number) => void;
  #count = 0;
  #delay = firstDelay;
  #reportedAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(report: (count: number) => void) {
    this.#report = report;
  }

  /** So many bytes were dropped. */
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

  /** Reports at once what was not reported yet. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const count = this.#count;
    this.#count = 0;
    this.#reportedAt = performance.now();
    if (count > 0) this.#report(count);
  }
}

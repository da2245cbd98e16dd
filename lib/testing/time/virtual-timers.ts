/** A call that is due at a moment. */
export interface VirtualTimer {
  readonly time: number;
  /** The number of alarms that were added before this one. */
  readonly order: number;
  readonly wake: () => void;
}

/**
 * Alarms in the order in which they are due: by moment, and at the same moment in the order in which they were added. An insert
 * finds its place in O(log n).
 */
export class VirtualTimers {
  /** The next alarm is the last element, so that taking it moves no other. */
  readonly #alarms: VirtualTimer[] = [];
  #count = 0;

  get size(): number {
    return this.#alarms.length;
  }

  /** The number of alarms that were ever added. */
  get count(): number {
    return this.#count;
  }

  /** The next alarm. */
  get first(): VirtualTimer | undefined {
    return this.#alarms.at(-1);
  }

  /** Adds an alarm; the returned function cancels it. */
  add(time: number, wake: () => void): () => void {
    const alarm = { time, order: this.#count++, wake };
    this.#alarms.splice(this.#indexOf(alarm), 0, alarm);
    return () => {
      const index = this.#indexOf(alarm);
      if (this.#alarms[index] === alarm) this.#alarms.splice(index, 1);
    };
  }

  /** Removes the next alarm. */
  shift(): void {
    this.#alarms.pop();
  }

  /** The index of an alarm, or the index to insert it at: behind every alarm that is due later. */
  #indexOf(alarm: VirtualTimer): number {
    let [from, to] = [0, this.#alarms.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      const other = this.#alarms[middle];
      if (other !== undefined && isBefore(alarm, other)) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

function isBefore(one: VirtualTimer, other: VirtualTimer): boolean {
  return one.time === other.time ? one.order < other.order : one.time < other.time;
}

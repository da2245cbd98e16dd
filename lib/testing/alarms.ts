/** Something that rings at a moment. */
export interface Alarm {
  readonly time: number;
  /** How many were set before it. */
  readonly order: number;
  readonly wake: () => void;
}

/**
 * Alarms in the order in which they ring: by their moments, and those of one moment in the order in which they were set. The
 * place of one is found in O(log n).
 */
export class Alarms {
  /** The one that rings next is the last, so that taking it moves no other. */
  readonly #alarms: Alarm[] = [];
  #count = 0;

  get size(): number {
    return this.#alarms.length;
  }

  /** How many were ever set. */
  get count(): number {
    return this.#count;
  }

  /** The one that rings next. */
  get first(): Alarm | undefined {
    return this.#alarms.at(-1);
  }

  /** Sets an alarm; the function calls it off. */
  add(time: number, wake: () => void): () => void {
    const alarm = { time, order: this.#count++, wake };
    this.#alarms.splice(this.#placeOf(alarm), 0, alarm);
    return () => {
      const place = this.#placeOf(alarm);
      if (this.#alarms[place] === alarm) this.#alarms.splice(place, 1);
    };
  }

  /** Takes away the one that rings next. */
  shift(): void {
    this.#alarms.pop();
  }

  /** Where an alarm stands, or is to stand: before all that ring before it. */
  #placeOf(alarm: Alarm): number {
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

function isBefore(one: Alarm, other: Alarm): boolean {
  return one.time === other.time ? one.order < other.order : one.time < other.time;
}

/** Something that rings at a moment. */
export interface Alarm {
  readonly time: number;
  readonly wake: () => void;
}

/**
 * Alarms in the order in which they ring: the earlier first, and those of one moment in the order in which they were set.
 * A heap in which each knows its place, so that setting one and calling one off take O(log n).
 */
export class Alarms {
  readonly #heap: Placed[] = [];
  #count = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** The one that rings next. */
  get first(): Alarm | undefined {
    return this.#heap[0];
  }

  /** Sets an alarm; the function calls it off. */
  add(alarm: Alarm): () => void {
    const placed = { ...alarm, order: this.#count++, place: this.#heap.length };
    this.#heap.push(placed);
    this.#rise(placed);
    return () => {
      this.#remove(placed);
    };
  }

  /** Takes away the one that rings next. */
  shift(): void {
    const [first] = this.#heap;
    if (first !== undefined) this.#remove(first);
  }

  #remove(alarm: Placed): void {
    const { place } = alarm;
    if (this.#heap[place] !== alarm) return;
    const last = this.#heap.pop();
    if (last === undefined || last === alarm) return;
    this.#put(last, place);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(alarm: Placed): void {
    for (;;) {
      const above = alarm.place === 0 ? undefined : this.#heap[(alarm.place - 1) >> 1];
      if (above === undefined || isBefore(above, alarm)) return;
      this.#swap(alarm, above);
    }
  }

  #sink(alarm: Placed): void {
    for (;;) {
      const below = this.#earlierOf(2 * alarm.place + 1, 2 * alarm.place + 2);
      if (below === undefined || isBefore(alarm, below)) return;
      this.#swap(alarm, below);
    }
  }

  #earlierOf(left: number, right: number): Placed | undefined {
    const [one, other] = [this.#heap[left], this.#heap[right]];
    return one !== undefined && other !== undefined && isBefore(other, one) ? other : one;
  }

  #swap(one: Placed, other: Placed): void {
    const { place } = one;
    this.#put(one, other.place);
    this.#put(other, place);
  }

  #put(alarm: Placed, place: number): void {
    alarm.place = place;
    this.#heap[place] = alarm;
  }
}

interface Placed extends Alarm {
  /** How many were set before it. */
  readonly order: number;
  /** Where it stands in the heap. */
  place: number;
}

function isBefore(one: Placed, other: Placed): boolean {
  return one.time === other.time ? one.order < other.order : one.time < other.time;
}

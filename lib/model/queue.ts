/** How many read places a queue keeps at most before it lets go of them. */
const mostRead = 1024;

/** First in, first out, at a constant cost however long it is. */
export class Queue<T extends object> {
  #items: (T | undefined)[] = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes out the oldest item; `undefined` when there is none. */
  shift(): T | undefined {
    const item = this.#items[this.#first];
    if (item === undefined) return undefined;
    this.#items[this.#first] = undefined;
    this.#first += 1;
    if (this.length === 0) this.clear();
    else if (this.#first > mostRead && this.#first > this.length) this.#letGo();
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#first = 0;
  }

  /** Moves no more items than were read since the last time. */
  #letGo(): void {
    this.#items = this.#items.slice(this.#first);
    this.#first = 0;
  }
}

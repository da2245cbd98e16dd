import type { Clock } from '../runtime/clock.ts';

interface Alarm {
  readonly time: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is told to advance. */
export class VirtualClock implements Clock {
  #now: number;
  #alarms: Alarm[] = [];

  /** @param start - The first moment, in epoch milliseconds. Default: 0. */
  constructor(start = 0) {
    this.#now = start;
  }

  /** How many alarms are set; none when everything rests. */
  get alarms(): number {
    return this.#alarms.length;
  }

  /** The moment of the next alarm; `undefined` without one. */
  get next(): number | undefined {
    return this.#alarms[0]?.time;
  }

  now(): number {
    return this.#now;
  }

  at(time: number, wake: () => void): () => void {
    const alarm: Alarm = { time: Math.max(time, this.#now), wake };
    const later = this.#alarms.findIndex((other) => other.time > alarm.time);
    this.#alarms.splice(later === -1 ? this.#alarms.length : later, 0, alarm);
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
    };
  }

  /**
   * Moves on by so many milliseconds and rings every alarm on the way, each at its own moment, those included that the
   * alarms set. `advance(0)` rings what is due now.
   */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let alarm = this.#alarms[0]; alarm !== undefined; alarm = this.#alarms[0]) {
      if (alarm.time > end) break;
      this.#alarms.shift();
      this.#now = alarm.time;
      alarm.wake();
    }
    // An alarm may have advanced further still.
    this.#now = Math.max(this.#now, end);
  }
}

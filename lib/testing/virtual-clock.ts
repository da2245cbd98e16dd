import { Alarms } from './alarms.ts';
import type { Clock } from '../runtime/clock.ts';

/**
 * How many alarms may ring at one moment before the clock refuses to go on. A large tree that starts all at once rings some
 * thousands; more is a loop in which no time passes, and no `advance` would ever come to its end.
 */
export const mostAlarmsAtOnce = 20_000;

/** A clock that stands still until it is told to advance. */
export class VirtualClock implements Clock {
  #now: number;
  readonly #alarms = new Alarms();
  /** How many alarms have rung at this very moment. */
  #rung = 0;

  /** @param start - The first moment, in epoch milliseconds. Default: 0. */
  constructor(start = 0) {
    this.#now = start;
  }

  /** How many alarms are set; none when everything rests. */
  get alarms(): number {
    return this.#alarms.size;
  }

  /** The moment of the next alarm; `undefined` without one. */
  get next(): number | undefined {
    return this.#alarms.first?.time;
  }

  now(): number {
    return this.#now;
  }

  /** @throws RangeError when `time` is not a number. */
  at(time: number, wake: () => void): () => void {
    if (Number.isNaN(time)) throw new RangeError('An alarm is set for a moment, not for NaN.');
    return this.#alarms.add(Math.max(time, this.#now), wake);
  }

  /**
   * Moves on by so many milliseconds and rings every alarm on the way, each at its own moment, those included that the
   * alarms set. `advance(0)` rings what is due now.
   *
   * @throws RangeError when `ms` is negative, infinite or not a number: time neither goes back nor comes to an end.
   * @throws Error when 20000 alarms have rung at one moment: something goes round in a circle in which no time passes.
   */
  advance(ms: number): void {
    requirePassable(ms);
    const end = this.#now + ms;
    this.#ring(end, Infinity);
    // An alarm may have advanced further still.
    this.#moveTo(Math.max(this.#now, end));
  }

  /**
   * Moves on to the moment of the next alarm and rings those that are set for it by now: what they set for the same moment is
   * left to the next call, so that promises can be kept in between. Without an alarm nothing happens.
   *
   * @throws Error as `advance()` does.
   */
  ringNext(): void {
    if (this.next !== undefined) this.#ring(this.next, this.#alarms.count);
  }

  /** Rings the alarms up to a moment, of those that were set before so many others. */
  #ring(end: number, count: number): void {
    for (let alarm = this.#alarms.first; alarm !== undefined; alarm = this.#alarms.first) {
      if (alarm.time > end || alarm.order >= count) return;
      this.#moveTo(alarm.time);
      this.#count();
      this.#alarms.shift();
      alarm.wake();
    }
  }

  #moveTo(time: number): void {
    if (time > this.#now) this.#rung = 0;
    this.#now = time;
  }

  #count(): void {
    if (this.#rung === mostAlarmsAtOnce) throw new Error(goesRound(this.#now));
    this.#rung += 1;
  }
}

/**
 * Makes sure that a clock can advance by so many milliseconds.
 *
 * @throws RangeError when they are negative, infinite or not a number.
 */
export function requirePassable(ms: number): void {
  if (ms >= 0 && ms < Infinity) return;
  throw new RangeError(`A clock advances by 0 or more milliseconds, not by ${String(ms)}.`);
}

function goesRound(now: number): string {
  return (
    `${String(mostAlarmsAtOnce)} alarms have rung at the moment ${String(now)}, and time does not pass: something ` +
    'goes round in a circle, such as a service that exits at once and is started again at once. Let it take some ' +
    'time: `exit(1, 10)`, or a `backoff` whose `first` is above 0.'
  );
}

import { VirtualTimers } from './virtual-timers.ts';
import type { AlarmOptions, Clock } from '../../engine/clock.ts';

/**
 * The most alarms that may ring at one moment before the clock throws. A large tree that starts at once rings several thousand;
 * more is a loop in which no time passes, and `advance` would never return.
 */
export const mostAlarmsAtOnce = 20_000;

/** A clock on which time passes only in `advance()`. */
export class VirtualClock implements Clock {
  #now: number;
  readonly #alarms = new VirtualTimers();
  readonly #background = new VirtualTimers();
  /** The number of alarms that have rung at the current moment. */
  #rung = 0;

  /** @param start - The first moment, in epoch milliseconds. Default: 0. */
  constructor(start = 0) {
    this.#now = start;
  }

  /** The number of pending alarms without those in the background; 0 when everything is at rest. */
  get alarms(): number {
    return this.#alarms.size;
  }

  /** The moment of the next alarm that is not in the background; `undefined` without one. */
  get next(): number | undefined {
    return this.#alarms.first?.time;
  }

  now(): number {
    return this.#now;
  }

  /** What `JSON.stringify(clock)` writes. */
  toJSON(): Readonly<Record<string, number>> {
    const { alarms, next } = this;
    return { now: this.#now, ...(next !== undefined && { next }), alarms };
  }

  /** The time and the pending alarms: what `console.log(clock)` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const next = this.next === undefined ? '' : `, the next at ${String(this.next)}`;
    return `VirtualClock at ${String(this.#now)} (alarms: ${String(this.alarms)}${next})`;
  }

  /** @throws RangeError when `time` is not a number. */
  at(time: number, wake: () => void, { background = false }: AlarmOptions = {}): () => void {
    if (Number.isNaN(time)) throw new RangeError('An alarm is set for a moment, not for NaN.');
    const alarms = background ? this.#background : this.#alarms;
    return alarms.add(Math.max(time, this.#now), wake);
  }

  /**
   * Advances by `ms` milliseconds and rings every alarm on the way at its own moment, including those that an alarm adds.
   * `advance(0)` rings the alarms that are due now.
   *
   * @throws RangeError when `ms` is negative, infinite or not a number.
   * @throws Error when 20000 alarms have rung at one moment: a loop in which no time passes.
   */
  advance(ms: number): void {
    requirePassable(ms);
    const end = this.#now + ms;
    this.#ring(end, Infinity);
    // The callback of an alarm may have advanced further.
    this.#moveTo(Math.max(this.#now, end));
  }

  /**
   * Advances to the moment of the next alarm and rings the alarms that are set for it now. The next call rings those that they add
   * for the same moment, so that promises can settle in between. Does nothing without an alarm.
   *
   * @throws Error as `advance()` does.
   */
  ringNext(): void {
    if (this.next !== undefined) this.#ring(this.next, this.#alarms.count);
  }

  /**
   * Rings the alarms up to the moment `end`, of those that were added before the alarm number `count`, and on the way those in
   * the background.
   */
  #ring(end: number, count: number): void {
    for (;;) {
      const next = this.#alarms.first;
      const until = next === undefined ? end : Math.min(next.time, end);
      if (this.#ringFirst(this.#background, until)) continue;
      if (next === undefined || next.order >= count || !this.#ringFirst(this.#alarms, end)) return;
    }
  }

  /** Rings the first of these alarms, if it is due at the moment `until`. */
  #ringFirst(alarms: VirtualTimers, until: number): boolean {
    const { first } = alarms;
    if (first === undefined || first.time > until) return false;
    this.#moveTo(first.time);
    this.#count();
    alarms.shift();
    first.wake();
    return true;
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
 * Checks that a clock can advance by `ms` milliseconds.
 *
 * @throws RangeError when `ms` is negative, infinite or not a number.
 */
export function requirePassable(ms: number): void {
  if (ms >= 0 && ms < Infinity) return;
  throw new RangeError(`A clock advances by 0 or more milliseconds, not by ${String(ms)}.`);
}

function goesRound(now: number): string {
  return (
    `${String(mostAlarmsAtOnce)} alarms have rung at the moment ${String(now)}, and time does not pass: something ` +
    'repeats without an end, such as a service that exits at once and is started again at once. Let it take some ' +
    'time: `exit(1, 10)`, or a `backoff` whose `first` is above 0.'
  );
}

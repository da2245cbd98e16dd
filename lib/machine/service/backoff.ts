import type { Backoff } from '../../model/tree.ts';

/** The minimum delay before a restart in s6, in milliseconds. */
export const throttle = 1000;

/**
 * The moment at which a service that died starts again.
 *
 * Without a backoff, s6's rule holds (2.15): one second after the service announced its readiness, but not before now;
 * if it announced none, one second from now, which is when its finish script has ended.
 */
export function restartAt(
  backoff: Backoff | undefined,
  readyAt: number | null,
  streak: number,
  now: number,
): number {
  if (backoff !== undefined) return now + delayOf(backoff, streak);
  return readyAt === null ? now + throttle : Math.max(now, readyAt + throttle);
}

/** The delay before the restart after `streak` deaths in a row, in milliseconds. */
export function delayOf(backoff: Backoff, streak: number): number {
  // Infinity times a first delay of 0 would be NaN.
  const growth = Math.min(backoff.factor ** Math.max(0, streak - 1), Number.MAX_VALUE);
  return Math.min(backoff.cap, backoff.first * growth);
}

/**
 * The delay in milliseconds before the next attempt to start a run that could not be spawned `streak` times in a row: the
 * backoff's, else 10 seconds (s6 up to 2.11).
 */
export function retryDelay(backoff: Backoff | undefined, streak: number): number {
  return backoff === undefined ? 10_000 : delayOf(backoff, streak);
}

/** The recent deaths with one more: no more of them than the backoff's limit counts. */
export function withDeath(
  backoff: Backoff | undefined,
  recent: readonly number[],
  now: number,
): readonly number[] {
  const counted = backoff?.limit?.deaths ?? 0;
  return counted === 0 ? [] : [...recent, now].slice(-counted);
}

/** Whether the recent deaths are more than the backoff's limit allows. */
export function exhausted(
  backoff: Backoff | undefined,
  recent: readonly number[],
  now: number,
): boolean {
  const limit = backoff?.limit;
  if (limit === undefined) return false;
  return recent.filter((at) => now - at < limit.within).length >= limit.deaths;
}

import type { Memory, LifecycleInputOf } from './service-state.ts';
import type { ServiceSpec } from '../../model/tree.ts';

/** The default kill timeout in milliseconds (this library; s6 never kills by itself). */
const defaultKillTimeout = 10_000;

/** Milliseconds until KILL is sent again to a process that has not exited after it (s6). */
export const killAgainAfter = 5000;

/** The deadline after a duration; no deadline if the duration is 0. */
export function deadlineAfter(duration: number, now: number): number | null {
  return duration === 0 ? null : now + duration;
}

/** The deadline after a limit; no deadline if there is no limit. */
export function limitFrom(limit: number | null, now: number): number | null {
  return limit === null ? null : now + limit;
}

/** The earlier of two deadlines; `null`, no deadline, is later than any. */
export function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

/** The deadline of a finish script: the one of the last stop that gave one. */
export function finishDeadlineOf(
  input: LifecycleInputOf<'stop' | 'restart' | 'once'>,
  { finishDeadline }: Pick<Memory, 'finishDeadline'>,
): number | null {
  return input.type === 'stop' ? (input.finishDeadline ?? finishDeadline) : finishDeadline;
}

/**
 * The shortest time in milliseconds that a finish script gets, however late it begins, if its own limit is not shorter
 * (this library).
 */
const leastFinishTimeout = 1000;

/** The deadline of a finish script that begins now. */
export function finishDeadlineFrom(finishDeadline: number | null, now: number): number | null {
  return finishDeadline === null ? null : Math.max(finishDeadline, now + leastFinishTimeout);
}

/** The kill timeout in milliseconds: the command's value, else the spec's, within the bound; 0: no limit. */
export function killTimeoutOf(
  input: LifecycleInputOf<'stop' | 'restart' | 'once'>,
  spec: ServiceSpec,
): number {
  const own = ('killTimeout' in input ? input.killTimeout : undefined) ?? spec.killTimeout;
  const killTimeout = own ?? defaultKillTimeout;
  const atMost = input.type === 'stop' ? (input.atMost ?? 0) : 0;
  if (atMost === 0) return killTimeout;
  return killTimeout === 0 ? atMost : Math.min(killTimeout, atMost);
}

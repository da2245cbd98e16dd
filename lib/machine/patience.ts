import type { Memory, Of } from './machine.ts';
import type { ServiceSpec } from '../model/tree.ts';

/** Milliseconds between the stop signal and KILL where nothing else is said. Ours: s6 never kills by itself. */
const defaultPatience = 10_000;

/** Milliseconds until KILL is sent again to what did not die of it (s6). */
export const killAgainAfter = 5000;

/** The deadline after so many milliseconds; none after 0. */
export function after(duration: number, now: number): number | null {
  return duration === 0 ? null : now + duration;
}

/** The deadline so many milliseconds from now, if there is such a limit. */
export function at(limit: number | null, now: number): number | null {
  return limit === null ? null : now + limit;
}

/** The earlier of two deadlines; none is later than any. */
export function sooner(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

/** When a finish script must have ended: as the last stop that said so has it. */
export function finishByOf(
  input: Of<'stop' | 'restart' | 'once'>,
  { finishBy }: Pick<Memory, 'finishBy'>,
): number | null {
  return input.type === 'stop' ? (input.finishBy ?? finishBy) : finishBy;
}

/** Milliseconds that a finish script has at least, if it has no shorter limit of its own, however late it begins (ours). */
const leastForFinish = 1000;

/** When a finish script that begins now must have ended. */
export function lateFinish(finishBy: number | null, now: number): number | null {
  return finishBy === null ? null : Math.max(finishBy, now + leastForFinish);
}

/** How long to wait between the stop signal and KILL, in milliseconds: what the command says, else the spec, within the bound; 0: for ever. */
export function patienceOf(input: Of<'stop' | 'restart' | 'once'>, spec: ServiceSpec): number {
  const own = ('patience' in input ? input.patience : undefined) ?? spec.timeoutKill;
  const patience = own ?? defaultPatience;
  const atMost = input.type === 'stop' ? (input.atMost ?? 0) : 0;
  if (atMost === 0) return patience;
  return patience === 0 ? atMost : Math.min(patience, atMost);
}

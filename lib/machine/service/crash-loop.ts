/*
 * Crash loops: a service that dies again and again (this library).
 */
import type { EndedRun, Memory } from './service-state.ts';
import type { ServiceSpec } from '../../model/tree.ts';
import { isSuccess } from '../../model/exit.ts';

/** The number of deaths in a row that make a crash loop. */
export const crashLoop = 5;

/** A run that has lived for so many milliseconds ends the row of deaths before it. */
const longLife = 60_000;

/** The number of deaths in a row after the end of a run. An end that asks for no restart ends the row. */
export function deathsInRow(
  { goal, deathsInRow: before }: Memory,
  { death, exit, run }: EndedRun,
  { restart }: ServiceSpec,
  now: number,
): number {
  const isCrash = death && goal === 'up' && (restart === 'always' || !isSuccess(exit));
  if (!isCrash) return 0;
  return now - run.startedAt >= longLife ? 1 : before + 1;
}

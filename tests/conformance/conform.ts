import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Case, Trace } from './case.ts';
import type { Driver } from './drive.ts';
import { drive } from './drive.ts';
import { ours } from './ours.ts';
import { s6 } from './s6.ts';
import { findProgram } from '../host/shells.ts';
import { ways, without } from '../host/ways.ts';
import { unlessInCI } from '../skipping.ts';

/** How many cases run in parallel; they mostly wait. */
const atATime = 4;

/** The time limit of one case, in milliseconds: for all attempts on a slow machine. */
const limit = 300_000;

/**
 * Makes a test of each case. It passes when s6 and this library, with each of its ways to start processes, give the trace of the
 * case.
 *
 * Without an installed s6, tests that need it are skipped with a reason; under CI they fail.
 */
export function conform(topic: string, cases: readonly Case[]): void {
  void suite(topic, { concurrency: atATime }, () => {
    for (const each of cases) {
      const number = each.number === undefined ? '' : `${each.number}: `;
      const options = { timeout: limit, skip: reasonToSkip(each) };
      test(`${number}${each.title}`, options, () => check(each));
    }
  });
}

async function check(given: Case): Promise<void> {
  // Waits for all of them, so that no process is left when one of them fails.
  const outcomes = await Promise.allSettled(
    expectedOf(given).map(async ([driver, trace]) => {
      const late = lateIn(Object.values(trace).flat());
      const lines = await drive(given, driver, (seen) => lateIn(seen) <= late);
      assert.deepEqual(Array.isArray(trace) ? lines : bySpeaker(lines), trace, driver.name);
    }),
  );
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** The number of restarts that came a second later; a slow machine has more of them. */
function lateIn(lines: readonly string[]): number {
  return lines.filter((line) => line.endsWith('back a second later')).length;
}

/** This library, in each way to start processes that works here. */
const allOfOurs = ways.filter((way) => without(way) === false).map(ours);

function expectedOf(given: Case): readonly (readonly [Driver, Trace])[] {
  const trace = 'trace' in given ? given.trace : given.ours;
  const expected = allOfOurs.map((driver) => [driver, trace] as const);
  if ('seen' in given) return expected;
  return [[s6, 'trace' in given ? given.trace : given.s6], ...expected];
}

function bySpeaker(lines: readonly string[]): Record<string, string[]> {
  const spoken: Record<string, string[]> = {};
  for (const line of lines) {
    const [speaker = '', ...rest] = line.split(': ');
    (spoken[speaker] ??= []).push(rest.join(': '));
  }
  return spoken;
}

const programs = ['s6-svscan', 's6-supervise', 's6-svc', 's6-svscanctl'];

const missing = programs.filter((program) => findProgram(program) === undefined);

function reasonToSkip(given: Case): string | false {
  if ('seen' in given || missing.length === 0) return false;
  return unlessInCI(`s6 is not installed: ${missing.join(', ')} not on PATH`);
}

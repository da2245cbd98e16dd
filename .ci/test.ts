/*
 * Runs tests. `npm test` runs all of them: first together, then those that need the machine for themselves, even when the first
 * fail. A word names one group: `npm test unit`. The last line is `N passed, N failed, N skipped`, and the exit code is 1 if a
 * test failed, or if one was skipped in CI for a reason that does not hold there.
 */
import { readdirSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { run } from 'node:test';
import type { EventData } from 'node:test';
import { spec as Spec, tap } from 'node:test/reporters';
import { isGoodInCI } from '../tests/skipping.ts';

/**
 * What the unit tests leave out: comparisons with s6, containers, what no version of Node changes, and the longest lives of real
 * processes.
 */
const notUnit = [
  /^tests\/(conformance|container)\//,
  /^tests\/(architecture|benchmarks|container-init|examples|map)\./,
  /\/(output-relay|reaper-hosts|thread)\.test\.ts$/,
];

const tests = readdirSync('tests', { recursive: true, encoding: 'utf8' })
  .map((path) => `tests/${path.replaceAll(sep, '/')}`)
  .filter((path) => path.endsWith('.test.ts'));

const groups: Readonly<Record<string, readonly string[]>> = {
  together: tests,
  alone: ['tests/alone/chaos.ts'],
  unit: tests.filter((path) => !notUnit.some((each) => each.test(path))),
};

const counts = new Map<string, number>();
const endings: string[] = [];

/** Adds the totals that node:test reports at the end of a run. */
function count({ nesting, message }: EventData.TestDiagnostic): void {
  const [, name = '', number] = /^(\w+) (\d+)$/.exec(message) ?? [];
  if (nesting === 0) counts.set(name, (counts.get(name) ?? 0) + Number(number));
}

function recordFailure({ name, file = '', details }: EventData.TestFail): void {
  const { cause, message } = details.error;
  const why = cause instanceof Error ? (cause.stack ?? cause.message) : message;
  endings.push(`failed: ${relative('.', file)}: ${name}\n${why}`);
}

function checkSkip({ name, file = '', skip }: EventData.TestPass): void {
  if (skip === undefined || process.env['CI'] !== 'true' || isGoodInCI(String(skip))) return;
  endings.push(`skipped in CI: ${relative('.', file)}: ${name}\n${String(skip)}`);
}

async function runGroup(name: string): Promise<void> {
  const files = groups[name];
  if (files === undefined)
    throw new Error(`No tests are called ${name}; choose ${Object.keys(groups).join(', ')}`);
  const stream = run({ files: [...files], concurrency: 4 });
  stream.on('test:diagnostic', count).on('test:fail', recordFailure).on('test:pass', checkSkip);
  const printed = stream.compose(process.stdout.isTTY ? new Spec() : tap) as AsyncIterable<string>;
  for await (const text of printed) process.stdout.write(text);
}

const named = process.argv.slice(2);
for (const name of named.length > 0 ? named : ['together', 'alone']) await runGroup(name);

const total = (...names: readonly string[]): number =>
  names.reduce((sum, name) => sum + (counts.get(name) ?? 0), 0);
const failed = total('fail', 'cancelled');
process.exitCode = failed > 0 || endings.length > 0 ? 1 : 0;
endings.push(`${total('pass')} passed, ${failed} failed, ${total('skipped')} skipped`);
process.stdout.write(endings.map((ending) => `\n${ending}\n`).join(''));

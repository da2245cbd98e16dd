import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as errors from '../lib/errors.ts';
import type { StagekeeperError } from '../lib/errors.ts';
import { problem } from '../lib/model/problem.ts';
import type { Verdict } from '../lib/model/verdict.ts';

const verdict: Verdict = { exitCode: 3, reason: 'init-failed', script: '10-first', killed: [] };

/** One error of each class, made in the way of the library. */
const samples: Readonly<
  Record<Exclude<keyof typeof errors, 'StagekeeperError'>, StagekeeperError>
> = {
  TreeError: new errors.TreeError('/etc', [
    problem('run-missing', '/etc/services.d/web', 'has no run', { remedy: 'Write one.' }),
    problem('value-invalid', '/etc/services.d/web/down-signal', 'is no signal', { line: 1 }),
  ]),
  OptionsError: new errors.OptionsError('timeouts.kill: takes milliseconds'),
  UnsupportedRuntimeError: new errors.UnsupportedRuntimeError('bun', '1.4.5'),
  RuntimeDirectoryError: new errors.RuntimeDirectoryError(
    'occupied',
    '/srv/app/services',
    'was not made by a supervisor',
    'Name another runtimeDirectory.',
  ),
  UnknownServiceError: new errors.UnknownServiceError('wbe', ['web', 'db'], 'web'),
  StartFailedError: new errors.StartFailedError(
    [{ name: 'web', reason: 'unspawnable', chain: ['web'] }],
    ['web: it cannot be run: /bin/none does not exist.'],
  ),
  ServiceFailedError: new errors.ServiceFailedError(
    { name: 'web', reason: 'finish', exit: { code: 1, signal: null }, chain: ['web'] },
    'finish said 125.',
  ),
  InterruptedError: new errors.InterruptedError('stopped meanwhile'),
  TimeoutError: new errors.TimeoutError('Stopping web', 500, ['web', 'web/log']),
  InitFailedError: new errors.InitFailedError(verdict),
  OrderError: new errors.OrderError('has ended'),
  OverflowError: new errors.OverflowError('fell behind'),
};

test('every error class has a sample here', () => {
  const classes = Object.keys(errors).filter((name) => name !== 'StagekeeperError');
  assert.deepEqual(classes.toSorted(), Object.keys(samples).toSorted());
});

for (const [name, error] of Object.entries(samples)) {
  test(`${name} has its name, a code and the base class`, () => {
    assert.ok(error instanceof errors.StagekeeperError);
    assert.ok(error instanceof Error);
    assert.equal(error.constructor.name, name);
    assert.equal(error.name, name);
    assert.equal(String(error), `${name}: ${error.message}`);
    assert.match(error.stack ?? '', new RegExp(`^${name}: `), 'the stack begins with the class');
    assert.match(error.code, /^ERR_[A-Z]+(_[A-Z]+)*$/);
    assert.equal(error.code, codeFor(name), 'the code follows from the name');
  });
}

test('no two classes share a code', () => {
  const codes = Object.values(samples).map((error) => error.code);
  assert.equal(new Set(codes).size, codes.length);
});

test('the README lists exactly the error classes, with their codes', () => {
  const rows = readme().matchAll(/^\| `(\w+Error)` +\| `(ERR_\w+)` +\| +\S/gm);
  const documented = [...rows].map(([, name = '', code = '']) => `${name} ${code}`);
  const existing = Object.entries(samples).map(([name, { code }]) => `${name} ${code}`);
  assert.deepEqual(documented.toSorted(), existing.toSorted());
});

test('the message of a TreeError has every problem, with place, code and remedy', () => {
  const { message } = samples.TreeError;
  assert.match(message, /The tree \/etc cannot be used:/);
  assert.match(message, /\/etc\/services\.d\/web: has no run \(run-missing\) Write one\./);
  assert.match(message, /down-signal:1: is no signal \(value-invalid\)/);
});

test('the message of an UnknownServiceError has the nearest name and all names', () => {
  assert.match(samples.UnknownServiceError.message, /'wbe'.*Did you mean 'web'\?.*web, db/);
  const alone = new errors.UnknownServiceError('web', [], undefined);
  assert.equal(alone.message, "No service is named 'web'. The tree has no services.");
});

test('the message of a TimeoutError has the operation, its timeout and what it still waits for', () => {
  assert.equal(
    samples.TimeoutError.message,
    'Stopping web took longer than 500 ms. Still awaited: web, web/log.',
  );
  assert.equal(new errors.TimeoutError('It', 1, []).message, 'It took longer than 1 ms.');
});

test('the message of an InitFailedError has the script and its exit code', () => {
  assert.match(samples.InitFailedError.message, /'10-first' failed \(exit code 3\)/);
});

test('the message of a ServiceFailedError has the service and the reason', () => {
  assert.match(samples.ServiceFailedError.message, /'web' did not come up: finish said 125\./);
});

/** `UnknownServiceError` → `ERR_UNKNOWN_SERVICE`. */
function codeFor(name: string): string {
  const words = name.replace(/Error$/, '').match(/[A-Z][a-z]+/g) ?? [];
  return ['ERR', ...words.map((word) => word.toUpperCase())].join('_');
}

function readme(): string {
  return readFileSync(new URL('../README.md', import.meta.url), 'utf8');
}

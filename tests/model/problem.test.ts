import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeProblem, problem } from '../../lib/model/problem.ts';

test('a problem has the severity of its code, and only the fields that it was given', () => {
  assert.deepEqual(problem('root-missing', '/srv/tree', 'there is no such folder.'), {
    code: 'root-missing',
    severity: 'error',
    path: '/srv/tree',
    message: 'there is no such folder.',
  });
  assert.equal(problem('run-missing', 'services.d/web', 'm').severity, 'warning');
});

test('a problem that leaves nothing sensible to run is an error, any other a warning', () => {
  const errors = ['root-missing', 'root-not-a-folder', 'root-unreadable', 'no-stage'] as const;
  const inCode = ['tree-invalid', 'duplicate-name'] as const;
  for (const code of [...errors, ...inCode]) assert.equal(problem(code, '', '').severity, 'error');
  const warnings = ['interpreter-crlf', 'value-out-of-range', 'unspawnable', 'killed'] as const;
  for (const code of warnings) assert.equal(problem(code, '', '').severity, 'warning');
});

test('a problem on one line has place, message, code and remedy', () => {
  const full = { line: 3, remedy: 'Write a number.' };
  assert.equal(
    describeProblem(problem('value-invalid', 'web/timeout-kill', 'abc is no number', full)),
    'web/timeout-kill:3: abc is no number (value-invalid) Write a number.',
  );
});

test('a problem without a line and a remedy leaves them out', () => {
  assert.equal(
    describeProblem(problem('run-missing', 'services.d/web', 'there is no run')),
    'services.d/web: there is no run (run-missing)',
  );
});

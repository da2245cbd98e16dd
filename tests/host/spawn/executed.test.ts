import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExecPlan } from '../../../lib/host/spawn/exec-plan.ts';
import { executedBy } from '../../../lib/host/spawn/executed.ts';

const plan: ExecPlan = {
  file: 'sh',
  args: ['-c', 'exit'],
  directory: undefined,
  environment: { PATH: '/nowhere:/usr/bin:/bin' },
  account: {},
  withHost: false,
};
const account = { program: ['/bin/changer', '--'] };

test('a program that changes the account comes before the program of the plan', () => {
  assert.deepEqual(executedBy(plan), { file: 'sh', args: ['-c', 'exit'] });
  const args = ['--', 'sh', '-c', 'exit'];
  assert.deepEqual(executedBy({ ...plan, account }), { file: '/bin/changer', args });
});

test('a program that does not exist fails before the account is changed', () => {
  for (const file of ['/nowhere/it', './it', 'no-such-program']) {
    assert.throws(() => executedBy({ ...plan, file, account }), { code: 'ENOENT' });
  }
  assert.throws(() => executedBy({ ...plan, account, environment: { PATH: '/nowhere' } }));
});

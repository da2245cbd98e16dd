import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verdictOf } from '../../lib/model/verdict.ts';

test('without an ending the host has stopped it', () => {
  assert.deepEqual(verdictOf(null, []), { reason: 'stopped', exitCode: 0, killed: [] });
});

test('an ending is the verdict, with who had to be killed', () => {
  const ending = { reason: 'essential', exitCode: 7, service: 'web' } as const;
  assert.deepEqual(verdictOf(ending, ['api', 'web/log']), {
    reason: 'essential',
    exitCode: 7,
    service: 'web',
    killed: ['api', 'web/log'],
  });
});

test('a verdict has only the fields that its reason gives', () => {
  const verdict = verdictOf({ reason: 'signal', exitCode: 143, signal: 'SIGTERM' }, []);
  assert.deepEqual(Object.keys(verdict).sort(), ['exitCode', 'killed', 'reason', 'signal']);
});

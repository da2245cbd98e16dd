import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verdictOf } from '../../lib/model/verdict.ts';

test('without a request for the end, the verdict is that the host stopped the supervisor', () => {
  assert.deepEqual(verdictOf(null, []), { reason: 'stopped', exitCode: 0, killed: [] });
});

test('a request for the end becomes the verdict, with the names of what was killed', () => {
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

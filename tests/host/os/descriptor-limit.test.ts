import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leavesRoom, openFilesLimit } from '../../../lib/host/os/descriptor-limit.ts';

test('each pipe without its processes needs descriptors for them', () => {
  assert.equal(leavesRoom(24, 1, 64), true);
  assert.equal(leavesRoom(60, 1, 64), false);
  assert.equal(leavesRoom(24, 1, 40), true);
  assert.equal(leavesRoom(24, 3, 40), false, 'the others need some, too');
  assert.equal(leavesRoom(10_000, 1000, Infinity), true);
});

test('the limit of open files is known', () => {
  assert.ok(openFilesLimit() > 20);
});

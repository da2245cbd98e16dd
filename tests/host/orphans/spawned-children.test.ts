import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { SpawnedChildren } from '../../../lib/host/orphans/spawned-children.ts';

function children(t: TestContext): SpawnedChildren {
  const spawned = new SpawnedChildren();
  spawned.begin();
  t.after(() => {
    spawned.end();
  });
  return spawned;
}

test('a spawned child is listed until Node has reported its exit', async (t) => {
  const early = spawn('true', { stdio: 'ignore' });
  const spawned = children(t);
  assert.deepEqual(spawned.pids(), new Set());
  const one = spawn('sleep', ['600'], { stdio: 'ignore' });
  const other = execFile('sleep', ['600']);
  const [first = 0, second = 0] = [one.pid, other.pid];
  assert.deepEqual(spawned.pids(), new Set([first, second]));
  assert.equal(spawned.has(first), true);
  one.kill('SIGKILL');
  await once(one, 'exit');
  assert.deepEqual(spawned.pids(), new Set([second]));
  assert.equal(spawned.has(first), false);
  other.kill('SIGKILL');
  await once(other, 'exit');
  if (early.exitCode === null) await once(early, 'exit');
  assert.deepEqual([spawned.pids(), early.exitCode], [new Set(), 0]);
});

test('a child that cannot be run is not listed', async (t) => {
  const spawned = children(t);
  const missing = spawn('/no/such/program');
  await once(missing, 'error');
  assert.throws(() => spawn('true', ['\0']));
  assert.throws(() => spawn('true', ['x'.repeat(10_000_000)]), { code: 'E2BIG' });
  assert.deepEqual(spawned.pids(), new Set());
});

test('no child is listed after end()', async () => {
  const spawned = new SpawnedChildren();
  spawned.begin();
  const one = spawn('true', { stdio: 'ignore' });
  spawned.end();
  const other = spawn('true', { stdio: 'ignore' });
  assert.deepEqual([spawned.pids(), spawned.has(one.pid ?? 0)], [new Set(), false]);
  await Promise.all([once(one, 'exit'), once(other, 'exit')]);
});

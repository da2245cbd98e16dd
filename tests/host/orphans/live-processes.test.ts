import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { LiveProcesses } from '../../../lib/host/orphans/live-processes.ts';

/** Everybody, and all that a watcher hears of them. */
function living(): { them: LiveProcesses; told: string[] } {
  const told: string[] = [];
  const them = new LiveProcesses();
  them.watch({ changed: (id, kind) => void told.push(`${kind} ${id}`) });
  return { them, told };
}

/** Beyond the largest pid that Linux has: nobody. */
const nobody = 5_000_000;

test('who comes and goes is told to all who watch', () => {
  const { them, told } = living();
  const other: number[] = [];
  them.watch({ changed: (id) => void other.push(id) });
  them.add(100);
  them.add(200, 'process');
  assert.deepEqual(
    [...them.entries()],
    [
      [100, 'group'],
      [200, 'process'],
    ],
  );
  them.delete(100);
  assert.equal(them.size, 1);
  them.delete(200);
  assert.deepEqual(told, ['group 100', 'process 200', 'gone 100', 'gone 200']);
  assert.deepEqual(other, [100, 200, 100, 200]);
});

test('nobody goes twice', () => {
  const { them, told } = living();
  them.add(100);
  them.delete(100);
  them.delete(100);
  assert.deepEqual(told, ['group 100', 'gone 100']);
});

test('what is swept is who was left behind, not a new child with that number', () => {
  const { them } = living();
  them.add(nobody);
  them.leave(nobody);
  assert.deepEqual([...them.entries()], [[nobody, 'leaderless']]);
  them.add(nobody);
  them.swept(nobody);
  assert.deepEqual([...them.entries()], [[nobody, 'group']]);
  them.leave(nobody);
  them.swept(nobody);
  assert.equal(them.size, 0);
});

test('groups without their leaders are forgotten when nobody is in them any more', (t) => {
  const { them, told } = living();
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  t.after(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const pid = child.pid ?? 0;
  them.leave(nobody);
  them.leave(pid);
  them.leave(nobody + 1);
  assert.deepEqual(told.slice(1, 3), [`gone ${nobody}`, `leaderless ${pid}`]);
  assert.deepEqual(
    [...them.entries()].map(([id]) => id),
    [pid, nobody + 1],
  );
});

test('after an orderly end only whoever has a leader is left', () => {
  const { them } = living();
  them.leave(nobody);
  them.add(100);
  them.forgetLeaderless();
  assert.deepEqual([...them.entries()], [[100, 'group']]);
});

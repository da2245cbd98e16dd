import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { LiveProcesses } from '../../../lib/host/orphans/live-processes.ts';

/** A list, and the changes that its watcher gets. */
function watchedList(): { list: LiveProcesses; changes: string[] } {
  const changes: string[] = [];
  const list = new LiveProcesses();
  list.watch({ changed: (id, kind) => void changes.push(`${kind} ${id}`) });
  return { list, changes };
}

/** Beyond the largest pid of Linux: no process has it. */
const absent = 5_000_000;

test('each watcher gets each change of the list', () => {
  const { list, changes } = watchedList();
  const other: number[] = [];
  list.watch({ changed: (id) => void other.push(id) });
  list.add(100);
  list.add(200, 'process');
  assert.deepEqual(
    [...list.entries()],
    [
      [100, 'group'],
      [200, 'process'],
    ],
  );
  list.delete(100);
  assert.equal(list.size, 1);
  list.delete(200);
  assert.deepEqual(changes, ['group 100', 'process 200', 'gone 100', 'gone 200']);
  assert.deepEqual(other, [100, 200, 100, 200]);
});

test('a removal is reported once', () => {
  const { list, changes } = watchedList();
  list.add(100);
  list.delete(100);
  list.delete(100);
  assert.deepEqual(changes, ['group 100', 'gone 100']);
});

test('a sweep removes a group with a dead leader, not a new child with the same number', () => {
  const { list } = watchedList();
  list.add(absent);
  list.leave(absent);
  assert.deepEqual([...list.entries()], [[absent, 'leaderless']]);
  list.add(absent);
  list.swept(absent);
  assert.deepEqual([...list.entries()], [[absent, 'group']]);
  list.leave(absent);
  list.swept(absent);
  assert.equal(list.size, 0);
});

test('a group with a dead leader is removed when it has no members any more', (t) => {
  const { list, changes } = watchedList();
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  t.after(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const pid = child.pid ?? 0;
  list.leave(absent);
  list.leave(pid);
  list.leave(absent + 1);
  assert.deepEqual(changes.slice(1, 3), [`gone ${absent}`, `leaderless ${pid}`]);
  assert.deepEqual(
    [...list.entries()].map(([id]) => id),
    [pid, absent + 1],
  );
});

test('after an orderly end only groups with a leader stay on the list', () => {
  const { list } = watchedList();
  list.leave(absent);
  list.add(100);
  list.forgetLeaderless();
  assert.deepEqual([...list.entries()], [[100, 'group']]);
});

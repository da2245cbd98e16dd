/*
 * Processes that have left their group and their session (daemons) are found and ended when the spawner sweeps.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Leftover } from '../../../lib/model/leftover.ts';
import { isAlive, isAtRest, read, until } from '../../processes.ts';
import type { Rig } from '../rig.ts';
import { rig, sweepDaemonized } from '../rig.ts';

/** Milliseconds: far more than a process needs that exits on TERM. */
const grace = 5000;

/** Runs a script as a daemon, in a session of its own and with a dead parent; returns its pid. */
async function startDaemon(made: Rig, script: string): Promise<number> {
  const pidFile = join(made.folder, 'daemon');
  const file = made.file('script', `ready() { echo $$ > ${pidFile}; }\n${script}\n`);
  const life = made.sh(`setsid sh ${file} & until test -s ${pidFile}; do sleep 0.01; done`, {
    stdout: 'ignore',
    stderr: 'ignore',
  });
  assert.deepEqual(await life.over, { code: 0, signal: null });
  const pid = Number(read(pidFile));
  // A process has no environment for a moment while it executes another program, and could not be found then.
  await until(() => isAtRest(pid), 'the daemon at rest');
  assert.equal(isAlive(pid), true);
  return pid;
}

test('a sweep ends a daemon', async (t) => {
  const made = await rig(t);
  const pid = await startDaemon(made, 'ready; exec sleep 600');
  await sweepDaemonized(made.spawner, grace);
  assert.equal(isAlive(pid), false);
});

test('a daemon can clean up after TERM', async (t) => {
  const made = await rig(t);
  const bye = join(made.folder, 'bye');
  const pid = await startDaemon(
    made,
    `trap 'echo bye > ${bye}; exit' TERM; ready; while :; do sleep 0.02; done`,
  );
  const killed = await sweepDaemonized(made.spawner, grace);
  assert.deepEqual([isAlive(pid), killed], [false, []]);
  assert.equal(read(bye), 'bye\n');
});

test('a daemon is not killed before the grace has passed', async (t) => {
  const made = await rig(t);
  const bye = join(made.folder, 'bye');
  const slow = `trap 'sleep 0.8; echo bye > ${bye}; exit' TERM; ready; while :; do sleep 0.02; done`;
  const pid = await startDaemon(made, slow);
  assert.deepEqual(await sweepDaemonized(made.spawner, grace), []);
  assert.deepEqual([isAlive(pid), read(bye)], [false, 'bye\n']);
});

test('a daemon is killed at once with a grace of 0', async (t) => {
  const made = await rig(t);
  const bye = join(made.folder, 'bye');
  const pid = await startDaemon(
    made,
    `trap 'echo bye > ${bye}; exit' TERM; ready; while :; do sleep 0.02; done`,
  );
  const killed = await sweepDaemonized(made.spawner, 0);
  assert.ok(killed.some((one) => one.pid === pid));
  assert.deepEqual([isAlive(pid), read(bye)], [false, '']);
});

test('a second sweep beside the first shortens the grace', async (t) => {
  const made = await rig(t);
  const pid = await startDaemon(made, `trap '' TERM; ready; exec sleep 600`);
  const [long, short] = [sweepDaemonized(made.spawner, 60_000), sweepDaemonized(made.spawner, 200)];
  assert.deepEqual(await short, [{ pid, name: 'sleep' }]);
  assert.deepEqual(await long, []);
});

test('a sweep leaves living children and their descendants alone', async (t) => {
  const made = await rig(t);
  const pids = join(made.folder, 'pids');
  const daemon = await startDaemon(made, 'ready; exec sleep 600');
  const child = made.sh(
    `setsid sleep 600 & echo $! > ${pids}; sleep 600 & echo $! >> ${pids}; echo up; wait`,
    { stderr: 'ignore' },
  );
  await child.tells('stdout: up');
  const own = read(pids).trim().split('\n').map(Number);
  await sweepDaemonized(made.spawner, grace);
  assert.equal(isAlive(daemon), false);
  assert.deepEqual([child.exit, ...own.map(isAlive)], [undefined, true, true]);
  child.kill('SIGKILL', 'group');
  await child.over;
});

test('a sweep ends a daemon that a leftover of a dead child has started', async (t) => {
  const made = await rig(t);
  const pids = join(made.folder, 'pids');
  // The leftover in the group is the parent of the daemon, and exits only when it is swept.
  const left = made.file('left', `setsid sleep 600 & echo $! > ${pids}; wait`);
  const life = made.sh(`sh ${left} & until test -s ${pids}; do sleep 0.01; done`, {
    stdout: 'ignore',
    stderr: 'ignore',
  });
  await life.over;
  const pid = Number(read(pids));
  const ending = sweepDaemonized(made.spawner, grace);
  await life.swept(grace);
  assert.deepEqual(await ending, []);
  assert.equal(isAlive(pid), false);
});

test('a daemon that ignores TERM is killed together with its children', async (t) => {
  const made = await rig(t);
  const pids = join(made.folder, 'pids');
  const pid = await startDaemon(
    made,
    `trap '' TERM; sleep 600 & echo $! > ${pids}; setsid sleep 600 & echo $! >> ${pids}; ready; wait`,
  );
  const children = read(pids).trim().split('\n').map(Number);
  assert.equal(children.length, 2);
  const killed = await sweepDaemonized(made.spawner, 200);
  assert.deepEqual([pid, ...children].map(isAlive), [false, false, false]);
  const isDaemon = (one: Leftover): boolean => one.pid === pid;
  assert.deepEqual(killed.filter(isDaemon), [{ pid, name: 'sh' }], 'the killed daemon is reported');
  assert.ok(killed.every((one) => isDaemon(one) || one.name === 'sleep'));
});

test('a daemon that drops its environment after TERM is killed', async (t) => {
  const made = await rig(t);
  const pid = await startDaemon(
    made,
    `trap 'exec env -i sleep 600' TERM; ready; while :; do sleep 0.02; done`,
  );
  await sweepDaemonized(made.spawner, 200);
  assert.equal(isAlive(pid), false);
});

test('a process with the marker is left alone if its parent was not started by the spawner', async (t) => {
  const made = await rig(t);
  await made.sh('exit 0').over;
  const marker = `STAGEKEEPER_RUNTIME=${made.runtime.path}`;
  const script = `env ${marker} sleep 600 & echo $!; wait`;
  const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [text] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(text.toString());
  await until(() => read(`/proc/${pid}/environ`).includes(marker), 'the marker');
  await sweepDaemonized(made.spawner, grace);
  const survived = isAlive(pid);
  process.kill(pid, 'SIGKILL');
  await once(parent, 'close');
  assert.equal(survived, true);
});

test('a sweep ends nothing if the host itself carries the marker, which then marks other processes too', async (t) => {
  const made = await rig(t);
  const pid = await startDaemon(made, 'ready; exec sleep 600');
  process.env['STAGEKEEPER_RUNTIME'] = made.runtime.path;
  try {
    await sweepDaemonized(made.spawner, grace);
    assert.equal(isAlive(pid), true);
  } finally {
    delete process.env['STAGEKEEPER_RUNTIME'];
    process.kill(pid, 'SIGKILL');
  }
});

test('a sweep leaves the daemons and children of another spawner alone', async (t) => {
  const [one, other] = [await rig(t), await rig(t)];
  const pid = await startDaemon(one, 'ready; exec sleep 600');
  const child = one.sh('exec sleep 600');
  await child.tells('spawned');
  await other.sh('exit 0').over;
  await sweepDaemonized(other.spawner, grace);
  assert.deepEqual([isAlive(pid), isAlive(Number(child.pid))], [true, true]);
  child.kill('SIGTERM');
  await child.over;
  await sweepDaemonized(one.spawner, grace);
  assert.equal(isAlive(pid), false);
});

/*
 * Processes that have left their group and their session, and are found all the same when everything ends.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Leftover } from '../../../lib/model/leftover.ts';
import { isAlive, isAtRest, read, until } from '../../processes.ts';
import type { Rig } from '../rig.ts';
import { rig, sweepRunaways } from '../rig.ts';

/** Milliseconds that nobody needs who heeds TERM. */
const grace = 5000;

/** Lets a script run in a session of its own, whose parent is dead; returns its pid. */
async function daemonise(made: Rig, script: string): Promise<number> {
  const pidFile = join(made.folder, 'daemon');
  const file = made.file('script', `ready() { echo $$ > ${pidFile}; }\n${script}\n`);
  const life = made.sh(`setsid sh ${file} & until test -s ${pidFile}; do sleep 0.01; done`, {
    stdout: 'ignore',
    stderr: 'ignore',
  });
  assert.deepEqual(await life.over, { code: 0, signal: null });
  const pid = Number(read(pidFile));
  // Who is becoming another program has no environment for a moment, and could not be found by it.
  await until(() => isAtRest(pid), 'the daemon at rest');
  assert.equal(isAlive(pid), true);
  return pid;
}

test('a daemon does not outlive the end', async (t) => {
  const made = await rig(t);
  const pid = await daemonise(made, 'ready; exec sleep 600');
  await sweepRunaways(made.spawner, grace);
  assert.equal(isAlive(pid), false);
});

test('a daemon may clean up', async (t) => {
  const made = await rig(t);
  const bye = join(made.folder, 'bye');
  const pid = await daemonise(
    made,
    `trap 'echo bye > ${bye}; exit' TERM; ready; while :; do sleep 0.02; done`,
  );
  const killed = await sweepRunaways(made.spawner, grace);
  assert.deepEqual([isAlive(pid), killed], [false, []]);
  assert.equal(read(bye), 'bye\n');
});

test('a daemon has as long to clean up as it is left', async (t) => {
  const made = await rig(t);
  const bye = join(made.folder, 'bye');
  const slow = `trap 'sleep 0.8; echo bye > ${bye}; exit' TERM; ready; while :; do sleep 0.02; done`;
  const pid = await daemonise(made, slow);
  assert.deepEqual(await sweepRunaways(made.spawner, grace), []);
  assert.deepEqual([isAlive(pid), read(bye)], [false, 'bye\n']);
});

test('a daemon that is left no time is killed at once', async (t) => {
  const made = await rig(t);
  const bye = join(made.folder, 'bye');
  const pid = await daemonise(
    made,
    `trap 'echo bye > ${bye}; exit' TERM; ready; while :; do sleep 0.02; done`,
  );
  const killed = await sweepRunaways(made.spawner, 0);
  assert.ok(killed.some((one) => one.pid === pid));
  assert.deepEqual([isAlive(pid), read(bye)], [false, '']);
});

test('a second sweep beside the first shortens the time', async (t) => {
  const made = await rig(t);
  const pid = await daemonise(made, `trap '' TERM; ready; exec sleep 600`);
  const [patient, short] = [sweepRunaways(made.spawner, 60_000), sweepRunaways(made.spawner, 200)];
  assert.deepEqual(await short, [{ pid, name: 'sleep' }]);
  assert.deepEqual(await patient, []);
});

test('living children are left alone, with all that they look after', async (t) => {
  const made = await rig(t);
  const pids = join(made.folder, 'pids');
  const daemon = await daemonise(made, 'ready; exec sleep 600');
  const child = made.sh(
    `setsid sleep 600 & echo $! > ${pids}; sleep 600 & echo $! >> ${pids}; echo up; wait`,
    { stderr: 'ignore' },
  );
  await child.tells('stdout: up');
  const own = read(pids).trim().split('\n').map(Number);
  await sweepRunaways(made.spawner, grace);
  assert.equal(isAlive(daemon), false);
  assert.deepEqual([child.exit, ...own.map(isAlive)], [undefined, true, true]);
  child.kill('SIGKILL', 'group');
  await child.over;
});

test('who runs away from what a dead child has left in its group is ended, too', async (t) => {
  const made = await rig(t);
  const pids = join(made.folder, 'pids');
  // The one that is left in the group looks after the one that is not, and goes only when it is swept.
  const left = made.file('left', `setsid sleep 600 & echo $! > ${pids}; wait`);
  const life = made.sh(`sh ${left} & until test -s ${pids}; do sleep 0.01; done`, {
    stdout: 'ignore',
    stderr: 'ignore',
  });
  await life.over;
  const pid = Number(read(pids));
  const ending = sweepRunaways(made.spawner, grace);
  await life.swept(grace);
  assert.deepEqual(await ending, []);
  assert.equal(isAlive(pid), false);
});

test('a daemon that ignores TERM is killed, and its children go with it', async (t) => {
  const made = await rig(t);
  const pids = join(made.folder, 'pids');
  const pid = await daemonise(
    made,
    `trap '' TERM; sleep 600 & echo $! > ${pids}; setsid sleep 600 & echo $! >> ${pids}; ready; wait`,
  );
  const children = read(pids).trim().split('\n').map(Number);
  assert.equal(children.length, 2);
  const killed = await sweepRunaways(made.spawner, 200);
  assert.deepEqual([pid, ...children].map(isAlive), [false, false, false]);
  const isDaemon = (one: Leftover): boolean => one.pid === pid;
  assert.deepEqual(killed.filter(isDaemon), [{ pid, name: 'sh' }], 'and told');
  assert.ok(killed.every((one) => isDaemon(one) || one.name === 'sleep'));
});

test('a daemon that hides when it is told to end is killed all the same', async (t) => {
  const made = await rig(t);
  const pid = await daemonise(
    made,
    `trap 'exec env -i sleep 600' TERM; ready; while :; do sleep 0.02; done`,
  );
  await sweepRunaways(made.spawner, 200);
  assert.equal(isAlive(pid), false);
});

test('who is looked after by somebody else is left alone, whatever is in the environment', async (t) => {
  const made = await rig(t);
  await made.sh('exit 0').over;
  const marker = `STAGEKEEPER_RUNTIME=${made.runtime.path}`;
  const script = `env ${marker} sleep 600 & echo $!; wait`;
  const somebody = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [text] = (await once(somebody.stdout, 'data')) as [Buffer];
  const pid = Number(text.toString());
  await until(() => read(`/proc/${pid}/environ`).includes(marker), 'the marker');
  await sweepRunaways(made.spawner, grace);
  const survived = isAlive(pid);
  process.kill(pid, 'SIGKILL');
  await once(somebody, 'close');
  assert.equal(survived, true);
});

test('nobody is ended if we carry the marker ourselves: it marks more than our own children', async (t) => {
  const made = await rig(t);
  const pid = await daemonise(made, 'ready; exec sleep 600');
  process.env['STAGEKEEPER_RUNTIME'] = made.runtime.path;
  try {
    await sweepRunaways(made.spawner, grace);
    assert.equal(isAlive(pid), true);
  } finally {
    delete process.env['STAGEKEEPER_RUNTIME'];
    process.kill(pid, 'SIGKILL');
  }
});

test('another life, with its own folder, is left alone', async (t) => {
  const [one, other] = [await rig(t), await rig(t)];
  const pid = await daemonise(one, 'ready; exec sleep 600');
  const child = one.sh('exec sleep 600');
  await child.tells('spawned');
  await other.sh('exit 0').over;
  await sweepRunaways(other.spawner, grace);
  assert.deepEqual([isAlive(pid), isAlive(Number(child.pid))], [true, true]);
  child.kill('SIGTERM');
  await child.over;
  await sweepRunaways(one.spawner, grace);
  assert.equal(isAlive(pid), false);
});

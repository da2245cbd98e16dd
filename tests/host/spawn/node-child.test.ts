/*
 * How real processes announce their readiness, and what does not count as an announcement.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rig, waitFor } from '../rig.ts';
import { testEachWay as test } from '../ways.ts';

const at3 = { notificationFd: 3, stdout: 'ignore', stderr: 'ignore' } as const;

test('a newline announces readiness, whatever precedes it', async (t) => {
  const { sh } = await rig(t);
  for (const text of ['\\n', 'READY=1\\n', 'ready']) {
    const life = sh(`printf '${text}' >&3; exec sleep 600`, at3);
    if (text.endsWith('\\n')) await life.tells('announced');
    else await life.tells('spawned');
    life.kill('SIGTERM');
    await life.over;
    const expected = text.endsWith('\\n') ? ['announced'] : [];
    assert.deepEqual(life.told, ['spawned', ...expected, 'exited SIGTERM']);
  }
});

test('several newlines announce once, and later writes do not kill the process', async (t) => {
  const { sh } = await rig(t);
  const life = sh(
    'printf "\\n\\n" >&3; i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); echo "$i and much more text to fill a pipe with, again and again" >&3 || exit 9; done; exit 3',
    at3,
  );
  await life.over;
  assert.deepEqual(life.told, ['spawned', 'announced', 'exited 3']);
});

test('end-of-file without a newline announces nothing', async (t) => {
  const { sh } = await rig(t);
  const life = sh('printf junk >&3; exec 3>&-; echo closed; exec sleep 600', {
    notificationFd: 3,
  });
  await life.tells('stdout: closed');
  life.kill('SIGTERM');
  await life.over;
  assert.deepEqual(life.told, ['spawned', 'stdout: closed', 'exited SIGTERM']);
});

test('an announcement right before the exit is reported before it', async (t) => {
  const { sh } = await rig(t);
  for (let count = 0; count < 20; count++) {
    const life = sh('echo >&3', at3);
    await life.over;
    assert.deepEqual(life.told, ['spawned', 'announced', 'exited 0']);
  }
});

test('a leftover that holds the descriptor announces nothing, and does not delay the exit', async (t) => {
  const { sh, file, folder } = await rig(t);
  const life = sh(`(${waitFor(`${folder}/go`)}; echo >&3; echo late) & exit 0`, {
    notificationFd: 3,
  });
  await life.over;
  assert.equal(life.leftBehind, true);
  file('go', '');
  await life.tells('stdout: late');
  await life.swept(0);
  assert.equal(life.told.includes('announced'), false);
});

test('notification descriptor 1 replaces stdout, as under s6', async (t) => {
  const { sh } = await rig(t);
  for (const stdout of ['lines', 'inherit', { pipe: 'web' }] as const) {
    const life = sh('echo output; echo error >&2', { notificationFd: 1, stdout });
    await life.over;
    assert.deepEqual(life.told.toSorted(), ['announced', 'exited 0', 'spawned', 'stderr: error']);
  }
});

test('notification descriptor 0 replaces stdin, as under s6', async (t) => {
  const { sh } = await rig(t);
  for (const stdin of ['empty', { pipe: 'web' }] as const) {
    const life = sh('echo output; echo >&0; cat', { notificationFd: 0, stdin, name: 'web/log' });
    await life.tells('announced');
    assert.equal(await life.tells('stdout: '), 'stdout: output');
    life.kill('SIGKILL');
    await life.over;
  }
});

test('notification descriptor 2 replaces stderr', async (t) => {
  const { sh } = await rig(t);
  const life = sh('echo output; echo error >&2', { notificationFd: 2 });
  await life.over;
  assert.deepEqual(life.told.toSorted(), ['announced', 'exited 0', 'spawned', 'stdout: output']);
});

for (const notificationFd of [9, 1023, 10_736]) {
  test(`notification descriptor ${notificationFd} works`, async (t) => {
    const limit = openFiles();
    // The host needs one more descriptor for each that it moves out of the way.
    if (limit < notificationFd + 100) return t.skip(`no more than ${limit} open files`);
    const { start } = await rig(t);
    // sh has no syntax for descriptors above 9.
    const write = `require('fs').writeSync(${notificationFd}, '\\n'); setInterval(() => {}, 1000)`;
    const life = start({ program: { command: ['node', '-e', write] }, notificationFd });
    await life.tells('announced');
    life.kill('SIGTERM');
    await life.over;
  });
}

test('a notification descriptor beyond the limit is a failure that names it', async (t) => {
  const { sh } = await rig(t);
  const notificationFd = openFiles() + 1;
  if (notificationFd === Infinity) return t.skip('this kernel has no limit of open files');
  const life = sh('exit 0', { notificationFd });
  await life.over;
  assert.equal(life.told.length, 1);
  const message = life.failure?.message ?? '';
  assert.ok(message.includes(`notification-fd ${notificationFd} is beyond the limit`), message);
});

/** The limit of open files: Node raises its own to the maximum, and its children inherit it. */
function openFiles(): number {
  const limit = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim();
  return limit === 'unlimited' ? Infinity : Number(limit);
}

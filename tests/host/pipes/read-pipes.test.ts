/*
 * The lines that real processes print: all of them, in order, and before the exit where that is possible.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Fifos } from '../../../lib/host/pipes/fifos.ts';
import { longestLine } from '../../../lib/host/os/lines.ts';
import { openDescriptors, read, until, openedSince } from '../../processes.ts';
import { rig, waitFor } from '../rig.ts';
import { testEachWay as test, wayOf } from '../ways.ts';

test('20 000 lines are reported in order, and then the exit', async (t) => {
  const { sh } = await rig(t);
  const life = sh('i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); echo "line $i"; done');
  await life.over;
  assert.deepEqual(
    life.lines,
    Array.from({ length: 20_000 }, (_, index) => `line ${index + 1}`),
  );
  assert.equal(life.told.at(-1), 'exited 0');
});

test('output right before the exit is reported before it, with and without a newline', async (t) => {
  const { sh } = await rig(t);
  for (let count = 0; count < 20; count++) {
    const life = sh('echo first; printf "grüße" >&2; exit 4');
    await life.over;
    assert.deepEqual(life.told.toSorted(), [
      'exited 4',
      'spawned',
      'stderr: grüße',
      'stdout: first',
    ]);
    assert.equal(life.told.at(-1), 'exited 4');
  }
});

test('an endless line is reported in pieces', async (t) => {
  const { sh } = await rig(t);
  const life = sh(`head -c ${longestLine * 2 + 5} /dev/zero | tr '\\0' x`);
  await life.over;
  assert.deepEqual(
    life.lines.map((line) => line.length),
    [longestLine, longestLine, 5],
  );
});

test('a process that holds the pipe after the exit does not delay its report, and its lines are reported', async (t) => {
  const { sh, folder, file } = await rig(t);
  const life = sh(`(${waitFor(`${folder}/go`)}; echo later; printf rest) & echo now`);
  await life.over;
  assert.deepEqual(life.told, ['spawned', 'stdout: now', 'exited 0']);
  file('go', '');
  await life.tells('stdout: rest');
  assert.deepEqual(life.told.slice(3), ['stdout: later', 'stdout: rest']);
});

test('a daemon that holds the pipe is not killed by writing to it', async (t) => {
  const { sh, folder, file } = await rig(t);
  const life = sh(
    `setsid sh -c '${waitFor(`${folder}/go`)}; echo later; echo wrote > ${folder}/wrote' & exit 0`,
  );
  await life.over;
  file('go', '');
  await life.tells('stdout: later');
  assert.deepEqual(life.told.slice(0, 2), ['spawned', 'exited 0']);
  await until(() => read(join(folder, 'wrote')) === 'wrote\n', 'the next command of the daemon');
});

test('pipes are used again: a thousand runs need no more files than the first one', async (t) => {
  const { sh, runtime } = await rig(t);
  await sh('echo').over;
  const before = openDescriptors();
  const count = (): number =>
    Number(
      execFileSync('sh', ['-c', `find ${runtime.path} -type p | wc -l`], { encoding: 'utf8' }),
    );
  const made = count();
  for (let turn = 0; turn < 10; turn++) await sh('echo', { notificationFd: 3 }).over;
  assert.ok(count() <= made + 1, `${count()} pipes`);
  assert.deepEqual(openedSince(before), []);
});

test('output arrives even if a script clears the runtime directory', async (t) => {
  const { sh } = await rig(t);
  await sh('echo; rm -rf "$STAGEKEEPER_RUNTIME"/pipes-*').over;
  for (const text of ['one', 'two']) {
    const life = sh(`echo ${text}`);
    await life.over;
    assert.deepEqual(life.lines, [text]);
  }
});

test('output arrives without mkfifo, too', async (t) => {
  const { sh } = await rig(t);
  t.mock.method(Fifos.prototype, 'make', () => Promise.reject(new Error('no FIFOs here')));
  const life = sh('echo one; echo two >&2; echo >&3; exit 5', { notificationFd: 3 });
  await life.over;
  assert.deepEqual(life.told.toSorted(), [
    'announced',
    'exited 5',
    'spawned',
    'stderr: two',
    'stdout: one',
  ]);
  const logged = sh('exit 0', { stdout: { pipe: 'web' } });
  await logged.over;
  if (wayOf(t) === 'native') assert.deepEqual(logged.told, ['spawned', 'exited 0']);
  else assert.match(logged.failure?.message ?? '', /its log pipe cannot be made: no FIFOs here/);
});

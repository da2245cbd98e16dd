/*
 * What dead processes leave behind, and how it is ended: with real processes.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { isAlive, read, until } from '../../processes.ts';
import type { Life, Rig } from '../rig.ts';
import { rig } from '../rig.ts';
import { without } from '../shells.ts';

/** A child that has ended, and the pids of those that it left behind: one for each script, told in its folder. */
async function abandon(
  t: TestContext,
  ...scripts: readonly string[]
): Promise<{ made: Rig; life: Life; left: readonly number[] }> {
  const made = await rig(t);
  const pidFile = (index: number): string => join(made.folder, `pid${index}`);
  const starts = scripts.map((script, index) => {
    const text = `cd ${made.folder}\nready() { echo $$ > pid${index}; }\n${script}\n`;
    return `sh ${made.file(`script${index}`, text)} &`;
  });
  const wait = scripts.map((_, index) => `test -s ${pidFile(index)}`).join(' && ');
  const life = made.sh(`${starts.join('\n')}\nuntil ${wait}; do sleep 0.01; done`, quiet);
  assert.deepEqual(await life.over, { code: 0, signal: null });
  const left = scripts.map((_, index) => Number(read(pidFile(index))));
  return { made, life, left };
}

const quiet = { stdout: 'ignore', stderr: 'ignore' } as const;

/** Does not go before its time, and leaves nothing behind itself. */
const stay = 'ready; while :; do sleep 0.02; done';

const sleep = 'ready; exec sleep 600';

test('whoever of the group lives on is told', async (t) => {
  const { life, left } = await abandon(t, sleep);
  assert.equal(life.leftBehind, true);
  assert.equal(life.lingers(), true);
  assert.deepEqual(left.map(isAlive), [true]);
  await life.swept(1000);
  assert.deepEqual(left.map(isAlive), [false]);
  assert.equal(life.lingers(), false);
});

test('who heeds TERM may clean up', async (t) => {
  const { made, life, left } = await abandon(t, `trap 'echo bye > bye; exit' TERM; ${stay}`, sleep);
  const begun = performance.now();
  assert.deepEqual(await life.swept(20_000), [], 'nobody is killed');
  assert.deepEqual(left.map(isAlive), [false, false]);
  assert.equal(read(join(made.folder, 'bye')), 'bye\n');
  assert.ok(performance.now() - begun < 10_000, 'and the time is not slept through');
});

test('who ignores TERM is killed when the time is over', async (t) => {
  const { life, left } = await abandon(t, `trap '' TERM; ${stay}`);
  const begun = performance.now();
  const killed = await life.swept(150);
  assert.deepEqual(left.map(isAlive), [false]);
  assert.ok(
    killed.some(({ pid, name }) => pid === left[0] && name === 'sh'),
    'and told',
  );
  assert.ok(performance.now() - begun >= 140);
});

test('without any time, at once', async (t) => {
  const { life, left } = await abandon(t, `trap '' TERM; ${stay}`);
  const killed = await life.swept(0);
  assert.deepEqual(left.map(isAlive), [false]);
  assert.ok(
    killed.some(({ pid }) => pid === left[0]),
    'and told',
  );
});

test('who is stopped goes, too', async (t) => {
  const { life, left } = await abandon(t, 'ready; kill -STOP $$; sleep 600');
  await until(() => / T /.test(read(`/proc/${left[0]}/stat`)), 'the stop');
  await life.swept(5000);
  assert.deepEqual(left.map(isAlive), [false]);
});

const skip = without('perl');

test('who has a group of its own in the same session goes, too', { skip }, async (t) => {
  const made = await rig(t);
  const life = made.sh(`perl -e 'setpgrp; $| = 1; print "$$\\n"; sleep 600' & read -r _`, {
    stdin: { pipe: 'it' },
    stderr: 'ignore',
  });
  await life.tells('stdout: ');
  const stray = Number(life.lines[0]);
  made.spawner.closePipe('it');
  await life.over;
  assert.equal(life.leftBehind, false, 'not in its group');
  assert.equal(isAlive(stray), true);
  await life.swept(1000);
  assert.equal(isAlive(stray), false);
});

test('whoever is alive is not swept', async (t) => {
  const { sh } = await rig(t);
  const life = sh('exec sleep 600');
  await life.tells('spawned');
  await life.swept(0);
  assert.equal(life.lingers(), false);
  assert.equal(isAlive(Number(life.pid)), true);
  life.kill('SIGTERM');
});

test('many are swept together in no more time than one', async (t) => {
  const made = await rig(t);
  const lives = Array.from({ length: 40 }, () => made.sh('sleep 600 &', quiet));
  await Promise.all(lives.map((life) => life.over));
  assert.ok(lives.every(({ leftBehind }) => leftBehind === true));
  const begun = performance.now();
  await Promise.all(lives.map((life) => life.swept(20_000)));
  assert.ok(performance.now() - begun < 10_000);
  assert.ok(lives.every((life) => !life.lingers()));
});

/*
 * The sweep of leftovers of dead processes, with real processes.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { isAlive, read, until } from '../../processes.ts';
import type { Life, Rig } from '../rig.ts';
import { rig } from '../rig.ts';
import { without } from '../shells.ts';

/** A child that has ended, and the pids of its leftovers: one for each script, written to a file in the folder. */
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

/** Exits only when it is signalled, and leaves nothing behind. */
const stay = 'ready; while :; do sleep 0.02; done';

const sleep = 'ready; exec sleep 600';

/** A grace, in milliseconds, that no test waits for. */
const aDay = 86_400_000;

test('an exit reports whether members of the group still live', async (t) => {
  const { life, left } = await abandon(t, sleep);
  assert.equal(life.leftBehind, true);
  assert.equal(life.lingers(), true);
  assert.deepEqual(left.map(isAlive), [true]);
  await life.swept(1000);
  assert.deepEqual(left.map(isAlive), [false]);
  assert.equal(life.lingers(), false);
});

test('a leftover that handles TERM can clean up', async (t) => {
  const { made, life, left } = await abandon(t, `trap 'echo bye > bye; exit' TERM; ${stay}`, sleep);
  assert.deepEqual(await life.swept(aDay), [], 'nothing is killed');
  assert.deepEqual(left.map(isAlive), [false, false]);
  assert.equal(read(join(made.folder, 'bye')), 'bye\n');
});

test('a leftover that ignores TERM is killed after the grace', async (t) => {
  const { life, left } = await abandon(t, `trap '' TERM; ${stay}`);
  const begun = performance.now();
  const killed = await life.swept(150);
  assert.deepEqual(left.map(isAlive), [false]);
  assert.ok(
    killed.some(({ pid, name }) => pid === left[0] && name === 'sh'),
    'they are reported',
  );
  assert.ok(performance.now() - begun >= 140);
});

test('leftovers are killed at once with a grace of 0', async (t) => {
  const { life, left } = await abandon(t, `trap '' TERM; ${stay}`);
  const killed = await life.swept(0);
  assert.deepEqual(left.map(isAlive), [false]);
  assert.ok(
    killed.some(({ pid }) => pid === left[0]),
    'they are reported',
  );
});

test('a stopped leftover is ended', async (t) => {
  const { life, left } = await abandon(t, 'ready; kill -STOP $$; sleep 600');
  await until(() => / T /.test(read(`/proc/${left[0]}/stat`)), 'the stop');
  await life.swept(5000);
  assert.deepEqual(left.map(isAlive), [false]);
});

const skip = without('perl');

test('a leftover with a group of its own in the same session is ended', { skip }, async (t) => {
  const made = await rig(t);
  const life = made.sh(`perl -e 'setpgrp; $| = 1; print "$$\\n"; sleep 600' & read -r _`, {
    stdin: { pipe: 'it' },
    stderr: 'ignore',
  });
  await life.tells('stdout: ');
  const stray = Number(life.lines[0]);
  made.spawner.closePipe('it');
  await life.over;
  assert.equal(life.leftBehind, false, 'it is not in the group');
  assert.equal(isAlive(stray), true);
  await life.swept(1000);
  assert.equal(isAlive(stray), false);
});

test('a living child is not swept', async (t) => {
  const { sh } = await rig(t);
  const life = sh('exec sleep 600');
  await life.tells('spawned');
  await life.swept(0);
  assert.equal(life.lingers(), false);
  assert.equal(isAlive(Number(life.pid)), true);
  life.kill('SIGTERM');
});

test('many sweeps at the same time do not wait for the whole grace', async (t) => {
  const made = await rig(t);
  const lives = Array.from({ length: 40 }, () => made.sh('sleep 600 &', quiet));
  await Promise.all(lives.map((life) => life.over));
  assert.ok(lives.every(({ leftBehind }) => leftBehind === true));
  await Promise.all(lives.map((life) => life.swept(aDay)));
  assert.ok(lives.every((life) => !life.lingers()));
});

/*
 * Processes that print faster than their lines are handled: the host's loop runs, and no line is lost or reordered.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { nodeSpawner } from '../../../lib/host/spawn/node-spawner.ts';
import { turnBudget } from '../../../lib/host/pipes/loop-budget.ts';
import { read, until } from '../../processes.ts';
import { Life, plain, rig, waitFor } from '../rig.ts';
import { without } from '../shells.ts';
import { posixOf, testEachWay as test, wayOf } from '../ways.ts';

/** Blocks the loop as long as output may block it in a turn. */
function spendBudget(): void {
  const end = performance.now() + turnBudget;
  while (performance.now() < end);
}

/** Counts what happens in each turn of the loop, from one check phase to the next. */
function perTurn(t: TestContext): { readonly count: () => void; readonly most: () => number } {
  let [now, most] = [0, 0];
  const next = (): void => {
    now = 0;
    turn = setImmediate(next);
  };
  let turn = setImmediate(next);
  t.after(() => {
    clearImmediate(turn);
  });
  return { count: () => void (most = Math.max(most, (now += 1))), most: () => most };
}

/** Listens to the reported lines until `body` is over; the unread rest is then read at full speed. */
async function listening(
  lives: readonly Life[],
  listen: () => void,
  body: () => Promise<void>,
): Promise<void> {
  for (const { told } of lives) {
    told.push = (...more) => {
      if (more.some((one) => one.startsWith('std'))) listen();
      return Array.prototype.push.apply(told, more);
    };
  }
  try {
    await body();
  } finally {
    for (const { told } of lives) told.push = Array.prototype.push.bind(told);
  }
}

function numbers(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => String(index + 1));
}

test('slow listeners get one line in a turn, of all spawners together', async (t) => {
  const { most, count } = perTurn(t);
  const { spawner, environment, runtime: runtimeDirectory } = await rig(t);
  const posix = posixOf(wayOf(t));
  const other = nodeSpawner({ environment, runtimeDirectory, keepEnvironment: true, posix });
  const lives = [spawner, other].flatMap((each) =>
    ['exec yes', 'exec yes >&2', 'yes & yes no'].map(
      (script) => new Life(each, { ...plain, program: { command: ['sh', '-c', script] } }),
    ),
  );
  const listen = (): void => {
    count();
    spendBudget();
  };
  try {
    await listening(lives, listen, async () => {
      for (const life of lives) await until(() => life.told.length > 10, 'lines of each');
    });
  } finally {
    for (const life of lives) life.kill('SIGKILL', 'group');
    for (const life of lives) await life.over;
    await other.close();
  }
  assert.equal(most(), 1);
});

test('a timer that is set during a flood of lines fires after a few more lines', async (t) => {
  const { sh } = await rig(t);
  const life = sh('exec yes');
  let [lines, atTimer] = [0, 0];
  const listen = (): void => {
    spendBudget();
    lines += 1;
    if (lines === 1) setTimeout(() => (atTimer = lines), 1);
  };
  await listening([life], listen, () => until(() => atTimer > 0, 'the timer'));
  assert.ok(atTimer <= 5, `after ${atTimer} lines`);
});

test('20 processes print at once: all lines of each are reported in order, and then its exit', async (t) => {
  const { sh } = await rig(t);
  const lives = Array.from({ length: 20 }, () => sh('seq 5000; seq 5000 >&2; exit 3'));
  for (const life of lives) await life.over;
  const expected = numbers(5000);
  for (const { told, lines } of lives) {
    assert.equal(told.at(-1), 'exited 3');
    assert.deepEqual(lines, expected);
    const errors = told.filter((one) => one.startsWith('stderr: ')).map((one) => one.slice(8));
    assert.deepEqual(errors, expected);
  }
});

test('an exit is reported after the output before it, although another process continues to print', async (t) => {
  const { sh, folder } = await rig(t);
  const life = sh(`(${waitFor(`${folder}/go`)}; exec yes later) & seq 20000; : > ${folder}/go`);
  await life.over;
  const exit = life.told.indexOf('exited 0');
  const before = life.told.slice(0, exit).filter((one) => one !== 'stdout: later');
  assert.deepEqual(before, ['spawned', ...numbers(20_000).map((line) => `stdout: ${line}`)]);
  await until(() => life.told.length > exit + 10_000, 'the lines that come later');
  assert.deepEqual([...new Set(life.told.slice(exit + 1))], ['stdout: later']);
  await life.swept(0);
});

test(
  'the exit comes after all that a large pipe held, although another process keeps it open',
  {
    skip: without('perl'),
  },
  async (t) => {
    const { start } = await rig(t);
    const setPipeSize = 1031;
    const fill = `fcntl(STDOUT, ${setPipeSize}, 1 << 20) or die; $| = 1; exec 'sleep', 600 unless fork;
    print join '', map { "$_\\n" } 1 .. 100_000; exit 7`;
    const life = start({ program: { command: ['perl', '-e', fill] } });
    await life.tells('spawned');
    // Without a turn of the loop, in which something would be read.
    while (!/^State:\tZ/m.test(read(`/proc/${life.pid}/status`)));
    await life.over;
    assert.deepEqual(life.lines, numbers(100_000));
    assert.equal(life.told.at(-1), 'exited 7');
    await life.swept(0);
  },
);

test('a flood of output after the readiness does not delay other events', async (t) => {
  const { sh } = await rig(t);
  const at3 = { notificationFd: 3, stdout: 'lines', stderr: 'ignore' } as const;
  const life = sh('(echo >&3; exec yes >&3) & seq 20000; wait', at3);
  await life.tells('announced');
  await life.tells('stdout: 20000');
  assert.deepEqual(life.lines, numbers(20_000));
  life.kill('SIGKILL', 'group');
  await life.over;
});

test('output during the stop is reported before the spawner is closed, even by a slow listener', async (t) => {
  const { sh, spawner } = await rig(t);
  const print = 'i=0; while [ $i -lt 200 ]; do i=$((i + 1)); echo $i; done; exit';
  const life = sh(
    `(trap '${print}' TERM; sleep 600 & echo trapped; wait) & read line <&-; wait $!`,
  );
  await life.tells('stdout: trapped');
  life.kill('SIGKILL');
  await life.over;
  await listening([life], spendBudget, async () => {
    assert.deepEqual(await life.swept(60_000), []);
    await spawner.close();
  });
  assert.deepEqual(life.lines, ['trapped', ...numbers(200)]);
});

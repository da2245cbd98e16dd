/*
 * Daemons that still hold the write end of a log pipe when its logger is to end.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { isAlive, read, until } from '../../processes.ts';
import type { Life, Rig } from '../rig.ts';
import { rig, sweepDaemonized } from '../rig.ts';
import { testEachWay } from '../ways.ts';
import type { Leftover } from '../../../lib/model/leftover.ts';

/** Milliseconds: far more than a process needs that exits on TERM. */
const grace = 5000;

/** A logger; its producer has ended and has left daemons: one that holds the pipe, one that does not. */
async function logged(
  t: TestContext,
  { trap = ':' } = {},
): Promise<{ made: Rig; logger: Life; writer: number; other: number }> {
  const made = await rig(t);
  const [one, two] = ['one', 'two'].map((name) => join(made.folder, name));
  const daemon = (pid = '', to = ''): string =>
    `setsid sh -c 'echo $$ > ${pid}; exec sleep 600' ${to} & until test -s ${pid}; do sleep 0.01; done`;
  const logger = made.sh('exec cat > /dev/null', { stdin: { pipe: 'web' } });
  const script = [trap, daemon(one), daemon(two, '> /dev/null')].join('\n');
  const producer = made.sh(script, { stdout: { pipe: 'web' }, stderr: 'ignore' });
  assert.deepEqual(await producer.over, { code: 0, signal: null });
  const [writer = 0, other = 0] = [one, two].map((path = '') => Number(read(path)));
  made.spawner.closePipe('web');
  return { made, logger, writer, other };
}

function sweepWriters({ spawner }: Rig, patience: number): Promise<readonly Leftover[]> {
  return new Promise((resolve) => {
    spawner.sweep?.(patience, resolve, 'web');
  });
}

testEachWay('only the daemon that holds the pipe gets TERM', async (t) => {
  const { made, logger, writer, other } = await logged(t);
  assert.deepEqual(await sweepWriters(made, grace), []);
  assert.deepEqual(await logger.over, { code: 0, signal: null });
  // It closes the pipe a moment before it is gone.
  await until(() => !isAlive(writer), 'the end of the daemon that holds the pipe');
  assert.equal(isAlive(other), true);
  await sweepDaemonized(made.spawner, grace);
  assert.equal(isAlive(other), false);
});

testEachWay(
  'a daemon that holds the pipe and ignores TERM is killed after the grace',
  async (t) => {
    const { made, logger, writer } = await logged(t, { trap: "trap '' TERM" });
    assert.deepEqual(await sweepWriters(made, 100), [{ pid: writer, name: 'sleep' }]);
    assert.deepEqual(await logger.over, { code: 0, signal: null });
    await sweepDaemonized(made.spawner, 0);
  },
);

testEachWay('the sweep ends with the logger, even if a daemon holds the pipe', async (t) => {
  const { made, logger, writer } = await logged(t, { trap: "trap '' TERM" });
  const sweeping = sweepWriters(made, 60_000);
  logger.kill('SIGKILL');
  assert.deepEqual(await sweeping, []);
  assert.equal(isAlive(writer), true);
  await sweepDaemonized(made.spawner, 0);
});

testEachWay('the sweep of an unknown pipe ends at once', async (t) => {
  const made = await rig(t);
  await made.sh('exit 0').over;
  assert.deepEqual(await sweepWriters(made, grace), []);
});

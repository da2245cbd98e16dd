import assert from 'node:assert/strict';
import type { Bench, Watched } from './contract-bench.ts';
import { contractCase } from './contract-case.ts';
import { exit } from '../simulation/behaviour.ts';

/** How log pipes begin and end. */
export const pipes = [
  contractCase('keeps a log pipe when its producer dies, until it is closed', async (bench) => {
    const logger = startLogger(bench);
    await end(bench, startProducer(bench));
    await bench.settle();
    assert.equal(logger.exit, undefined, 'the pipe is kept for the next producer');
    bench.rig.spawner.closePipe('web');
    await expectToReadOut(bench, logger);
  }),

  contractCase('ends a log only when it has no writer any more', async (bench) => {
    const logger = startLogger(bench);
    const producer = startProducer(bench);
    await bench.reported(logger, 'spawned');
    await bench.reported(producer, 'spawned');
    bench.rig.spawner.closePipe('web');
    await bench.settle();
    assert.equal(logger.exit, undefined, 'its producer is alive');
    await end(bench, producer);
    await expectToReadOut(bench, logger);
  }),

  contractCase('connects stderr to a log pipe, alone or together with stdout', async (bench) => {
    const both = { pipe: 'all' };
    const logger = bench.start('all/log', {}, { stdin: both });
    const one = bench.start('one', {}, { stdout: both, stderr: both });
    const two = bench.start('web', {}, { stdout: { pipe: 'web' }, stderr: both });
    for (const each of [logger, one, two]) await bench.reported(each, 'spawned');
    bench.rig.spawner.closePipe('all');
    await end(bench, one);
    await bench.settle();
    assert.equal(logger.exit, undefined, 'the other process still writes there');
    await end(bench, two);
    await expectToReadOut(bench, logger);
  }),

  contractCase('keeps a log pipe for successive loggers', async (bench) => {
    await end(bench, startLogger(bench));
    const second = startLogger(bench);
    await end(bench, startProducer(bench));
    await bench.settle();
    assert.equal(second.exit, undefined);
    bench.rig.spawner.closePipe('web');
    await expectToReadOut(bench, second);
  }),

  contractCase(
    'leaves the rest of a closed log to the next logger, which reads to its end',
    async (bench) => {
      const first = startLogger(bench);
      await bench.reported(first, 'spawned');
      first.child.kill('SIGKILL', 'process');
      bench.rig.spawner.closePipe('web');
      await bench.ended(first);
      await expectToReadOut(bench, startLogger(bench));
    },
  ),

  contractCase('ends a log also for a logger that starts after the close', async (bench) => {
    const producer = bench.start('web', exit(0), { stdout: { pipe: 'web' } });
    await bench.ended(producer);
    bench.rig.spawner.closePipe('web');
    await expectToReadOut(bench, startLogger(bench));
  }),

  contractCase('makes a new log pipe after the old one was read to its end', async (bench) => {
    const first = startLogger(bench);
    await bench.reported(first, 'spawned');
    bench.rig.spawner.closePipe('web');
    await expectToReadOut(bench, first);
    const second = startLogger(bench);
    const producer = startProducer(bench);
    await bench.reported(second, 'spawned');
    await bench.settle();
    assert.equal(second.exit, undefined);
    await end(bench, producer);
    bench.rig.spawner.closePipe('web');
    await expectToReadOut(bench, second);
  }),

  contractCase('accepts the close of a log pipe that was never requested', async (bench) => {
    bench.rig.spawner.closePipe('web');
    await expectToReadOut(bench, startLogger(bench));
  }),
];

function startLogger(bench: Bench): Watched {
  return bench.start('web/log', {}, { stdin: { pipe: 'web' } });
}

function startProducer(bench: Bench): Watched {
  return bench.start('web', {}, { stdout: { pipe: 'web' } });
}

async function end(bench: Bench, one: Watched): Promise<void> {
  await bench.reported(one, 'spawned');
  one.child.kill('SIGTERM', 'process');
  await bench.ended(one);
}

async function expectToReadOut(bench: Bench, logger: Watched): Promise<void> {
  await bench.ended(logger);
  assert.deepEqual(logger.exit, { code: 0, signal: null });
}

import assert from 'node:assert/strict';
import { contractCase } from './contract-case.ts';
import { exit, print, ready, sequence } from '../simulation/behaviour.ts';

/** What processes announce and print. */
export const words = [
  contractCase('reports a readiness once, between spawn and exit', async (bench) => {
    const one = bench.start('one', sequence(ready(), ready(20)), { notificationFd: 3 });
    await bench.reported(one, 'announced');
    await bench.settle();
    one.child.kill('SIGTERM', 'process');
    await bench.ended(one);
    assert.deepEqual(one.reports, ['spawned', 'announced', 'exited SIGTERM']);
  }),

  contractCase('reports no readiness of a process without a descriptor for it', async (bench) => {
    const one = bench.start('one', ready());
    await bench.settle();
    assert.deepEqual(one.reports, ['spawned']);
  }),

  contractCase('reports the output line by line, all of it before the exit', async (bench) => {
    const one = bench.start('one', {
      ...print('first\n\nthird, ‘odd’ and "quoted"\n  last, without a newline'),
      ...exit(0),
    });
    await bench.ended(one);
    await bench.settle();
    assert.deepEqual(one.reports, [
      'spawned',
      'stdout: first',
      'stdout: ',
      'stdout: third, ‘odd’ and "quoted"',
      'stdout:   last, without a newline',
      'exited 0',
    ]);
  }),

  contractCase('distinguishes output on stdout from output on stderr', async (bench) => {
    const one = bench.start(
      'one',
      sequence({ print: 'oh', stream: 'stderr' }, print('well', 200), exit(0)),
    );
    await bench.ended(one);
    assert.deepEqual(one.reports, ['spawned', 'stderr: oh', 'stdout: well', 'exited 0']);
  }),

  contractCase('reports no output that goes elsewhere', async (bench) => {
    const behaviour = sequence(print('lost'), { print: 'lost', stream: 'stderr' }, exit(0));
    const nowhere = bench.start('one', behaviour, { stdout: 'ignore', stderr: 'ignore' });
    const logged = bench.start('web', behaviour, { stdout: { pipe: 'web' }, stderr: 'ignore' });
    for (const one of [nowhere, logged]) {
      await bench.ended(one);
      assert.deepEqual(one.reports, ['spawned', 'exited 0']);
    }
  }),
];

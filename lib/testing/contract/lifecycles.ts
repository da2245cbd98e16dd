import assert from 'node:assert/strict';
import { contractCase } from './contract-case.ts';
import { exit, print, ready, sequence, unspawnable } from '../simulation/behaviour.ts';

/** How processes start and exit. */
export const lives = [
  contractCase(
    'reports first that a process is spawned, with its pid, and last how it exited',
    async (bench) => {
      const one = bench.start('one', exit(3, 20));
      await bench.ended(one);
      await bench.settle();
      assert.deepEqual(one.reports, ['spawned', 'exited 3']);
      assert.ok(Number.isInteger(one.pid) && Number(one.pid) > 0);
      assert.deepEqual(one.exit, { code: 3, signal: null });
      assert.equal(one.leftBehind, false);
    },
  ),

  contractCase('reports the signal that ended a process', async (bench) => {
    const each = (['SIGKILL', 'SIGTERM', 'SIGUSR1'] as const).map((signal) => ({
      signal,
      one: bench.start(signal, exit(signal)),
    }));
    for (const { signal, one } of each) {
      await bench.ended(one);
      assert.deepEqual(one.exit, { code: null, signal });
    }
  }),

  contractCase(
    'reports a program that cannot be run as unspawnable, with the reason, and nothing else',
    async (bench) => {
      for (const code of ['ENOENT', 'EACCES']) {
        const none = bench.start('none', unspawnable(code));
        await bench.reported(none, `unspawnable ${code}`);
        none.child.kill('SIGTERM', 'process');
        none.child.kill('SIGKILL', 'group');
        await bench.settle();
        assert.deepEqual(none.reports, [`unspawnable ${code}`]);
        assert.notEqual(none.failure?.message, '');
        assert.equal(none.child.lingers(), false);
      }
    },
  ),

  contractCase('reports what a process does in the order in which it happens', async (bench) => {
    const one = bench.start('one', sequence(ready(), print('hello', 200), exit(1, 20)), {
      notificationFd: 3,
    });
    await bench.ended(one);
    assert.deepEqual(one.reports, ['spawned', 'announced', 'stdout: hello', 'exited 1']);
  }),

  contractCase(
    'spawns in the order of the requests, each process with its own pid',
    async (bench) => {
      const names = ['a', 'b', 'c', 'd', 'e'];
      const all = names.map((name) => bench.start(name));
      await bench.rig.until(() => bench.order.length === names.length, 'all spawns');
      assert.deepEqual(bench.order, names);
      assert.equal(new Set(all.map(({ pid }) => pid)).size, names.length);
    },
  ),

  contractCase('spawns nothing after it was closed, and can be closed twice', async (bench) => {
    await bench.ended(bench.start('one', exit(0)));
    await bench.close();
    await bench.close();
    const late = bench.start('late');
    await bench.rig.until(() => late.failure !== undefined, 'the refusal');
    await bench.settle();
    assert.deepEqual(late.reports, [`unspawnable ${String(late.failure?.code)}`]);
  }),
];

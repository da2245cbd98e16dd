import assert from 'node:assert/strict';
import type { Bench, Watched } from './contract-bench.ts';
import { contractCase } from './contract-case.ts';
import { exit } from '../simulation/behaviour.ts';
import type { Leftover } from '../../model/leftover.ts';

/** Milliseconds; no sweep of a case takes that long. */
const aMinute = 60_000;

/** The processes that a process leaves behind. */
export const leftovers = [
  contractCase('ends a sweep at once when no process was left behind', async (bench) => {
    const one = bench.start('one', exit(0));
    await bench.ended(one);
    assert.equal(one.leftBehind, false);
    assert.equal(one.child.lingers(), false);
    assert.deepEqual(sweep(one, aMinute), { done: 1, killed: [] });
  }),

  contractCase('reports that processes are left behind, and sweeps them', async (bench) => {
    const one = await leave(bench, true);
    const sweeping = sweep(one, aMinute);
    await bench.rig.until(() => sweeping.done > 0, 'the end of the sweep');
    assert.equal(one.child.lingers(), false);
    await bench.settle();
    assert.deepEqual(sweeping, { done: 1, killed: [] });
  }),

  contractCase('waits for the grace of a sweep before it sends KILL', async (bench) => {
    const one = await leave(bench, 'stubborn');
    const patient = sweep(one, aMinute);
    await bench.settle();
    assert.equal(patient.done, 0);
    assert.equal(one.child.lingers(), true);
    const short = sweep(one, 20);
    await bench.rig.until(() => patient.done + short.done === 2, 'the end of both sweeps');
    assert.equal(one.child.lingers(), false);
    assert.deepEqual([patient.killed.length, short.killed.length], [0, 1], 'the number of KILLs');
  }),

  contractCase('reports the processes that needed KILL, also without grace', async (bench) => {
    for (const leaves of [true, 'stubborn'] as const) {
      const one = await leave(bench, leaves);
      const sweeping = sweep(one, 0);
      await bench.rig.until(() => sweeping.done > 0, 'the end of the sweep');
      const [killed, ...more] = sweeping.killed;
      assert.deepEqual(more, []);
      assert.notEqual(killed?.pid ?? one.pid, one.pid, 'another pid than the child');
      assert.notEqual(killed?.name ?? '', '');
    }
  }),

  contractCase('sends a signal to one process, or to its whole group', async (bench) => {
    const [alone, together] = [
      await bench.startReady('alone', { leaves: true }),
      await bench.startReady('together', { leaves: true }),
    ];
    assert.equal(alone.child.lingers(), false, 'a living process does not count as left behind');
    alone.child.kill('SIGTERM', 'process');
    together.child.kill('SIGTERM', 'group');
    await bench.ended(alone);
    await bench.ended(together);
    assert.equal(alone.leftBehind, true);
    await bench.rig.until(() => !together.child.lingers(), 'the end of the group');
    assert.equal(alone.child.lingers(), true);
  }),

  contractCase('ends a log only after the processes left behind have closed it', async (bench) => {
    const logger = bench.start('web/log', {}, { stdin: { pipe: 'web' } });
    const producer = bench.start('web', { leaves: true, ...exit(0) }, { stdout: { pipe: 'web' } });
    await bench.reported(logger, 'spawned');
    await bench.ended(producer);
    bench.rig.spawner.closePipe('web');
    await bench.settle();
    assert.equal(logger.exit, undefined);
    sweep(producer, 0);
    await bench.ended(logger);
    assert.deepEqual(logger.exit, { code: 0, signal: null });
  }),
];

async function leave(bench: Bench, leaves: true | 'stubborn'): Promise<Watched> {
  const one = bench.start('one', { leaves, ...exit(0) });
  await bench.ended(one);
  assert.equal(one.leftBehind, true);
  assert.equal(one.child.lingers(), true);
  return one;
}

/** Begins a sweep; `done`: how many times its end was reported, `killed`: the processes that needed KILL. */
function sweep(
  { child }: Watched,
  grace: number,
): { readonly done: number; readonly killed: readonly Leftover[] } {
  const sweeping = { done: 0, killed: [] as readonly Leftover[] };
  child.sweep(grace, (killed) => {
    sweeping.done += 1;
    sweeping.killed = killed;
  });
  return sweeping;
}

import assert from 'node:assert/strict';
import { contractCase } from './contract-case.ts';
import { exit, ignores, print, ready, sequence } from '../simulation/behaviour.ts';

/** Signals that end a process which does not handle them, without those for which the system writes a core file. */
const deadly =
  `SIGHUP SIGINT SIGQUIT SIGUSR1 SIGUSR2 SIGPIPE SIGALRM SIGTERM SIGSTKFLT SIGVTALRM SIGPROF SIGIO
  SIGPWR`.split(/\s+/) as readonly NodeJS.Signals[];

/** Signals that have no effect on a process which does not handle them, in a session of its own. */
const harmless = 'SIGCHLD SIGCONT SIGURG SIGWINCH SIGTSTP SIGTTIN SIGTTOU'.split(
  ' ',
) as readonly NodeJS.Signals[];

/** How processes react to signals. */
export const signals = [
  contractCase('sends the signals that end a process, and reports which one did', async (bench) => {
    const all = deadly.map((signal) => ({ signal, one: bench.start(signal) }));
    for (const { signal, one } of all) {
      await bench.reported(one, 'spawned');
      one.child.kill(signal, 'process');
    }
    for (const { signal, one } of all) {
      await bench.ended(one);
      assert.deepEqual(one.reports, ['spawned', `exited ${signal}`]);
    }
  }),

  contractCase('sends the signals that have no effect', async (bench) => {
    const one = await bench.startReady('one');
    for (const signal of harmless) one.child.kill(signal, 'process');
    await bench.settle();
    assert.deepEqual(one.reports, ['spawned', 'announced']);
  }),

  contractCase('sends signals that a process ignores, and KILL, which it cannot', async (bench) => {
    const deaf = await bench.startReady('deaf', ignores('SIGTERM', 'SIGHUP'));
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGCONT'] as const) {
      deaf.child.kill(signal, 'process');
    }
    await bench.settle();
    assert.equal(deaf.exit, undefined);
    deaf.child.kill('SIGKILL', 'process');
    await bench.ended(deaf);
    assert.deepEqual(deaf.exit, { code: null, signal: 'SIGKILL' });
  }),

  contractCase('stops a process with STOP and continues it with CONT', async (bench) => {
    const steps = Array.from({ length: 12 }, (_, index) => print(String(index), 50));
    const one = bench.start('one', sequence(ready(), ...steps), { notificationFd: 3 });
    await bench.reported(one, 'announced');
    one.child.kill('SIGSTOP', 'process');
    // The process may have reported something before the stop took effect.
    await bench.settle();
    const before = [...one.reports];
    await bench.settle();
    assert.deepEqual(one.reports, before);
    one.child.kill('SIGCONT', 'process');
    await bench.reported(one, 'stdout: 11');
  }),

  contractCase('keeps signals to a stopped process pending until CONT', async (bench) => {
    const one = bench.start('one', sequence(ready(), exit(0, 1000)), { notificationFd: 3 });
    await bench.reported(one, 'announced');
    one.child.kill('SIGSTOP', 'process');
    await bench.settle();
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) one.child.kill(signal, 'process');
    await bench.settle();
    assert.equal(one.exit, undefined);
    one.child.kill('SIGCONT', 'process');
    await bench.ended(one);
    assert.deepEqual(
      one.exit,
      { code: null, signal: 'SIGHUP' },
      'the lowest number takes effect first',
    );
  }),

  contractCase('kills a stopped process', async (bench) => {
    const one = await bench.startReady('one');
    one.child.kill('SIGSTOP', 'group');
    one.child.kill('SIGKILL', 'group');
    await bench.ended(one);
    assert.deepEqual(one.exit, { code: null, signal: 'SIGKILL' });
  }),

  contractCase('sends no signal to a process before its spawn', async (bench) => {
    const all = ['a', 'b', 'c'].map((name) => bench.start(name));
    const early = all.filter(({ pid }) => pid === undefined);
    for (const { child } of early) child.kill('SIGKILL', 'group');
    await bench.rig.until(() => bench.order.length === all.length, 'all spawns');
    await bench.settle();
    for (const { reports } of all) assert.deepEqual(reports, ['spawned']);
  }),

  contractCase('sends no signal to a process after its exit', async (bench) => {
    const one = bench.start('one', exit(0));
    await bench.ended(one);
    one.child.kill('SIGKILL', 'process');
    one.child.kill('SIGKILL', 'group');
    await bench.settle();
    assert.deepEqual(one.reports, ['spawned', 'exited 0']);
  }),
];

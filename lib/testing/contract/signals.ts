import assert from 'node:assert/strict';
import { contractCase } from './case.ts';
import { exit, ignores, print, ready, sequence } from '../behaviour.ts';

/** Signals that end whoever does nothing about them. Those of which the system would write a core are left out. */
const deadly =
  `SIGHUP SIGINT SIGQUIT SIGUSR1 SIGUSR2 SIGPIPE SIGALRM SIGTERM SIGSTKFLT SIGVTALRM SIGPROF SIGIO
  SIGPWR`.split(/\s+/) as readonly NodeJS.Signals[];

/** Signals that do nothing to whoever does nothing about them, in a session of its own. */
const harmless = 'SIGCHLD SIGCONT SIGURG SIGWINCH SIGTSTP SIGTTIN SIGTTOU'.split(
  ' ',
) as readonly NodeJS.Signals[];

/** How processes take signals. */
export const signals = [
  contractCase('sends the signals that end a process, and tells which it was', async (bench) => {
    const all = deadly.map((signal) => ({ signal, one: bench.start(signal) }));
    for (const { signal, one } of all) {
      await bench.told(one, 'spawned');
      one.child.kill(signal, 'process');
    }
    for (const { signal, one } of all) {
      await bench.ended(one);
      assert.deepEqual(one.told, ['spawned', `exited ${signal}`]);
    }
  }),

  contractCase('sends signals that do nothing', async (bench) => {
    const one = await bench.startReady('one');
    for (const signal of harmless) one.child.kill(signal, 'process');
    await bench.settle();
    assert.deepEqual(one.told, ['spawned', 'announced']);
  }),

  contractCase('sends signals that may be ignored, and KILL, which may not', async (bench) => {
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

  contractCase('stops a process with STOP, and lets it go on with CONT', async (bench) => {
    const steps = Array.from({ length: 12 }, (_, index) => print(String(index), 50));
    const one = bench.start('one', sequence(ready(), ...steps), { notificationFd: 3 });
    await bench.told(one, 'announced');
    one.child.kill('SIGSTOP', 'process');
    // Wherever it has come to, what it said before is told first.
    await bench.settle();
    const before = [...one.told];
    await bench.settle();
    assert.deepEqual(one.told, before);
    one.child.kill('SIGCONT', 'process');
    await bench.told(one, 'stdout: 11');
  }),

  contractCase('lets signals wait for CONT in a process that was stopped', async (bench) => {
    const one = bench.start('one', sequence(ready(), exit(0, 1000)), { notificationFd: 3 });
    await bench.told(one, 'announced');
    one.child.kill('SIGSTOP', 'process');
    await bench.settle();
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) one.child.kill(signal, 'process');
    await bench.settle();
    assert.equal(one.exit, undefined);
    one.child.kill('SIGCONT', 'process');
    await bench.ended(one);
    assert.deepEqual(one.exit, { code: null, signal: 'SIGHUP' }, 'the lowest number comes first');
  }),

  contractCase('kills a process that was stopped', async (bench) => {
    const one = await bench.startReady('one');
    one.child.kill('SIGSTOP', 'group');
    one.child.kill('SIGKILL', 'group');
    await bench.ended(one);
    assert.deepEqual(one.exit, { code: null, signal: 'SIGKILL' });
  }),

  contractCase('sends nothing to what is not spawned yet', async (bench) => {
    const all = ['a', 'b', 'c'].map((name) => bench.start(name));
    const early = all.filter(({ pid }) => pid === undefined);
    for (const { child } of early) child.kill('SIGKILL', 'group');
    await bench.rig.until(() => bench.order.length === all.length, 'all spawns');
    await bench.settle();
    for (const { told } of all) assert.deepEqual(told, ['spawned']);
  }),

  contractCase('sends nothing to what has ended', async (bench) => {
    const one = bench.start('one', exit(0));
    await bench.ended(one);
    one.child.kill('SIGKILL', 'process');
    one.child.kill('SIGKILL', 'group');
    await bench.settle();
    assert.deepEqual(one.told, ['spawned', 'exited 0']);
  }),
];

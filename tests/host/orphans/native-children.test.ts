import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { NativeChildren, exitOf } from '../../../lib/host/orphans/native-children.ts';
import type { Exit } from '../../../lib/model/exit.ts';

/** The zombies, in the kernel's order, with their statuses. */
class Kernel {
  readonly zombies = new Map<number, number>();
  readonly taken: number[] = [];

  firstZombie(): number | undefined {
    return [...this.zombies.keys()][0];
  }

  statusOf(pid: number): number | undefined {
    const status = this.zombies.get(pid);
    if (this.zombies.delete(pid)) this.taken.push(pid);
    return status;
  }
}

function set(): { kernel: Kernel; children: NativeChildren; exits: string[] } {
  const kernel = new Kernel();
  return { kernel, children: new NativeChildren(() => kernel), exits: [] };
}

function inPlace(): { listeners: number; timers: number } {
  return {
    listeners: process.listenerCount('SIGCHLD'),
    timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
  };
}

const inShort = ({ code, signal }: Exit): string => String(code ?? signal);

test('one signal reports all dead native children, and no other child is waited for', () => {
  const { kernel, children, exits } = set();
  for (const pid of [11, 12, 13, 14]) {
    children.start(
      () => pid,
      (exit) => exits.push(`${pid} ${inShort(exit)}`),
    );
  }
  kernel.zombies
    .set(11, 3 << 8)
    .set(7, 0)
    .set(13, 9)
    .set(14, 0);
  process.emit('SIGCHLD', 'SIGCHLD');
  assert.deepEqual(exits, ['11 3', '13 SIGKILL', '14 0']);
  assert.deepEqual(kernel.taken, [11, 13, 14]);
  assert.deepEqual(
    [11, 12, 7].map((pid) => children.has(pid)),
    [false, true, false],
  );
  kernel.zombies.set(12, 0);
  assert.deepEqual([children.collect(7), children.collect(12)], [false, true]);
  assert.equal(exits.at(-1), '12 0');
});

test('the exits of very many children are reported in several turns of the event loop', async () => {
  const { kernel, children, exits } = set();
  const pids = Array.from({ length: 100 }, (_, index) => index + 10);
  for (const pid of pids) {
    children.start(
      () => pid,
      () => exits.push(String(pid)),
    );
  }
  kernel.zombies.set(7, 0); // of other code
  for (const pid of pids) kernel.zombies.set(pid, 0);
  const reported: number[] = [];
  process.emit('SIGCHLD', 'SIGCHLD');
  while (reported.at(-1) !== exits.length) {
    reported.push(exits.length);
    await turn();
  }
  assert.deepEqual(exits, pids.map(String));
  assert.ok(reported.length > 3, `after each turn: ${reported.join(', ')}`);
});

test('a listener and a timer are installed while there are native children, and keep the process alive', () => {
  const before = inPlace();
  const { kernel, children } = set();
  const during: unknown[] = [];
  for (const pid of [11, 12]) {
    children.start(
      () => pid,
      () => during.push(inPlace()),
    );
  }
  const there = { listeners: before.listeners + 1, timers: before.timers + 1 };
  assert.deepEqual(inPlace(), there);
  for (const pid of [11, 12]) {
    kernel.zombies.set(pid, 0);
    process.emit('SIGCHLD', 'SIGCHLD');
  }
  assert.deepEqual(during, [there, before]);
});

test('a start that fails leaves no listener and no timer', () => {
  const before = inPlace();
  const { children } = set();
  const start = (): number => {
    throw new Error('no such program');
  };
  assert.throws(() => children.start(start, () => assert.fail()), /no such program/);
  assert.deepEqual(inPlace(), before);
});

test('a listener that throws does not suppress the other exits', async () => {
  const { kernel, children, exits } = set();
  const bad = (): void => {
    throw new Error('bad listener');
  };
  children.start(() => 11, bad);
  children.start(
    () => 12,
    (exit) => exits.push(inShort(exit)),
  );
  kernel.zombies.set(11, 0).set(12, 5 << 8);
  assert.throws(() => process.emit('SIGCHLD', 'SIGCHLD'), /bad listener/);
  await turn();
  assert.deepEqual(exits, ['5']);
});

test('the exit of a child that was started by an exit listener is reported', () => {
  const { kernel, children, exits } = set();
  children.start(
    () => 11,
    () => {
      kernel.zombies.set(12, 1 << 8);
      children.start(
        () => 12,
        (exit) => exits.push(inShort(exit)),
      );
    },
  );
  kernel.zombies.set(11, 0);
  process.emit('SIGCHLD', 'SIGCHLD');
  assert.deepEqual(exits, ['1']);
});

test('a status becomes an exit code, a signal, or a code for a signal without a name', () => {
  const exits: readonly [status: number, exit: string][] = [
    [0, '0'],
    [255 << 8, '255'],
    [15, 'SIGTERM'],
    [6 | 0x80, 'SIGABRT'], // with a core dump
    [29, 'SIGIO'],
    [34, '162'],
    [64, '192'],
  ];
  for (const [status, exit] of exits) assert.equal(inShort(exitOf(status)), exit);
});

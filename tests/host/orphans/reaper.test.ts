/*
 * The decisions of the reaper, with a fake kernel. With a real one: reaper-hosts.test.ts.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { Problem } from '../../../lib/model/problem.ts';
import type { Native } from '../../../lib/host/native/native.ts';
import { Reaper, isReaperNeeded } from '../../../lib/host/orphans/reaper.ts';
import { until } from '../../processes.ts';

const skip = process.platform === 'linux' ? false : 'only Linux has orphans to reap';

/** Sessions of zombies: the session of the test, and one that no child of this process can be in. */
const own = 7;
const foreign = 8;

/** The zombies by pid, in the order in which the kernel shows them, each with its session. */
class Kernel implements Native {
  readonly zombies = new Map<number, number>();
  readonly reaped: number[] = [];
  looks = 0;
  subreaper = false;

  firstZombie(): number | undefined {
    this.looks += 1;
    return [...this.zombies.keys()][0];
  }

  isZombie(pid: number): boolean {
    return this.zombies.has(pid);
  }

  reap(pid: number): boolean {
    this.reaped.push(pid);
    return this.zombies.delete(pid);
  }

  statusOf(pid: number): number | undefined {
    return this.reap(pid) ? 0 : undefined;
  }

  sessionOf(pid: number): number | undefined {
    return pid === 0 ? own : this.zombies.get(pid);
  }

  isSubreaper(): boolean {
    return this.subreaper;
  }

  setSubreaper(on: boolean): void {
    this.subreaper = on;
  }

  /** A child dies. */
  die(pid: number, session: number): void {
    this.zombies.set(pid, session);
    process.emit('SIGCHLD', 'SIGCHLD');
  }
}

const nothing = (problem: Problem): void => assert.fail(problem.message);

function reaping(t: TestContext): { kernel: Kernel; reaper: Reaper } {
  const kernel = new Kernel();
  const reaper = new Reaper({ reap: true, native: () => kernel, onProblem: nothing });
  reaper.begin();
  t.after(() => reaper.end());
  return { kernel, reaper };
}

function turns(count: number): Promise<void> {
  return new Promise((resolve) => {
    const next = (left: number): void => {
      if (left === 0) resolve();
      else setImmediate(next, left - 1);
    };
    next(count);
  });
}

/** Lets this many milliseconds of virtual time pass, with turns of the event loop. */
async function pass(t: TestContext, milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 50) {
    await turns(5);
    t.mock.timers.tick(50);
  }
  await turns(5);
}

// No process has such a pid. The list of children is real, and the only fake zombie that is added to it is the first.
const absent = 5_000_000;

test('a zombie in a foreign session is reaped in the same turn', { skip }, async (t) => {
  const { kernel } = reaping(t);
  const pids = Array.from({ length: 200 }, (_, index) => absent + index);
  for (const pid of pids) kernel.zombies.set(pid, foreign);
  kernel.die(absent + 200, foreign);
  await turns(2);
  assert.deepEqual(kernel.reaped, [...pids, absent + 200]);
});

test('a large number of zombies is reaped over several turns', { skip }, async (t) => {
  const { kernel } = reaping(t);
  for (let pid = absent; pid < absent + 1000; pid += 1) kernel.zombies.set(pid, foreign);
  process.emit('SIGCHLD', 'SIGCHLD');
  await turns(2);
  assert.ok(kernel.zombies.size > 0, 'the event loop gets a turn');
  await turns(6);
  assert.equal(kernel.zombies.size, 0);
});

test('an orphan that died before begin() is reaped', { skip }, async (t) => {
  const kernel = new Kernel();
  kernel.zombies.set(absent, foreign);
  const reaper = new Reaper({ reap: true, native: () => kernel, onProblem: nothing });
  reaper.begin();
  t.after(() => reaper.end());
  await until(() => kernel.reaped.length > 0, 'the end');
});

for (const [what, session] of [
  ['leads a session', absent],
  ['is in the session of the host', own],
] as const) {
  test(
    `a zombie that ${what} may be a child and is reaped only after a while`,
    { skip },
    async (t) => {
      t.mock.timers.enable({ apis: ['setTimeout'] });
      const { kernel } = reaping(t);
      kernel.die(absent, session);
      await turns(5);
      t.mock.timers.tick(49);
      await turns(5);
      assert.deepEqual(kernel.reaped, []);
      t.mock.timers.tick(1);
      // The event loop may have been blocked until now. It handles exits of children before immediates.
      await turns(1);
      assert.deepEqual(kernel.reaped, []);
      await turns(2);
      assert.deepEqual(kernel.reaped, [absent]);
    },
  );

  test(
    `a zombie that ${what} is not reaped if other code waits for it a little late`,
    { skip },
    async (t) => {
      t.mock.timers.enable({ apis: ['setTimeout'] });
      const { kernel } = reaping(t);
      kernel.die(absent, session);
      await turns(5);
      t.mock.timers.tick(50);
      kernel.zombies.delete(absent); // for example by a thread of an addon
      await turns(5);
      t.mock.timers.tick(100);
      await turns(5);
      assert.deepEqual(kernel.reaped, []);
    },
  );
}

test('a zombie that must wait does not block those behind it', { skip }, async (t) => {
  // Started before `begin()`: the reaper does not know them.
  const children = [1, 2, 3].map(() => spawn('sleep', ['600']));
  const [first = 0, second = 0, third = 0] = children.map(({ pid }) => pid);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { kernel } = reaping(t);
  kernel.zombies.set(first, own).set(second, foreign).set(third, own);
  process.emit('SIGCHLD', 'SIGCHLD');
  await turns(2);
  assert.deepEqual(kernel.reaped, [second]);
  t.mock.timers.tick(50);
  await turns(3);
  assert.deepEqual(kernel.reaped, [second, first, third]);
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map((child) => once(child, 'exit')));
});

test('a child of Node is never reaped, however late Node waits for it', { skip }, async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { kernel } = reaping(t);
  const child = spawn('sleep', ['600']);
  const { pid = 0 } = child;
  try {
    for (const session of [pid, own, foreign]) {
      kernel.die(pid, session);
      await pass(t, 10_000);
    }
    assert.deepEqual(kernel.reaped, []);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  process.emit('SIGCHLD', 'SIGCHLD');
  await pass(t, 100);
  assert.deepEqual(kernel.reaped, [pid], 'an orphan that gets its pid later is reaped');
});

test('the reaper makes no checks while no child dies', { skip }, async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { kernel } = reaping(t);
  kernel.die(absent, own);
  await pass(t, 200);
  assert.equal(kernel.zombies.size, 0);
  const { looks } = kernel;
  await pass(t, 10_000);
  assert.equal(kernel.looks, looks);
});

test('a zombie that stays does not cause endless checks', { skip }, async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { kernel } = reaping(t);
  const child = spawn('sleep', ['600']);
  kernel.die(child.pid ?? 0, own);
  await pass(t, 200);
  const { looks } = kernel;
  await pass(t, 10_000);
  child.kill('SIGKILL');
  assert.equal(kernel.looks, looks);
  kernel.zombies.clear();
  await once(child, 'exit');
});

test(
  'end() reaps the dead orphans after their delay, and leaves no listener and no timer',
  { skip },
  async (t) => {
    const before = resources();
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const kernel = new Kernel();
    const reaper = new Reaper({ reap: true, native: () => kernel, onProblem: nothing });
    reaper.begin();
    assert.equal(process.listenerCount('SIGCHLD'), before.listeners + 1);
    kernel.die(absent, own);
    await turns(5);
    const end = reaper.end();
    for (const wait of [0, 49]) {
      t.mock.timers.tick(wait);
      await turns(5);
      assert.deepEqual(kernel.reaped, []);
    }
    t.mock.timers.tick(1);
    await end;
    assert.deepEqual(kernel.reaped, [absent]);
    t.mock.timers.reset();
    assert.deepEqual(resources(), before);
    kernel.die(absent, foreign);
    reaper.begin();
    assert.deepEqual(resources(), before);
    await turns(5);
    assert.deepEqual(kernel.reaped, [absent], 'no further begin() has an effect');
  },
);

test(
  'end() without zombies is immediate, and a zombie that stays does not block it',
  { skip },
  async () => {
    const kernel = new Kernel();
    const one = new Reaper({ reap: true, native: () => kernel, onProblem: nothing });
    one.begin();
    let ended = false;
    void one.end().then(() => (ended = true));
    await turns(1);
    assert.equal(ended, true);
    const other = new Reaper({ reap: true, native: () => kernel, onProblem: nothing });
    other.begin();
    kernel.reap = () => false;
    kernel.zombies.set(absent, own);
    await other.end();
  },
);

test(
  'the reaper runs where orphans are adopted, or where the option asks for it',
  { skip },
  async () => {
    const kernel = new Kernel();
    const native = (): Native => kernel;
    const inPlace = async (reap: boolean | undefined): Promise<boolean> => {
      const before = process.listenerCount('SIGCHLD');
      const reaper = new Reaper({ reap, native, onProblem: nothing });
      reaper.begin();
      const added = process.listenerCount('SIGCHLD') - before;
      await reaper.end();
      return added === 1;
    };
    assert.deepEqual([isReaperNeeded(native), await inPlace(undefined)], [false, false]);
    assert.equal(await inPlace(true), true);
    kernel.subreaper = true;
    assert.deepEqual([isReaperNeeded(native), await inPlace(undefined)], [true, true]);
    assert.equal(await inPlace(false), false);
    assert.equal(
      isReaperNeeded(() => undefined),
      false,
    );
  },
);

test('without native code nothing is reported while there are no zombies', { skip }, async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const before = resources();
  const problems: Problem[] = [];
  const reaper = new Reaper({
    reap: true,
    native: () => undefined,
    onProblem: (it) => problems.push(it),
  });
  reaper.begin();
  const child = spawn('true');
  await once(child, 'exit');
  await pass(t, 10_000);
  await reaper.end();
  assert.deepEqual(problems, []);
  assert.deepEqual(resources(), before);
});

function resources(): { listeners: number; subscribed: boolean; timers: string[] } {
  return {
    listeners: process.listenerCount('SIGCHLD'),
    subscribed: channel('child_process').hasSubscribers,
    timers: process.getActiveResourcesInfo().filter((name) => /Timeout|Immediate/.test(name)),
  };
}

import assert from 'node:assert/strict';
import type { Exit } from '../../lib/model/exit.ts';
import type { Command } from '../../lib/model/program.ts';
import type { Child, Spawner } from '../../lib/runtime/spawner.ts';
import type { Behaviour } from '../../lib/testing/index.ts';

/** A spawner to be judged, and what the cases need to know of it. */
export interface ContractRig {
  readonly spawner: Spawner;
  /**
   * A command whose process does as it is told: by itself it lives on until TERM or KILL, or, if it reads a log pipe, until
   * the end of that.
   */
  command(name: string, behaviour: Behaviour, more?: Partial<Command>): Command;
  /** Lets time pass until this holds; rejects if it never does. */
  until(test: () => boolean, what: string): Promise<void>;
  /** Lets so much time pass as anything that is under way takes, to see that nothing comes. */
  settle(): Promise<void>;
}

/** One thing that every spawner does as the port says. */
export interface ContractCase {
  readonly name: string;
  check(rig: ContractRig): Promise<void>;
}

/** What every spawner does, be it real or fake. */
export const spawnerContract: readonly ContractCase[] = [
  {
    name: 'tells first that it is spawned, with a pid, and last how it has exited',
    async check(rig) {
      const one = watch(rig, 'one', { exit: { code: 3, signal: null }, after: 20 });
      await rig.until(() => one.exit !== undefined, 'the exit');
      await rig.settle();
      assert.deepEqual(one.told, ['spawned', 'exited']);
      assert.ok(Number.isInteger(one.pid) && Number(one.pid) > 0);
      assert.deepEqual(one.exit, { code: 3, signal: null });
    },
  },
  {
    name: 'tells only that it is unspawnable, with a code and a message that names it',
    async check(rig) {
      const none = watch(rig, 'none', { unspawnable: 'ENOENT' });
      await rig.until(() => none.failure !== undefined, 'the failure');
      none.child.kill('SIGTERM', 'process');
      await rig.settle();
      assert.deepEqual(none.told, ['unspawnable']);
      assert.equal(none.failure?.code, 'ENOENT');
      assert.match(none.failure.message, /cannot be run/);
    },
  },
  {
    name: 'tells the signal that ended it',
    async check(rig) {
      const one = watch(rig, 'one', {});
      await rig.until(() => one.pid !== undefined, 'the spawn');
      one.child.kill('SIGKILL', 'process');
      await rig.until(() => one.exit !== undefined, 'the exit');
      assert.deepEqual(one.exit, { code: null, signal: 'SIGKILL' });
    },
  },
  {
    name: 'sends signals that may be ignored, and KILL, which may not',
    async check(rig) {
      const deaf = watch(rig, 'deaf', { ignores: ['SIGTERM'], ready: true }, { notificationFd: 3 });
      await rig.until(() => deaf.told.includes('announced'), 'the announcement');
      deaf.child.kill('SIGTERM', 'process');
      deaf.child.kill('SIGCONT', 'process');
      await rig.settle();
      assert.equal(deaf.exit, undefined);
      deaf.child.kill('SIGKILL', 'group');
      await rig.until(() => deaf.exit !== undefined, 'the exit');
      assert.deepEqual(deaf.exit, { code: null, signal: 'SIGKILL' });
    },
  },
  {
    name: 'sends nothing to what has ended',
    async check(rig) {
      const one = watch(rig, 'one', { exit: { code: 0, signal: null } });
      await rig.until(() => one.exit !== undefined, 'the exit');
      one.child.kill('SIGKILL', 'process');
      one.child.kill('SIGKILL', 'group');
      await rig.settle();
      assert.deepEqual(one.told, ['spawned', 'exited']);
    },
  },
  {
    name: 'tells a readiness once, between spawn and exit',
    async check(rig) {
      const one = watch(rig, 'one', { ready: true }, { notificationFd: 3 });
      await rig.until(() => one.told.includes('announced'), 'the announcement');
      one.child.kill('SIGTERM', 'process');
      await rig.until(() => one.exit !== undefined, 'the exit');
      assert.deepEqual(one.told, ['spawned', 'announced', 'exited']);
    },
  },
  {
    name: 'tells no readiness of what has no descriptor for it',
    async check(rig) {
      const one = watch(rig, 'one', { ready: true });
      await rig.settle();
      assert.deepEqual(one.told, ['spawned']);
      one.child.kill('SIGTERM', 'process');
      await rig.until(() => one.exit !== undefined, 'the exit');
    },
  },
  {
    name: 'tells what is printed line by line, before the exit',
    async check(rig) {
      const print = 'first\n\nthird, without a newline';
      const one = watch(rig, 'one', { print, exit: { code: 0, signal: null } });
      await rig.until(() => one.exit !== undefined, 'the exit');
      assert.deepEqual(one.lines, ['first', '', 'third, without a newline']);
      assert.deepEqual(one.told, ['spawned', 'printed', 'printed', 'printed', 'exited']);
    },
  },
  {
    name: 'tells nothing of what is printed elsewhere',
    async check(rig) {
      const behaviour = { print: 'text', exit: { code: 0, signal: null } };
      const one = watch(rig, 'one', behaviour, { stdout: 'ignore' });
      await rig.until(() => one.exit !== undefined, 'the exit');
      assert.deepEqual(one.told, ['spawned', 'exited']);
    },
  },
  {
    name: 'spawns in the order in which it was asked',
    async check(rig) {
      const order: string[] = [];
      const names = ['a', 'b', 'c', 'd', 'e'];
      const all = names.map((name) => watch(rig, name, {}, {}, () => order.push(name)));
      await rig.until(() => order.length === names.length, 'all spawns');
      assert.deepEqual(order, names);
      assert.equal(new Set(all.map((one) => one.pid)).size, names.length, 'a pid of its own each');
      for (const one of all) one.child.kill('SIGTERM', 'process');
      await rig.until(() => all.every((one) => one.exit !== undefined), 'all exits');
    },
  },
  {
    name: 'ends a log only when the pipe was let go of and nobody writes any more',
    async check(rig) {
      const logger = watch(rig, 'web/log', {}, { stdin: { pipe: 'web' } });
      const producer = watch(rig, 'web', {}, { stdout: { pipe: 'web' } });
      await rig.until(() => producer.pid !== undefined, 'the producer');
      producer.child.kill('SIGTERM', 'process');
      await rig.until(() => producer.exit !== undefined, 'the end of the producer');
      await rig.settle();
      assert.equal(logger.exit, undefined, 'the pipe is kept for the next producer');
      rig.spawner.closePipe('web');
      await rig.until(() => logger.exit !== undefined, 'the end of the logger');
      assert.deepEqual(logger.exit, { code: 0, signal: null });
    },
  },
  {
    name: 'lets a logger that comes too late find the end as well',
    async check(rig) {
      const producer = watch(
        rig,
        'web',
        { exit: { code: 0, signal: null } },
        { stdout: { pipe: 'web' } },
      );
      await rig.until(() => producer.exit !== undefined, 'the end of the producer');
      rig.spawner.closePipe('web');
      const logger = watch(rig, 'web/log', {}, { stdin: { pipe: 'web' } });
      await rig.until(() => logger.exit !== undefined, 'the end of the logger');
    },
  },
  {
    name: 'makes a pipe anew for a producer that comes after it was let go of',
    async check(rig) {
      const first = watch(rig, 'web/log', {}, { stdin: { pipe: 'web' } });
      await rig.until(() => first.pid !== undefined, 'the logger');
      rig.spawner.closePipe('web');
      await rig.until(() => first.exit !== undefined, 'the end of the logger');
      const producer = watch(rig, 'web', {}, { stdout: { pipe: 'web' } });
      const second = watch(rig, 'web/log', {}, { stdin: { pipe: 'web' } });
      await rig.until(() => second.pid !== undefined, 'the second logger');
      await rig.settle();
      assert.equal(second.exit, undefined);
      producer.child.kill('SIGTERM', 'process');
      await rig.until(() => producer.exit !== undefined, 'the end of the producer');
      rig.spawner.closePipe('web');
      await rig.until(() => second.exit !== undefined, 'the end of the second logger');
    },
  },
  {
    name: 'takes the end of a pipe that nobody ever asked for',
    async check(rig) {
      rig.spawner.closePipe('nobody');
      await rig.settle();
    },
  },
  {
    name: 'sweeps at once where nothing was left behind',
    async check(rig) {
      const one = watch(rig, 'one', { exit: { code: 0, signal: null } });
      await rig.until(() => one.exit !== undefined, 'the exit');
      assert.equal(one.leftBehind, false);
      let done = 0;
      one.child.sweep(1000, () => (done += 1));
      assert.equal(done, 1);
    },
  },
  {
    name: 'closes when everybody is dead, and twice is as good as once',
    async check(rig) {
      const one = watch(rig, 'one', { exit: { code: 0, signal: null } });
      await rig.until(() => one.exit !== undefined, 'the exit');
      await rig.spawner.close();
      await rig.spawner.close();
    },
  },
];

/** A child, and what was told of it. */
interface Watched {
  readonly child: Child;
  readonly told: ('spawned' | 'unspawnable' | 'announced' | 'printed' | 'exited')[];
  readonly lines: string[];
  pid: number | undefined;
  exit: Exit | undefined;
  leftBehind: boolean | undefined;
  failure: { readonly code: string; readonly message: string } | undefined;
}

function watch(
  rig: ContractRig,
  name: string,
  behaviour: Behaviour,
  more: Partial<Command> = {},
  spawned: () => void = () => undefined,
): Watched {
  const seen: Omit<Watched, 'child'> = {
    told: [],
    lines: [],
    pid: undefined,
    exit: undefined,
    leftBehind: undefined,
    failure: undefined,
  };
  const child = rig.spawner.spawn(rig.command(name, behaviour, more), {
    spawned: (pid) => {
      seen.told.push('spawned');
      seen.pid = pid;
      spawned();
    },
    unspawnable: (failure) => {
      seen.told.push('unspawnable');
      seen.failure = failure;
    },
    announced: () => {
      seen.told.push('announced');
    },
    printed: (_stream, line) => {
      seen.told.push('printed');
      seen.lines.push(line);
    },
    exited: (exit, leftBehind) => {
      seen.told.push('exited');
      seen.exit = exit;
      seen.leftBehind = leftBehind;
    },
  });
  return Object.assign(seen, { child });
}

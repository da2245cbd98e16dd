/*
 * The contract of the port, held against the real spawner and against the fake one: what the fake does must be what
 * processes do.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  FakeSpawner,
  VirtualClock,
  processRig,
  spawnerContract,
  virtualRig,
} from '../../lib/testing/index.ts';
import type { Exit } from '../../lib/model/exit.ts';
import type { Leftover } from '../../lib/model/leftover.ts';
import type { Command } from '../../lib/model/program.ts';
import type { Child, ChildListener, Spawner } from '../../lib/runtime/spawner.ts';
import type { ScriptedSpawner } from '../../lib/testing/index.ts';
import { rig } from '../runtime/rig.ts';
import { testEachWay } from '../runtime/ways.ts';

for (const { name, check } of spawnerContract) {
  testEachWay(`the real spawner ${name}`, async (t) => {
    const { spawner } = await rig(t);
    await check(processRig(spawner));
  });

  test(`the fake spawner ${name}`, async () => {
    const clock = new VirtualClock();
    await check(virtualRig(clock, new FakeSpawner(clock)));
  });
}

// The contract finds liars: the fake spawner, but for one lie.

type Lie = (truth: FakeSpawner, clock: VirtualClock) => Partial<Spawner>;

/** A lie about what is told of a child. */
function saying(lie: (listener: ChildListener) => Partial<ChildListener>): Lie {
  return (truth) => ({
    spawn: (command, listener) => truth.spawn(command, { ...listener, ...lie(listener) }),
  });
}

/** A lie about what a child does. */
function doing(lie: (child: Child, listener: ChildListener) => Partial<Child>): Lie {
  return (truth) => ({
    spawn(command, listener) {
      const child = truth.spawn(command, listener);
      const honest: Child = {
        kill: (signal, scope) => child.kill(signal, scope),
        lingers: () => child.lingers(),
        sweep: (grace, done) => child.sweep(grace, done),
      };
      return { ...honest, ...lie(child, listener) };
    },
  });
}

/** A lie about what is asked for. */
function taking(lie: (command: Command) => Command): Lie {
  return (truth) => ({ spawn: (command, listener) => truth.spawn(lie(command), listener) });
}

const killed: Exit = { code: 137, signal: null };

const liars: Readonly<Record<string, Lie>> = {
  'announces twice': saying(({ announced }) => ({
    announced() {
      announced();
      announced();
    },
  })),
  'never announces': saying(() => ({ announced: () => undefined })),
  'announces without a descriptor': taking((command) => ({ notificationFd: 3, ...command })),
  'tells an exit twice': saying(({ exited }) => ({
    exited(exit, leftBehind) {
      exited(exit, leftBehind);
      exited(exit, leftBehind);
    },
  })),
  'makes a code of a signal': saying(({ exited }) => ({
    exited: ({ signal, ...exit }, leftBehind) =>
      exited(signal === 'SIGKILL' ? killed : { signal, ...exit }, leftBehind),
  })),
  'tells of no spawn': saying(() => ({ spawned: () => undefined })),
  'tells of a spawn when it is over': (truth) => ({
    spawn(command, { spawned, exited, ...listener }) {
      let its = 0;
      return truth.spawn(command, {
        ...listener,
        spawned: (pid) => (its = pid),
        exited(exit, leftBehind) {
          exited(exit, leftBehind);
          spawned(its);
        },
      });
    },
  }),
  'has one pid for all': saying(({ spawned }) => ({ spawned: () => spawned(7) })),
  'tells an exit of what cannot be run': saying(({ unspawnable, exited }) => ({
    unspawnable(failure) {
      unspawnable(failure);
      exited({ code: 127, signal: null }, false);
    },
  })),
  'gives one reason for all': saying(({ unspawnable }) => ({
    unspawnable: ({ message }) => unspawnable({ code: 'ENOENT', message }),
  })),
  'loses empty lines': saying(({ printed }) => ({
    printed: (stream, line) => line !== '' && printed(stream, line),
  })),
  'trims lines': saying(({ printed }) => ({
    printed: (stream, line) => printed(stream, line.trim()),
  })),
  'takes stderr for stdout': saying(({ printed }) => ({
    printed: (_, line) => printed('stdout', line),
  })),
  'tells what is printed elsewhere': taking((command) => ({ ...command, stdout: 'lines' })),
  'tells what is printed too late': (truth, clock) => ({
    spawn: (command, { printed, ...listener }) =>
      truth.spawn(command, {
        ...listener,
        printed: (...line) => void clock.at(clock.now() + 1, () => printed(...line)),
      }),
  }),
  'spawns the latest first': (truth, clock) => {
    const asked: (() => void)[] = [];
    return {
      spawn(command, listener) {
        let child: Child | undefined;
        asked.unshift(() => (child = truth.spawn(command, listener)));
        clock.at(clock.now() + 1, () => asked.shift()?.());
        return {
          kill: (signal, scope) => child?.kill(signal, scope),
          lingers: () => child?.lingers() ?? false,
          sweep: (grace, done) => (child === undefined ? done([]) : child.sweep(grace, done)),
        };
      },
    };
  },
  'keeps what it is to send until the spawn': (truth, clock) => ({
    spawn(command, listener) {
      let child: Child | undefined;
      clock.at(clock.now() + 1, () => (child = truth.spawn(command, listener)));
      return {
        kill: (signal, scope) => clock.at(clock.now() + 1, () => child?.kill(signal, scope)),
        lingers: () => child?.lingers() ?? false,
        sweep: (grace, done) => (child === undefined ? done([]) : child.sweep(grace, done)),
      };
    },
  }),
  'sends to the dead': (truth) => ({
    spawn(command, listener) {
      const child = truth.spawn(command, listener);
      return Object.assign(Object.create(child) as Child, {
        kill(signal: NodeJS.Signals, scope: 'process' | 'group') {
          const isDead = truth.children.some((one) => one === child && !one.alive);
          if (isDead) listener.exited({ code: null, signal }, false);
          else child.kill(signal, scope);
        },
        lingers: () => child.lingers(),
        sweep: (grace: number, done: (killed: readonly Leftover[]) => void) =>
          child.sweep(grace, done),
      });
    },
  }),
  'sends KILL for TERM': doing((child) => ({
    kill: (signal, scope) => child.kill(signal === 'SIGTERM' ? 'SIGKILL' : signal, scope),
  })),
  'sends every signal for another': doing((child) => ({
    kill: (signal, scope) => child.kill(signal === 'SIGWINCH' ? 'SIGUSR1' : signal, scope),
  })),
  'sends no STOP': doing((child) => ({
    kill: (signal, scope) => signal !== 'SIGSTOP' && child.kill(signal, scope),
  })),
  'lets go on whom it sends anything': doing((child) => ({
    kill(signal, scope) {
      child.kill(signal, scope);
      if (signal === 'SIGTERM') child.kill('SIGCONT', scope);
    },
  })),
  'sends to the group at all times': doing((child) => ({
    kill: (signal) => child.kill(signal, 'group'),
  })),
  'sends to one process at all times': doing((child) => ({
    kill: (signal) => child.kill(signal, 'process'),
  })),
  'knows nothing of those left behind': saying(({ exited }) => ({
    exited: (exit) => exited(exit, false),
  })),
  'knows nothing of those who linger': doing(() => ({ lingers: () => false })),
  'calls everybody lingering': doing(() => ({ lingers: () => true })),
  'sweeps without a broom': doing(() => ({ sweep: (_, done) => done([]) })),
  'never ends a sweep': doing(() => ({ sweep: () => undefined })),
  'keeps quiet about whom it has killed': doing((child) => ({
    sweep: (grace, done) => child.sweep(grace, () => done([])),
  })),
  'says of everybody that it was killed': doing((child) => ({
    sweep: (grace, done) => child.sweep(grace, () => done([{ pid: 1, name: 'it' }])),
  })),
  'never ends the sweep of those who ran away': () => ({ sweep: () => undefined }),
  'ends a sweep twice': doing((child) => ({
    sweep(grace, done) {
      child.sweep(grace, () => {
        done([]);
        done([]);
      });
    },
  })),
  'sweeps without grace': doing((child) => ({ sweep: (_, done) => child.sweep(0, done) })),
  'never lets go of a pipe': () => ({ closePipe: () => undefined }),
  'lets go of a pipe when its producer dies': (truth) => ({
    spawn: (command, { exited, ...listener }) =>
      truth.spawn(command, {
        ...listener,
        exited(exit, leftBehind) {
          if (typeof command.stdout === 'object') truth.closePipe(command.stdout.pipe);
          exited(exit, leftBehind);
        },
      }),
  }),
  'ends a log while somebody writes': (truth) => ({
    closePipe(pipe) {
      truth.closePipe(pipe);
      for (const child of truth.children) if (child.name === `${pipe}/log`) child.exit();
    },
  }),
  'makes a pipe for each logger': (truth) => {
    let loggers = 0;
    return {
      spawn(command, listener) {
        if (typeof command.stdin === 'string') return truth.spawn(command, listener);
        loggers += 1;
        return truth.spawn({ ...command, stdin: { pipe: `web${loggers}` } }, listener);
      },
      closePipe: () => truth.closePipe(`web1`),
    };
  },
  'ends every log from then on': (truth) => {
    const closed = new Set<string>();
    return {
      spawn(command, listener) {
        const child = truth.spawn(command, listener);
        const { stdin } = command;
        if (typeof stdin === 'object' && closed.has(stdin.pipe)) truth.child(command.name).exit();
        return child;
      },
      closePipe(pipe) {
        closed.add(pipe);
        truth.closePipe(pipe);
      },
    };
  },
  'runs on when it is closed': () => ({ close: () => Promise.resolve() }),
  'closes once only': (truth) => {
    let times = 0;
    return { close: () => (times++ === 0 ? truth.close() : Promise.reject(new Error('twice'))) };
  },
  'never closes': () => ({ close: () => new Promise(() => undefined) }),
};

for (const [what, lie] of Object.entries(liars)) {
  test(`a spawner that ${what} does not pass`, async () => {
    assert.ok(await isFoundOut(lie));
  });
}

async function isFoundOut(lie: Lie): Promise<boolean> {
  for (const { check } of spawnerContract) {
    const clock = new VirtualClock();
    const truth = new FakeSpawner(clock);
    const liar: ScriptedSpawner = {
      spawn: (command, listener) => truth.spawn(command, listener),
      closePipe: (pipe) => truth.closePipe(pipe),
      sweep: (grace, done) => truth.sweep(grace, done),
      close: () => truth.close(),
      script: (name, behaviour) => truth.script(name, behaviour),
      ...lie(truth, clock),
    };
    const passes = await check(virtualRig(clock, liar)).then(
      () => true,
      () => false,
    );
    if (!passes) return true;
  }
  return false;
}

/*
 * The contract of the spawner port, checked against the real spawners and against the fake one: the fake must behave as real
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
} from '../../../lib/testing/index.ts';
import type { Exit } from '../../../lib/model/exit.ts';
import type { Leftover } from '../../../lib/model/leftover.ts';
import type { Command } from '../../../lib/model/program.ts';
import type { Child, ChildListener, Spawner } from '../../../lib/engine/spawner.ts';
import type { ScriptedSpawner } from '../../../lib/testing/index.ts';
import { rig } from '../../host/rig.ts';
import { testEachWay } from '../../host/ways.ts';

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

// The contract detects defects: each test gives the fake spawner one defect.

type Lie = (truth: FakeSpawner, clock: VirtualClock) => Partial<Spawner>;

/** A defect in what is reported of a child. */
function saying(lie: (listener: ChildListener) => Partial<ChildListener>): Lie {
  return (truth) => ({
    spawn: (command, listener) => truth.spawn(command, { ...listener, ...lie(listener) }),
  });
}

/** A defect in what a child does. */
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

/** A defect in what is requested. */
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
  'reports an exit twice': saying(({ exited }) => ({
    exited(exit, leftBehind) {
      exited(exit, leftBehind);
      exited(exit, leftBehind);
    },
  })),
  'reports a code for a signal': saying(({ exited }) => ({
    exited: ({ signal, ...exit }, leftBehind) =>
      exited(signal === 'SIGKILL' ? killed : { signal, ...exit }, leftBehind),
  })),
  'reports no spawn': saying(() => ({ spawned: () => undefined })),
  'reports a spawn after the exit': (truth) => ({
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
  'uses one pid for all': saying(({ spawned }) => ({ spawned: () => spawned(7) })),
  'reports an exit of a program that cannot be run': saying(({ unspawnable, exited }) => ({
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
  'reports stderr as stdout': saying(({ printed }) => ({
    printed: (_, line) => printed('stdout', line),
  })),
  'reports output that goes elsewhere': taking((command) => ({ ...command, stdout: 'lines' })),
  'reports output too late': (truth, clock) => ({
    spawn: (command, { printed, ...listener }) =>
      truth.spawn(command, {
        ...listener,
        printed: (...line) => void clock.at(clock.now() + 1, () => printed(...line)),
      }),
  }),
  'spawns the latest request first': (truth, clock) => {
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
  'keeps signals until the spawn': (truth, clock) => ({
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
  'sends signals to dead processes': (truth) => ({
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
  'sends KILL instead of TERM': doing((child) => ({
    kill: (signal, scope) => child.kill(signal === 'SIGTERM' ? 'SIGKILL' : signal, scope),
  })),
  'sends another signal': doing((child) => ({
    kill: (signal, scope) => child.kill(signal === 'SIGWINCH' ? 'SIGUSR1' : signal, scope),
  })),
  'sends no STOP': doing((child) => ({
    kill: (signal, scope) => signal !== 'SIGSTOP' && child.kill(signal, scope),
  })),
  'continues a process with any signal': doing((child) => ({
    kill(signal, scope) {
      child.kill(signal, scope);
      if (signal === 'SIGTERM') child.kill('SIGCONT', scope);
    },
  })),
  'always signals the group': doing((child) => ({
    kill: (signal) => child.kill(signal, 'group'),
  })),
  'always signals one process': doing((child) => ({
    kill: (signal) => child.kill(signal, 'process'),
  })),
  'reports no leftovers at the exit': saying(({ exited }) => ({
    exited: (exit) => exited(exit, false),
  })),
  'reports no lingering process': doing(() => ({ lingers: () => false })),
  'reports a lingering process in every case': doing(() => ({ lingers: () => true })),
  'ends a sweep without a signal': doing(() => ({ sweep: (_, done) => done([]) })),
  'never ends a sweep': doing(() => ({ sweep: () => undefined })),
  'reports no killed process': doing((child) => ({
    sweep: (grace, done) => child.sweep(grace, () => done([])),
  })),
  'reports every process as killed': doing((child) => ({
    sweep: (grace, done) => child.sweep(grace, () => done([{ pid: 1, name: 'it' }])),
  })),
  'never ends the sweep of daemonized processes': () => ({ sweep: () => undefined }),
  'ends a sweep twice': doing((child) => ({
    sweep(grace, done) {
      child.sweep(grace, () => {
        done([]);
        done([]);
      });
    },
  })),
  'sweeps without a grace': doing((child) => ({ sweep: (_, done) => child.sweep(0, done) })),
  'never closes a pipe': () => ({ closePipe: () => undefined }),
  'closes a pipe when its producer dies': (truth) => ({
    spawn: (command, { exited, ...listener }) =>
      truth.spawn(command, {
        ...listener,
        exited(exit, leftBehind) {
          if (typeof command.stdout === 'object') truth.closePipe(command.stdout.pipe);
          exited(exit, leftBehind);
        },
      }),
  }),
  'ends a log that still has a writer': (truth) => ({
    closePipe(pipe) {
      truth.closePipe(pipe);
      for (const child of truth.children) if (child.name === `${pipe}/log`) child.exit();
    },
  }),
  'makes one pipe for each logger': (truth) => {
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
  'ends every log after the first': (truth) => {
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
  'spawns after its close': () => ({ close: () => Promise.resolve() }),
  'fails at a second close': (truth) => {
    let times = 0;
    return { close: () => (times++ === 0 ? truth.close() : Promise.reject(new Error('twice'))) };
  },
  'never closes': () => ({ close: () => new Promise(() => undefined) }),
};

for (const [what, lie] of Object.entries(liars)) {
  test(`the contract detects a spawner that ${what}`, async () => {
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

import assert from 'node:assert/strict';
import type { MachineInput } from '../../lib/machine/tree/tree-state.ts';
import type { LifecycleEvent } from '../../lib/model/event.ts';
import type { Leftover } from '../../lib/model/leftover.ts';
import type { Command } from '../../lib/model/program.ts';
import type { Tree } from '../../lib/model/tree.ts';
import type { Clock } from '../../lib/engine/clock.ts';
import type { World } from '../../lib/engine/world.ts';
import { Engine } from '../../lib/engine/engine.ts';
import type { ChildListener, Spawner } from '../../lib/engine/spawner.ts';
import { FakeSpawner } from '../../lib/testing/simulation/fake-spawner.ts';
import { VirtualClock } from '../../lib/testing/time/virtual-clock.ts';
import { changeInWords } from '../machine/in-words.ts';
import * as inputs from '../machine/samples.ts';

/** A world without work. */
export const idleWorld: World = {
  prepare: () => Promise.resolve([]),
  reread: () => Promise.resolve({ tree: null, problems: [] }),
  release: () => Promise.resolve([]),
};

export const toServices: MachineInput = { type: 'advance', target: 'services' };
export const toTheEnd: MachineInput = { type: 'end', ending: { reason: 'stopped', exitCode: 0 } };

export interface Ports {
  readonly clock: Clock;
  readonly spawner: Spawner;
  readonly world?: World;
}

interface Observed {
  readonly engine: Engine;
  readonly events: LifecycleEvent[];
  readonly listeners: ((event: LifecycleEvent) => void)[];
  readonly after: (() => void)[];
  readonly changes: () => readonly string[];
  readonly to: (name: string, input: Extract<MachineInput, { type: 'service' }>['input']) => void;
}

/** An engine, its events, and the callbacks for each event and after each step. */
export function engineOn(
  parts: Partial<Tree>,
  { clock, spawner, world = idleWorld }: Ports,
): Observed {
  const events: LifecycleEvent[] = [];
  const listeners: ((event: LifecycleEvent) => void)[] = [];
  const after: (() => void)[] = [];
  const engine = new Engine(inputs.tree(parts), {
    ...{ clock, spawner, world, options: inputs.treeOptions() },
    publish: (event) => {
      events.push(event);
      for (const listener of listeners) listener(event);
    },
    stepped: () => {
      for (const listener of after) listener();
    },
  });
  const changes = (): readonly string[] => events.map(changeInWords);
  const to = (name: string, input: Extract<MachineInput, { type: 'service' }>['input']): void => {
    engine.input({ type: 'service', service: name, input });
  };
  return { engine, events, listeners, after, changes, to };
}

/** An engine with fake processes. */
export function rig(
  parts: Partial<Tree>,
  world?: World,
): Observed & { readonly clock: VirtualClock; readonly spawner: FakeSpawner } {
  const clock = new VirtualClock();
  const spawner = new FakeSpawner(clock);
  const ports = world === undefined ? { clock, spawner } : { clock, spawner, world };
  return { clock, spawner, ...engineOn(parts, ports) };
}

export interface Process {
  readonly command: Command;
  readonly listener: ChildListener;
  readonly kills: string[];
  readonly sweeps: {
    readonly grace: number;
    readonly done: (killed?: readonly Leftover[]) => void;
  }[];
}

interface ManualSpawner {
  readonly spawner: Spawner;
  readonly children: readonly Process[];
  /** The calls of the spawner. */
  readonly calls: readonly string[];
  readonly child: (index: number) => Process;
  /** The functions that end the sweeps of daemons; with `mayDaemonize: false` these sweeps end at once. */
  readonly daemonSweeps: readonly ((killed?: readonly Leftover[]) => void)[];
}

/** A spawner with children that do nothing: the test calls their listeners. */
export function manualSpawner({ mayDaemonize = false } = {}): ManualSpawner {
  const children: Process[] = [];
  const calls: string[] = [];
  const daemonSweeps: ((killed?: readonly Leftover[]) => void)[] = [];
  const spawner: Spawner = {
    spawn(command, listener) {
      const child: Process = { command, listener, kills: [], sweeps: [] };
      children.push(child);
      calls.push(`spawn ${command.name}`);
      return {
        kill: (signal, scope) => child.kills.push(`${signal} ${scope}`),
        lingers: () => true,
        sweep: (grace, done) => child.sweeps.push({ grace, done: (killed = []) => done(killed) }),
      };
    },
    closePipe: (pipe) => calls.push(`closePipe ${pipe}`),
    sweep: (grace, done, pipe) => {
      const what = pipe === undefined ? '' : ` the writers of ${pipe}`;
      calls.push(`sweep within ${String(grace)}${what}`);
      daemonSweeps.push((killed = []) => done(killed));
      if (!mayDaemonize) done([]);
    },
    close: () => {
      calls.push('close');
      return Promise.resolve();
    },
  };
  const child = (index: number): Process => {
    const found = children[index];
    assert.ok(found !== undefined, `child ${String(index)} was never asked for`);
    return found;
  };
  return { spawner, children, calls, child, daemonSweeps };
}

/** An engine with children that the test controls. */
export function manualRig(
  parts: Partial<Tree>,
  world?: World,
  how?: { readonly mayDaemonize: boolean },
): Observed & ManualSpawner & { readonly clock: VirtualClock } {
  const clock = new VirtualClock();
  const stage = manualSpawner(how);
  const ports = { clock, spawner: stage.spawner };
  return { clock, ...stage, ...engineOn(parts, world === undefined ? ports : { ...ports, world }) };
}

export const code0 = { code: 0, signal: null };

/** Resolves after the reactions of all settled promises. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

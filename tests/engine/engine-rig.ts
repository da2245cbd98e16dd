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

/** A world in which there is nothing to do. */
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

interface Told {
  readonly engine: Engine;
  readonly events: LifecycleEvent[];
  readonly hear: ((event: LifecycleEvent) => void)[];
  readonly after: (() => void)[];
  readonly told: () => readonly string[];
  readonly to: (name: string, input: Extract<MachineInput, { type: 'service' }>['input']) => void;
}

/** An engine, what it has told, and what is done on each event and after each step. */
export function engineOn(parts: Partial<Tree>, { clock, spawner, world = idleWorld }: Ports): Told {
  const events: LifecycleEvent[] = [];
  const hear: ((event: LifecycleEvent) => void)[] = [];
  const after: (() => void)[] = [];
  const engine = new Engine(inputs.tree(parts), {
    ...{ clock, spawner, world, options: inputs.treeOptions() },
    publish: (event) => {
      events.push(event);
      for (const listener of hear) listener(event);
    },
    stepped: () => {
      for (const listener of after) listener();
    },
  });
  const told = (): readonly string[] => events.map(changeInWords);
  const to = (name: string, input: Extract<MachineInput, { type: 'service' }>['input']): void => {
    engine.input({ type: 'service', service: name, input });
  };
  return { engine, events, hear, after, told, to };
}

/** An engine with fake processes. */
export function rig(
  parts: Partial<Tree>,
  world?: World,
): Told & { readonly clock: VirtualClock; readonly spawner: FakeSpawner } {
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

interface Puppets {
  readonly spawner: Spawner;
  readonly children: readonly Process[];
  /** What the spawner was asked for. */
  readonly calls: readonly string[];
  readonly child: (index: number) => Process;
  /** What ends the sweeps of those that ran away; by themselves they end at once, unless somebody may have. */
  readonly ranAway: readonly ((killed?: readonly Leftover[]) => void)[];
}

/** A spawner whose children do nothing: the test tells what they tell. */
export function puppets({ mayRunAway = false } = {}): Puppets {
  const children: Process[] = [];
  const calls: string[] = [];
  const ranAway: ((killed?: readonly Leftover[]) => void)[] = [];
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
      const whom = pipe === undefined ? '' : ` the writers of ${pipe}`;
      calls.push(`sweep within ${String(grace)}${whom}`);
      ranAway.push((killed = []) => done(killed));
      if (!mayRunAway) done([]);
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
  return { spawner, children, calls, child, ranAway };
}

/** An engine with processes that the test speaks for. */
export function puppeteer(
  parts: Partial<Tree>,
  world?: World,
  how?: { readonly mayRunAway: boolean },
): Told & Puppets & { readonly clock: VirtualClock } {
  const clock = new VirtualClock();
  const stage = puppets(how);
  const ports = { clock, spawner: stage.spawner };
  return { clock, ...stage, ...engineOn(parts, world === undefined ? ports : { ...ports, world }) };
}

export const code0 = { code: 0, signal: null };

/** Until every promise that is settled has been heard. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

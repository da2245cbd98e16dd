import type {
  EndedRun,
  ServiceStateIn,
  LifecycleInput,
  Memory,
  Run,
  ServiceEffect,
  ServiceSetting,
} from '../../lib/machine/service/service-state.ts';
import type { TreeOptions } from '../../lib/machine/tree/tree-options.ts';
import { finishCommand, runCommand } from '../../lib/machine/service/commands.ts';
import type { Exit } from '../../lib/model/exit.ts';
import type { SpawnFailure } from '../../lib/model/spawn-failure.ts';
import type { ScriptSpec, ServiceSpec, Tree } from '../../lib/model/tree.ts';
import { loggerName, serviceDefaults } from '../../lib/model/tree.ts';

/** A service like `services.d/NAME` with only a `run`, with the fields that a test changes. */
export function service(name: string, more: Partial<ServiceSpec> = {}): ServiceSpec {
  const run = { script: `/etc/services.d/${name}/run` };
  return { ...serviceDefaults, name, run, ...more };
}

/** The same with a `finish` script. */
export function finished(name: string, more: Partial<ServiceSpec> = {}): ServiceSpec {
  return service(name, { finish: { script: `/etc/services.d/${name}/finish` }, ...more });
}

/** The same with a logger. */
export function logged(
  name: string,
  more: Partial<ServiceSpec> = {},
  ofLogger: Partial<ServiceSpec> = {},
): ServiceSpec {
  return service(name, { logger: service(loggerName(name), ofLogger), ...more });
}

/** A script of the init or the finish stage. */
export function script(name: string): ScriptSpec {
  return { name, run: { script: `/etc/scripts/${name}` } };
}

/** A tree made in code; a part that is left out is empty. */
export function tree(parts: Partial<Tree> = {}): Tree {
  return { fixAttrs: [], init: [], services: [], finish: [], ...parts };
}

/** The default options, with those that a test changes. */
export function treeOptions(more: Partial<TreeOptions> = {}): TreeOptions {
  const timeouts = { init: 0, readiness: 5000, services: 3000, finish: 5000, kill: 3000 };
  return { onInitFailure: 'continue', output: 'inherit', timeouts, services: {}, ...more };
}

/** The setting of a transition: a spec and a moment. */
export function at(now: number, spec: ServiceSpec): ServiceSetting {
  return { spec, output: 'inherit', now, stopLimit: null };
}

const memory: Memory = {
  goal: 'up',
  since: 0,
  lastExit: null,
  deaths: 0,
  recentDeaths: [],
  tally: [],
  consecutiveDeaths: 0,
  deathsInRow: 0,
  killTimeout: 0,
  finishDeadline: null,
  spawnFailure: null,
};

/** A run that began at 0. */
export const run: Run = { pid: 7, startedAt: 0, announces: false, readyAt: null };

/** That run, after it exited by itself with code 1. */
export const died: EndedRun = { run, exit: code(1), death: true, restart: false };

export function down(more: Partial<ServiceStateIn<'down'>> = {}): ServiceStateIn<'down'> {
  return { ...memory, goal: 'down', status: 'down', why: 'asked', ...more };
}

export function starting(
  more: Partial<ServiceStateIn<'starting'>> = {},
): ServiceStateIn<'starting'> {
  return { ...memory, status: 'starting', announces: false, signals: [], ...more };
}

export function up(more: Partial<ServiceStateIn<'up'>> = {}): ServiceStateIn<'up'> {
  return { ...memory, status: 'up', run, ...more };
}

export function stopping(
  more: Partial<ServiceStateIn<'stopping'>> = {},
): ServiceStateIn<'stopping'> {
  const passage = { restart: false, kills: 0, deadline: 10_000 };
  return {
    ...memory,
    goal: 'down',
    killTimeout: 10_000,
    status: 'stopping',
    run,
    ...passage,
    ...more,
  };
}

export function finishing(
  more: Partial<ServiceStateIn<'finishing'>> = {},
): ServiceStateIn<'finishing'> {
  return { ...memory, status: 'finishing', ended: died, kills: 0, deadline: 5000, ...more };
}

export function backoff(more: Partial<ServiceStateIn<'backoff'>> = {}): ServiceStateIn<'backoff'> {
  return { ...memory, status: 'backoff', why: 'death', deadline: 1000, ...more };
}

export function failed(more: Partial<ServiceStateIn<'failed'>> = {}): ServiceStateIn<'failed'> {
  return { ...memory, goal: 'down', status: 'failed', why: 'policy', ...more };
}

export function code(value: number): Exit {
  return { code: value, signal: null };
}

export function by(signal: NodeJS.Signals): Exit {
  return { code: null, signal };
}

export const start: LifecycleInput = { type: 'start' };
export const once: LifecycleInput = { type: 'once' };
export const stop: LifecycleInput = { type: 'stop' };
export const restart: LifecycleInput = { type: 'restart' };
export const drain: LifecycleInput = { type: 'drain', killTimeout: 3000, finishDeadline: 6000 };
export const hangUp: LifecycleInput = { type: 'signal', signal: 'SIGHUP' };
export const hurry: LifecycleInput = { type: 'shorten' };
export const forget: LifecycleInput = { type: 'forget' };
export const spawned: LifecycleInput = { type: 'spawned', pid: 7 };
export const missing: SpawnFailure = { code: 'ENOENT', message: 'no such file' };
export const unspawnable: LifecycleInput = { type: 'unspawnable', ...missing };
export const announced: LifecycleInput = { type: 'announced' };
export const deadline: LifecycleInput = { type: 'deadline' };

export function exited(how: number | NodeJS.Signals): LifecycleInput {
  return { type: 'exited', exit: typeof how === 'number' ? code(how) : by(how) };
}

/** One input of each type. */
export const everyInput: readonly LifecycleInput[] = [
  start,
  once,
  stop,
  restart,
  drain,
  hangUp,
  hurry,
  forget,
  spawned,
  unspawnable,
  announced,
  exited(1),
  deadline,
];

export function spawnRun(spec: ServiceSpec): ServiceEffect {
  return { type: 'spawn', role: 'run', command: runCommand(spec, 'inherit') };
}

export function spawnFinish(spec: ServiceSpec, ended: EndedRun): ServiceEffect {
  const program = spec.finish ?? spec.run;
  return { type: 'spawn', role: 'finish', command: finishCommand(spec, program, ended, 'inherit') };
}

export function kill(
  signal: NodeJS.Signals,
  scope: 'process' | 'group' = 'process',
): ServiceEffect {
  return { type: 'kill', signal, scope };
}

export const sweep: ServiceEffect = { type: 'sweep' };

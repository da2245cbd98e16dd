/*
 * The actions that are possible in a state: those of the processes, and the passing of time.
 *
 * Actions of a process that have the same effect on the machine are one choice: the exit codes 0 and 1 of a finish script, the
 * exits of a run that was asked to exit, and those of a run that is restarted after any exit.
 */
import type { Action, StepWithoutTime } from './actions.ts';
import { cannotRun, actionOf, exits, exitWith, starts, toScript, toService } from './actions.ts';
import type { ExplorationSetting } from './exploration-setting.ts';
import { flawOf } from './exploration-setting.ts';
import { expiries, passing } from './expiry.ts';
import type { ExploredState } from './explored-state.ts';
import { stopped } from './explored-state.ts';
import type { ScriptsState, MachineInput } from '../../machine/tree/tree-state.ts';
import type { Unit } from '../../machine/tree/unit-map.ts';
import { isDescending } from '../../machine/tree/tree-state.ts';

/**
 * Everything that may happen next. A requested process is spawned, or cannot be, before anything else happens; but a stop may come
 * at any moment.
 */
export function choicesIn(explored: ExploredState, setting: ExplorationSetting): readonly Action[] {
  const { phase } = explored.state;
  if (phase === 'ended') return [];
  const spawns = spawning(explored, setting);
  const actions =
    spawns.length > 0
      ? spawns
      : [...acting(explored, setting), ...expiries(explored), ...passing(explored, setting)];
  return isDescending(explored.state) ? actions : [...actions, stop(explored)];
}

/** The first action of a walk. */
export function start(explored: ExploredState): Action {
  const step = { who: 'supervisor', what: 'is asked to start' };
  return actionOf(explored, { type: 'advance', target: 'services' }, step);
}

function stop(explored: ExploredState): Action {
  const step = { who: 'supervisor', what: 'is asked to stop' };
  return actionOf(explored, { type: 'end', ending: stopped }, step);
}

const stages = ['init', 'finish'] as const;
type Stage = (typeof stages)[number];

function spawning(explored: ExploredState, setting: ExplorationSetting): readonly Action[] {
  const { units } = explored.state;
  return [
    ...[...units.values()].flatMap((unit) => spawn(explored, unit, setting)),
    ...stages.flatMap((stage) => spawnScript(explored, stage, setting)),
  ];
}

function spawn(
  explored: ExploredState,
  unit: Unit,
  setting: ExplorationSetting,
): readonly Action[] {
  const { spec, state } = unit;
  const { name, run, finish } = spec;
  const isFinishing = state.status === 'finishing' && finish !== undefined;
  if (state.status !== 'starting' && !isFinishing) return [];
  const flaw = flawOf(setting, isFinishing ? finish : run);
  if (flaw !== undefined) {
    const step = cannotRun(isFinishing ? `${name}/finish` : name, flaw.message);
    const input = toService(name, unspawnable);
    return [
      actionOf(explored, input, step),
      ...(isFinishing ? [] : tooOften(explored, unit, input, step)),
    ];
  }
  if (isFinishing) return [];
  return [actionOf(explored, toService(name, { type: 'spawned', pid: 1 }), starts(name))];
}

function spawnScript(
  explored: ExploredState,
  stage: Stage,
  setting: ExplorationSetting,
): readonly Action[] {
  const { running, scripts } = explored.state[stage];
  if (running === null || running.pid !== null) return [];
  const { script } = running;
  const spec = scripts.find(({ name }) => name === script);
  const flaw = spec === undefined ? undefined : flawOf(setting, spec.run);
  if (flaw !== undefined) {
    return [actionOf(explored, toScript(stage, unspawnable), cannotRun(script, flaw.message))];
  }
  return [actionOf(explored, toScript(stage, { type: 'spawned', pid: 1 }), starts(script))];
}

const unspawnable = { type: 'unspawnable', code: 'ENOENT', message: '' } as const;

/** What processes do by themselves. A process whose time is up receives KILL and does nothing more. */
function acting(explored: ExploredState, { options }: ExplorationSetting): readonly Action[] {
  const { state, clearing } = explored;
  const mayFail = options.onInitFailure === 'stop' && state.init.running?.halted === false;
  return [
    ...[...state.units.values()].flatMap((unit) => act(explored, unit)),
    ...runScript(explored, 'init', state.init, mayFail ? [0, 1] : [0]),
    ...runScript(explored, 'finish', state.finish, [0]),
    ...sweep(explored),
    ...(clearing === null || clearing === 0 ? [] : [unreported(explored, cleared)]),
  ];
}

const cleared = { type: 'cleared', problems: [] } as const;

/** An action that is not reported: no process was left behind. */
function unreported(explored: ExploredState, input: MachineInput): Action {
  return { explored, input, after: 0, took: 0, steps: [] };
}

function sweep(explored: ExploredState): readonly Action[] {
  const early = explored.sweeps.filter(({ left }) => left > 0);
  return early.map((each) => {
    const { service } = each;
    const sweeps = explored.sweeps.filter((other) => other !== each);
    return unreported({ ...explored, sweeps }, { type: 'swept', service });
  });
}

function act(explored: ExploredState, unit: Unit): readonly Action[] {
  const { spec, state } = unit;
  const { name } = spec;
  switch (state.status) {
    case 'up': {
      const codes = spec.restart === 'always' ? [1] : [0, 1];
      const deaths = codes.map((code) => actionOf(explored, exitOf(name, code), exits(name, code)));
      const last = tooOften(explored, unit, exitOf(name, 1), exits(name, 1));
      return [...deaths, ...last, ...announce(explored, unit)];
    }
    case 'stopping':
      if (state.deadline === 0) return [];
      return [actionOf(explored, exitOf(name, 0), exits(name, 0))];
    case 'finishing':
      if (state.deadline === 0) return [];
      return (state.goal === 'down' ? [0] : [0, 125]).map((code) =>
        actionOf(explored, exitOf(name, code), exits(`${name}/finish`, code)),
      );
    case 'down':
    case 'starting':
    case 'backoff':
    case 'failed':
      return [];
  }
}

function exitOf(service: string, code: number): MachineInput {
  return toService(service, { type: 'exited', exit: exitWith(code) });
}

/** The death that exceeds the backoff's limit, or the attempt to start; all earlier ones happened immediately before it. */
function tooOften(
  explored: ExploredState,
  unit: Unit,
  last: MachineInput,
  step: StepWithoutTime,
): readonly Action[] {
  const { spec, state } = unit;
  const { deaths = 1 } = spec.backoff?.limit ?? {};
  if (deaths === 1) return [];
  const dying: Unit = {
    ...unit,
    state: { ...state, recentDeaths: Array<number>(deaths - 1).fill(0) },
  };
  const units = explored.state.units.with(spec.name, dying);
  const prepared = { ...explored, state: { ...explored.state, units } };
  const what = `${step.what}, and has died ${String(deaths - 1)} times just before`;
  return [actionOf(prepared, last, { ...step, what })];
}

/** Readiness matters only while the stage waits for it. */
function announce(explored: ExploredState, { spec, state }: Unit): readonly Action[] {
  const waits = explored.state.services.status === 'started';
  if (!waits || spec.notificationFd === undefined) return [];
  if (state.status !== 'up' || state.run.readyAt !== null) return [];
  const step = { who: spec.name, what: 'is ready', does: { ready: true } };
  return [actionOf(explored, toService(spec.name, { type: 'announced' }), step)];
}

function runScript(
  explored: ExploredState,
  stage: Stage,
  { running }: ScriptsState,
  codes: readonly number[],
): readonly Action[] {
  if (running?.pid == null || running.deadline === 0) return [];
  const { script } = running;
  return codes.map((code) => {
    const input = toScript(stage, { type: 'exited', exit: exitWith(code) });
    return actionOf(explored, input, exits(script, code));
  });
}

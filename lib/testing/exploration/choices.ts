/*
 * What may happen next in a situation: what the processes can do, and that time passes.
 *
 * Actions of a process that have the same effect on the machine are one choice: the exit codes 0 and 1 of a finish script, the
 * exits of a run that was asked to exit, and those of a run that is restarted after any exit.
 */
import type { Action } from './actions.ts';
import { cannotRun, actionOf, exits, exitWith, rises, toScript, toService } from './actions.ts';
import type { ExplorationSetting } from './exploration-setting.ts';
import { flawOf } from './exploration-setting.ts';
import { expiries, passing } from './expiry.ts';
import type { ExploredState } from './explored-state.ts';
import { stopped } from './explored-state.ts';
import type { ScriptsState, MachineInput, Unit } from '../../machine/tree/tree-state.ts';
import { isDescending } from '../../machine/tree/tree-state.ts';

/**
 * Everything that may happen next. A requested process is spawned, or cannot be, before anything else happens; but a stop may come
 * at any moment.
 */
export function choicesIn(situation: ExploredState, laws: ExplorationSetting): readonly Action[] {
  const { phase } = situation.state;
  if (phase === 'ended') return [];
  const spawns = spawning(situation, laws);
  const deeds =
    spawns.length > 0
      ? spawns
      : [...acting(situation, laws), ...expiries(situation), ...passing(situation, laws)];
  return isDescending(situation.state) ? deeds : [...deeds, stop(situation)];
}

/** The first deed of a walk. */
export function start(situation: ExploredState): Action {
  const says = { who: 'supervisor', what: 'is told to start' };
  return actionOf(situation, { type: 'advance', target: 'services' }, says);
}

function stop(situation: ExploredState): Action {
  const says = { who: 'supervisor', what: 'is told to stop' };
  return actionOf(situation, { type: 'end', ending: stopped }, says);
}

const stages = ['init', 'finish'] as const;
type Stage = (typeof stages)[number];

function spawning(situation: ExploredState, laws: ExplorationSetting): readonly Action[] {
  const { units } = situation.state;
  return [
    ...[...units.values()].flatMap((unit) => spawn(situation, unit, laws)),
    ...stages.flatMap((stage) => spawnScript(situation, stage, laws)),
  ];
}

function spawn(
  situation: ExploredState,
  { spec, state }: Unit,
  laws: ExplorationSetting,
): readonly Action[] {
  const { name, run, finish } = spec;
  const isFinishing = state.status === 'finishing' && finish !== undefined;
  if (state.status !== 'starting' && !isFinishing) return [];
  const flaw = flawOf(laws, isFinishing ? finish : run);
  if (flaw !== undefined) {
    const says = cannotRun(isFinishing ? `${name}/finish` : name, flaw.message);
    return [actionOf(situation, toService(name, unspawnable), says)];
  }
  if (isFinishing) return [];
  return [actionOf(situation, toService(name, { type: 'spawned', pid: 1 }), rises(name))];
}

function spawnScript(
  situation: ExploredState,
  stage: Stage,
  laws: ExplorationSetting,
): readonly Action[] {
  const { running, scripts } = situation.state[stage];
  if (running === null || running.pid !== null) return [];
  const { script } = running;
  const spec = scripts.find(({ name }) => name === script);
  const flaw = spec === undefined ? undefined : flawOf(laws, spec.run);
  if (flaw !== undefined) {
    return [actionOf(situation, toScript(stage, unspawnable), cannotRun(script, flaw.message))];
  }
  return [actionOf(situation, toScript(stage, { type: 'spawned', pid: 1 }), rises(script))];
}

const unspawnable = { type: 'unspawnable', code: 'ENOENT', message: '' } as const;

/** What processes do by themselves. A process whose time is up receives KILL and does nothing more. */
function acting(situation: ExploredState, { options }: ExplorationSetting): readonly Action[] {
  const { state, clearing } = situation;
  const mayFail = options.onInitFailure === 'stop' && state.init.running?.halted === false;
  return [
    ...[...state.units.values()].flatMap((unit) => act(situation, unit)),
    ...runScript(situation, 'init', state.init, mayFail ? [0, 1] : [0]),
    ...runScript(situation, 'finish', state.finish, [0]),
    ...sweep(situation),
    ...(clearing === null || clearing === 0 ? [] : [silently(situation, cleared)]),
  ];
}

const cleared = { type: 'cleared', problems: [] } as const;

/** A deed that is not reported: no process was left behind. */
function silently(situation: ExploredState, input: MachineInput): Action {
  return { situation, input, after: 0, took: 0, says: [] };
}

function sweep(situation: ExploredState): readonly Action[] {
  const early = situation.sweeps.filter(({ left }) => left > 0);
  return early.map((each) => {
    const { service } = each;
    const sweeps = situation.sweeps.filter((other) => other !== each);
    return silently({ ...situation, sweeps }, { type: 'swept', service });
  });
}

function act(situation: ExploredState, unit: Unit): readonly Action[] {
  const { spec, state } = unit;
  const { name } = spec;
  switch (state.status) {
    case 'up': {
      const codes = spec.restart === 'always' ? [1] : [0, 1];
      const deaths = codes.map((code) =>
        actionOf(situation, exitOf(name, code), exits(name, code)),
      );
      return [...deaths, ...tooOften(situation, unit), ...announce(situation, unit)];
    }
    case 'stopping':
      if (state.deadline === 0) return [];
      return [actionOf(situation, exitOf(name, 0), exits(name, 0))];
    case 'finishing':
      if (state.deadline === 0) return [];
      return (state.goal === 'down' ? [0] : [0, 125]).map((code) =>
        actionOf(situation, exitOf(name, code), exits(`${name}/finish`, code)),
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

/** The death that exceeds the backoff's limit; all earlier deaths happened immediately before it. */
function tooOften(situation: ExploredState, unit: Unit): readonly Action[] {
  const { spec, state } = unit;
  const { deaths = 1 } = spec.backoff?.limit ?? {};
  if (deaths === 1) return [];
  const worn: Unit = {
    ...unit,
    state: { ...state, recentDeaths: Array<number>(deaths - 1).fill(0) },
  };
  const units = new Map(situation.state.units).set(spec.name, worn);
  const tired = { ...situation, state: { ...situation.state, units } };
  const says = exits(spec.name, 1, `, and has died ${String(deaths - 1)} times just before`);
  return [actionOf(tired, exitOf(spec.name, 1), says)];
}

/** Readiness matters only while the stage waits for it. */
function announce(situation: ExploredState, { spec, state }: Unit): readonly Action[] {
  const waits = situation.state.services.status === 'started';
  if (!waits || spec.notificationFd === undefined) return [];
  if (state.status !== 'up' || state.run.readyAt !== null) return [];
  const says = { who: spec.name, what: 'is ready', does: { ready: true } };
  return [actionOf(situation, toService(spec.name, { type: 'announced' }), says)];
}

function runScript(
  situation: ExploredState,
  stage: Stage,
  { running }: ScriptsState,
  codes: readonly number[],
): readonly Action[] {
  if (running?.pid == null || running.deadline === 0) return [];
  const { script } = running;
  return codes.map((code) => {
    const input = toScript(stage, { type: 'exited', exit: exitWith(code) });
    return actionOf(situation, input, exits(script, code));
  });
}

/*
 * How time passes in a walk.
 *
 * Time is counted for processes that were asked to exit, for scripts, for sweeps and for the final clean-up, and advances to the
 * nearest of their deadlines. What a service that is wanted up waits for (its restart, its finish script, the stage for its
 * readiness) may be over at any moment, since its run may have exited at any moment before.
 */
import type { Action, StepWithoutTime } from './actions.ts';
import type { ExplorationSetting } from './exploration-setting.ts';
import type { ExploredState } from './explored-state.ts';
import { isAsked } from './explored-state.ts';
import { lasting } from './wording.ts';
import type { ServiceState } from '../../machine/service/service-state.ts';
import type { RunningScript, TreeState, Unit } from '../../machine/tree/tree-state.ts';
import { isDescending } from '../../machine/tree/tree-state.ts';
import type { ServiceSpec } from '../../model/tree.ts';
import { producerOf } from '../../model/tree.ts';

/** The deadlines of the start that may pass, one at a time. */
export function expiries(situation: ExploredState): readonly Action[] {
  const { state } = situation;
  if (isDescending(state)) return [];
  const { deadline } = state.services;
  return [
    ...[...state.units.values()].flatMap((unit) => expiry(situation, unit)),
    ...(deadline === null ? [] : [readinessExpiry(situation, deadline)]),
  ];
}

function expiry({ state: tree, ...world }: ExploredState, unit: Unit): readonly Action[] {
  const { spec, state } = unit;
  const deadline = deadlineOf(state);
  if (deadline === null || isAsked(state)) return [];
  const units = new Map(tree.units).set(spec.name, due(unit, 0));
  const says: StepWithoutTime =
    state.status === 'backoff'
      ? { who: spec.name, what: `has waited ${lasting(deadline)} for its restart` }
      : hangs(`${spec.name}/finish`, deadline);
  return [expires({ ...world, state: { ...tree, units } }, 0, says)];
}

function readinessExpiry({ state, ...world }: ExploredState, deadline: number): Action {
  const services = { ...state.services, deadline: 0 };
  const what = `goes on after ${lasting(deadline)} without ${state.services.awaited.join(' and ')}`;
  const says = { who: 'supervisor', what };
  return expires({ ...world, state: { ...state, services } }, deadline, says);
}

function expires(situation: ExploredState, took: number, says: StepWithoutTime): Action {
  return { situation, input: { type: 'deadline' }, after: 0, took, says: [says] };
}

/**
 * Advances to the nearest deadline of which the time is counted, or lets happen what is due now. In between, processes may still
 * act: at the same moment as a deadline, but before it.
 */
export function passing(situation: ExploredState, laws: ExplorationSetting): readonly Action[] {
  const waits = waitsIn(situation, laws);
  const after = Math.min(...waits.map(({ left }) => left));
  if (after === 0) return [happening(situation, waits)];
  if (after === Infinity || isHeldUp(situation.state)) return [];
  return [{ situation, input: null, after, took: after, says: [] }];
}

function happening(situation: ExploredState, waits: readonly Wait[]): Action {
  const says = waits.filter(({ left }) => left === 0).map((wait) => wait.says);
  return { situation, input: { type: 'deadline' }, after: 0, took: 0, says };
}

/**
 * Whether a logger that was not asked to exit yet runs its finish script. In the worst case the script began when the logger is
 * asked to exit, so no time passes in between.
 */
function isHeldUp({ units }: TreeState): boolean {
  return [...units.values()].some(
    ({ state }) => state.status === 'finishing' && !isAsked(state) && state.deadline !== null,
  );
}

function due(unit: Unit, deadline: number): Unit {
  return { ...unit, state: { ...unit.state, deadline } as ServiceState };
}

/** A deadline of which the time is counted, and the milliseconds until it. */
interface Wait {
  readonly left: number;
  readonly says: StepWithoutTime;
}

function waitsIn(
  { state, sweeps, clearing }: ExploredState,
  { options }: ExplorationSetting,
): readonly Wait[] {
  const { init, finish, kill } = options.timeouts;
  return [
    ...[...state.units.values()].flatMap(waitOf),
    ...scriptWait(state.init.running, init, state.grace),
    ...scriptWait(state.finish.running, finish, 0),
    ...sweeps.map(({ service, left }) => ({ left, says: ignored(service, kill) })),
    ...(clearing === null ? [] : [{ left: clearing, says: clearingUp(kill) }]),
  ];
}

function waitOf({ spec, state }: Unit): readonly Wait[] {
  const left = deadlineOf(state);
  if (left === null || !isAsked(state)) return [];
  if (state.status === 'finishing') return [{ left, says: hangingFinish(spec, state, left) }];
  const isLogger = producerOf(spec.name) !== undefined;
  const deaf = isLogger ? 'does not end at the end of its pipe' : `ignores ${spec.downSignal}`;
  return [{ left, says: { who: spec.name, what: killedAfter(deaf, state.killTimeout) } }];
}

function scriptWait(running: RunningScript | null, limit: number, grace: number): readonly Wait[] {
  if (running?.deadline == null) return [];
  const { script, deadline, halted } = running;
  if (!halted) return [{ left: deadline, says: hangs(script, limit) }];
  const shorter = Math.min(...[limit, grace].filter((each) => each > 0));
  const what = killedAfter('ignores SIGTERM', shorter);
  return [{ left: deadline, says: { who: script, what } }];
}

/** A hanging finish script: it is killed by its own limit, or by the common limit of the stop. */
function hangingFinish(
  { name, finishTimeout }: ServiceSpec,
  { finishDeadline }: ServiceState,
  left: number,
): StepWithoutTime {
  const who = `${name}/finish`;
  return left === finishDeadline
    ? { who, what: 'hangs: KILL at the common deadline of all services' }
    : hangs(who, finishTimeout);
}

function hangs(who: string, limit: number): StepWithoutTime {
  return { who, what: killedAfter('hangs', limit) };
}

function ignored(service: string, grace: number): StepWithoutTime {
  return { who: service, what: killedAfter('leaves processes behind that ignore SIGTERM', grace) };
}

/** The final clean-up when it finds a process. */
export function clearingUp(grace: number): StepWithoutTime {
  const what = killedAfter('finds processes left behind that ignore SIGTERM', grace);
  return { who: 'supervisor', what };
}

function killedAfter(what: string, limit: number): string {
  return `${what}: KILL after ${lasting(limit)}`;
}

function deadlineOf(state: ServiceState): number | null {
  return 'deadline' in state ? state.deadline : null;
}

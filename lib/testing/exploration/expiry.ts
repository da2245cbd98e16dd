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
import type { RunningScript, TreeState } from '../../machine/tree/tree-state.ts';
import type { Unit } from '../../machine/tree/unit-map.ts';
import { isDescending } from '../../machine/tree/tree-state.ts';
import type { ServiceSpec } from '../../model/tree.ts';
import { producerOf } from '../../model/tree.ts';

/** The deadlines of the start that may pass, one at a time. */
export function expiries(explored: ExploredState): readonly Action[] {
  const { state } = explored;
  if (isDescending(state)) return [];
  const { deadline } = state.services;
  return [
    ...[...state.units.values()].flatMap((unit) => expiry(explored, unit)),
    ...(deadline === null ? [] : [readinessExpiry(explored, deadline)]),
  ];
}

function expiry({ state: tree, ...world }: ExploredState, unit: Unit): readonly Action[] {
  const { spec, state } = unit;
  const deadline = deadlineOf(state);
  if (deadline === null || isAsked(state)) return [];
  const units = tree.units.with(spec.name, due(unit, 0));
  const step: StepWithoutTime =
    state.status === 'backoff'
      ? { who: spec.name, what: `has waited ${lasting(deadline)} for its restart` }
      : hangs(`${spec.name}/finish`, deadline);
  return [expires({ ...world, state: { ...tree, units } }, 0, step)];
}

function readinessExpiry({ state, ...world }: ExploredState, deadline: number): Action {
  const services = { ...state.services, deadline: 0 };
  const what = `goes on after ${lasting(deadline)} without ${state.units.awaited.join(' and ')}`;
  const step = { who: 'supervisor', what };
  return expires({ ...world, state: { ...state, services } }, deadline, step);
}

function expires(explored: ExploredState, took: number, step: StepWithoutTime): Action {
  return { explored, input: { type: 'deadline' }, after: 0, took, steps: [step] };
}

/**
 * Advances to the nearest deadline of which the time is counted, or lets happen what is due now. In between, processes may still
 * act: at the same moment as a deadline, but before it.
 */
export function passing(explored: ExploredState, setting: ExplorationSetting): readonly Action[] {
  const waits = waitsIn(explored, setting);
  const after = Math.min(...waits.map(({ left }) => left));
  if (after === 0) return [happening(explored, waits)];
  if (after === Infinity || isHeldUp(explored.state)) return [];
  return [{ explored, input: null, after, took: after, steps: [] }];
}

function happening(explored: ExploredState, waits: readonly Wait[]): Action {
  const steps = waits.filter(({ left }) => left === 0).map((wait) => wait.step);
  return { explored, input: { type: 'deadline' }, after: 0, took: 0, steps };
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
  readonly step: StepWithoutTime;
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
    ...sweeps.map(({ service, left }) => ({ left, step: ignored(service, kill) })),
    ...(clearing === null ? [] : [{ left: clearing, step: clearingUp(kill) }]),
  ];
}

function waitOf({ spec, state }: Unit): readonly Wait[] {
  const left = deadlineOf(state);
  if (left === null || !isAsked(state)) return [];
  if (state.status === 'finishing') return [{ left, step: hangingFinish(spec, state, left) }];
  const isLogger = producerOf(spec.name) !== undefined;
  const failure = isLogger ? 'does not end at the end of its pipe' : `ignores ${spec.downSignal}`;
  return [{ left, step: { who: spec.name, what: killedAfter(failure, state.killTimeout) } }];
}

function scriptWait(running: RunningScript | null, limit: number, grace: number): readonly Wait[] {
  if (running?.deadline == null) return [];
  const { script, deadline, halted } = running;
  if (!halted) return [{ left: deadline, step: hangs(script, limit) }];
  const shorter = Math.min(...[limit, grace].filter((each) => each > 0));
  const what = killedAfter('ignores SIGTERM', shorter);
  return [{ left: deadline, step: { who: script, what } }];
}

/** A hanging finish script: it is killed by its own limit, or by the common limit of the stop. */
function hangingFinish(
  { name, finishTimeout }: ServiceSpec,
  { finishDeadline }: ServiceState,
  left: number,
): StepWithoutTime {
  const process = `${name}/finish`;
  return left === finishDeadline
    ? { who: process, what: 'hangs: KILL at the common deadline of all services' }
    : hangs(process, finishTimeout);
}

function hangs(name: string, limit: number): StepWithoutTime {
  return { who: name, what: killedAfter('hangs', limit) };
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

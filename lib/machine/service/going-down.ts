/*
 * The cells of the service table (lifecycle.ts) for the way down: a run is asked to stop, and killed if it does not.
 */
import type {
  ServiceStateIn,
  Memory,
  LifecycleInputOf,
  Run,
  ServiceEffect,
  ServiceState,
  ServiceSetting,
  ServiceStep,
} from './service-state.ts';
import {
  deadlineAfter,
  limitFrom,
  finishDeadlineOf,
  killAgainAfter,
  killTimeoutOf,
  earlier,
} from './timeouts.ts';
import { downAsAsked, memory, withoutEffects } from './steps.ts';

export function toDown(state: ServiceState, _input: unknown, { now }: ServiceSetting): ServiceStep {
  return downAsAsked(state, state.status === 'down' ? state.since : now);
}

export function setGoalDown<S extends ServiceState>(
  state: S,
  input: LifecycleInputOf<'stop' | 'once'>,
  setting: ServiceSetting,
): ServiceStep {
  const killTimeout = killTimeoutOf(input, setting.spec);
  return withoutEffects({
    ...state,
    goal: 'down',
    killTimeout,
    finishDeadline: finishDeadlineOf(input, state),
  });
}

/** Sends the stop signal and CONT, since a stopped process handles TERM only once it continues (s6). */
export function toStopping(
  state: ServiceStateIn<'up' | 'stopping'>,
  input: LifecycleInputOf<'stop' | 'restart'>,
  setting: ServiceSetting,
): ServiceStep {
  if (input.type === 'restart' && state.status === 'stopping') {
    return withoutEffects({ ...state, goal: 'up', restart: true });
  }
  const goal = input.type === 'restart' ? 'up' : 'down';
  const known = { ...memory(state), finishDeadline: finishDeadlineOf(input, state) };
  return signalStop(known, state.run, goal, killTimeoutOf(input, setting.spec), setting);
}

export function signalStop(
  known: Memory,
  run: Run,
  goal: 'up' | 'down',
  killTimeout: number,
  setting: ServiceSetting,
): ServiceStep {
  return stopRun(known, run, goal, killTimeout, setting, [
    { type: 'kill', signal: setting.spec.downSignal, scope: 'process' },
    { type: 'kill', signal: 'SIGCONT', scope: 'process' },
  ]);
}

/** Waits for a logger to exit without a signal: it exits when it has read everything. */
export function toStoppingAtEndOfFile(
  state: ServiceStateIn<'up'>,
  input: LifecycleInputOf<'drain'>,
  setting: ServiceSetting,
): ServiceStep {
  const known = { ...memory(state), ...drainLimits(input) };
  return stopRun(known, state.run, 'down', input.killTimeout, setting, []);
}

export function stopRun(
  known: Memory,
  run: Run,
  goal: 'up' | 'down',
  killTimeout: number,
  { now, stopLimit: most }: ServiceSetting,
  effects: readonly ServiceEffect[],
): ServiceStep {
  const deadline = earlier(deadlineAfter(killTimeout, now), limitFrom(most, now));
  const restart = goal === 'up';
  const common = { ...memory(known), goal, killTimeout, since: now };
  return { state: { ...common, status: 'stopping', run, restart, kills: 0, deadline }, effects };
}

/**
 * Handles a repeated request: no second signal, but a shorter kill timeout holds from now on. A logger that was to
 * start again still does so, to read the rest: one that was stopped by a signal may have left something in its pipe.
 */
export function shortenStop(
  state: ServiceStateIn<'stopping'>,
  input: LifecycleInputOf<'stop' | 'drain'>,
  { spec, now }: ServiceSetting,
): ServiceStep {
  const killTimeout = input.type === 'drain' ? input.killTimeout : killTimeoutOf(input, spec);
  const goal = input.type === 'drain' && state.goal !== 'down' ? 'drain' : 'down';
  const finishDeadline =
    input.type === 'drain' ? input.finishDeadline : finishDeadlineOf(input, state);
  const deadline = earlier(state.deadline, deadlineAfter(killTimeout, now));
  return withoutEffects({ ...state, goal, restart: false, killTimeout, finishDeadline, deadline });
}

/** Moves the deadline forward, when less time is left than the process was given. */
export function shortenDeadline(
  state: ServiceStateIn<'stopping' | 'finishing'>,
  _input: unknown,
  { now, stopLimit: most }: ServiceSetting,
): ServiceStep {
  if (state.kills > 0) return withoutEffects(state);
  return withoutEffects({ ...state, deadline: earlier(state.deadline, limitFrom(most, now)) });
}

export function killRun(
  state: ServiceStateIn<'stopping'>,
  _input: unknown,
  { now }: ServiceSetting,
): ServiceStep {
  return {
    state: { ...state, kills: state.kills + 1, deadline: now + killAgainAfter },
    effects: [{ type: 'kill', signal: 'SIGKILL', scope: 'group' }],
  };
}

export function drainLimits({
  killTimeout,
  finishDeadline,
}: LifecycleInputOf<'drain'>): Pick<Memory, 'killTimeout' | 'finishDeadline'> {
  return { killTimeout, finishDeadline };
}

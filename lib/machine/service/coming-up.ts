/*
 * The cells of the service table (lifecycle.ts) for the way up: the start of a run until it is up and ready, and the
 * signals that are sent to it.
 */
import { exhausted, retryDelay, withDeath } from './backoff.ts';
import { runCommand } from './commands.ts';
import { signalStop, drainLimits, stopRun } from './going-down.ts';
import type {
  Goal,
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
  downAsEnded,
  failed,
  downAsAsked,
  memory,
  withEffectsFirst,
  withoutEffects,
} from './steps.ts';

/** Starts a run by a command, which begins another row of deaths. */
export function toStarting(
  state: ServiceState,
  _input: unknown,
  setting: ServiceSetting,
): ServiceStep {
  return startRun({ ...state, deathsInRow: 0 }, 'up', setting);
}

/** Starts a run again by itself. */
export function toStartingAgain(
  state: ServiceState,
  _input: unknown,
  setting: ServiceSetting,
): ServiceStep {
  return startRun(state, 'up', setting);
}

export function toStartingOnce(
  state: ServiceState,
  _input: unknown,
  setting: ServiceSetting,
): ServiceStep {
  return startRun(state, 'once', setting);
}

export function toStartingDrain(
  state: ServiceState,
  input: LifecycleInputOf<'drain'>,
  setting: ServiceSetting,
): ServiceStep {
  return startRun({ ...state, ...drainLimits(input) }, 'drain', setting);
}

export function startRun(
  known: Memory,
  goal: Goal,
  { spec, output, catchAll, now }: ServiceSetting,
): ServiceStep {
  const announces = spec.notificationFd !== undefined;
  const finishDeadline = goal === 'drain' ? known.finishDeadline : null;
  return {
    state: {
      ...memory(known),
      goal,
      since: now,
      finishDeadline,
      status: 'starting',
      announces,
      signals: [],
    },
    effects: [{ type: 'spawn', role: 'run', command: runCommand(spec, output, catchAll) }],
  };
}

export function setGoalUp<S extends ServiceState>(state: S): ServiceStep {
  return withoutEffects({ ...state, goal: 'up' });
}

export function setGoalOnce<S extends ServiceState>(state: S): ServiceStep {
  return withoutEffects({ ...state, goal: 'once' });
}

/** A logger that was asked to stop stays down, even if its pipe is not empty. */
export function setGoalDrain<S extends ServiceState>(
  state: S,
  input: LifecycleInputOf<'drain'>,
): ServiceStep {
  return withoutEffects({
    ...state,
    goal: state.goal === 'down' ? 'down' : 'drain',
    ...drainLimits(input),
  });
}

export function sendSignal(state: ServiceState, input: LifecycleInputOf<'signal'>): ServiceStep {
  return { state, effects: [{ type: 'kill', signal: input.signal, scope: 'process' }] };
}

/**
 * Keeps a signal until the process exists. Each signal is kept once: to a process that has not run yet, several of a
 * kind are one.
 */
export function queueSignal(
  state: ServiceStateIn<'starting'>,
  { signal }: LifecycleInputOf<'signal'>,
): ServiceStep {
  if (state.signals.includes(signal)) return withoutEffects(state);
  return withoutEffects({ ...state, signals: [...state.signals, signal] });
}

/** The process exists: the service stays up, or stops if its goal has changed meanwhile. */
export function toUp(
  state: ServiceStateIn<'starting'>,
  input: LifecycleInputOf<'spawned'>,
  setting: ServiceSetting,
): ServiceStep {
  const { announces, signals } = state;
  const run: Run = { pid: input.pid, startedAt: setting.now, announces, readyAt: null };
  const kept = signals.map((signal): ServiceEffect => ({ type: 'kill', signal, scope: 'process' }));
  return withEffectsFirst(kept, afterSpawn(state, run, setting));
}

function afterSpawn(
  state: ServiceStateIn<'starting'>,
  run: Run,
  setting: ServiceSetting,
): ServiceStep {
  const known: Memory = { ...memory(state), spawnFailure: null };
  switch (state.goal) {
    case 'up':
    case 'once':
      return withoutEffects({ ...known, since: setting.now, status: 'up', run });
    case 'down':
      return signalStop(known, run, 'down', state.killTimeout, setting);
    case 'drain':
      return stopRun(known, run, 'down', state.killTimeout, setting, []);
  }
}

/**
 * A run that cannot be spawned has no finish and no tally entry (s6), and is tried again later. It counts as a death for
 * the backoff and its limit (this library), so that an essential service does not keep everything up in vain.
 */
export function toBackoff(
  starting: ServiceStateIn<'starting'>,
  input: LifecycleInputOf<'unspawnable'>,
  { spec, now }: ServiceSetting,
): ServiceStep {
  const { code, message } = input;
  const state = {
    ...memory(starting),
    spawnFailure: { code, message },
    recentDeaths: withDeath(spec.backoff, starting.recentDeaths, now),
    consecutiveDeaths: starting.consecutiveDeaths + 1,
  };
  if (state.goal === 'once') return withoutEffects(downAsEnded(state, now));
  if (state.goal !== 'up') return downAsAsked(state, now);
  if (spec.restart === 'never') return withoutEffects(failed(state, 'unspawnable', now));
  if (exhausted(spec.backoff, state.recentDeaths, now))
    return withoutEffects(failed(state, 'limit', now));
  const deadline = now + retryDelay(spec.backoff, state.consecutiveDeaths);
  return withoutEffects({ ...state, since: now, status: 'backoff', why: 'unspawnable', deadline });
}

/**
 * Records when the service announced its readiness. In `stopping` the service does not become ready, but the delay
 * before its restart is counted from that moment (s6).
 */
export function recordReady(
  state: ServiceStateIn<'up' | 'stopping'>,
  _input: unknown,
  { now }: ServiceSetting,
): ServiceStep {
  if (state.run.readyAt !== null) return withoutEffects(state);
  return withoutEffects({ ...state, run: { ...state.run, readyAt: now } });
}

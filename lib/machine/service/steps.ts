/*
 * The parts from which the cells of the service table are built.
 */
import type {
  FailureReason,
  Memory,
  ServiceEffect,
  ServiceState,
  ServiceStep,
} from './service-state.ts';

/** Down on request: what `run` and `finish` left behind, in earlier runs too, is ended as well. */
export function downAsAsked(known: Memory, since: number): ServiceStep {
  return {
    state: { ...memory(known), goal: 'down', since, status: 'down', why: 'asked' },
    effects: [{ type: 'sweep' }],
  };
}

/** Down after the last run: no other run is requested. */
export function downAsEnded(known: Memory, now: number): ServiceState {
  return { ...memory(known), goal: 'down', since: now, status: 'down', why: 'ended' };
}

/** Down for good. */
export function failed(known: Memory, why: FailureReason, now: number): ServiceState {
  return { ...memory(known), goal: 'down', since: now, status: 'failed', why };
}

/** The values that a service keeps from one state to the next. */
export function memory(state: Memory): Memory {
  const {
    goal,
    since,
    lastExit,
    deaths,
    recentDeaths,
    tally,
    consecutiveDeaths,
    deathsInRow,
    killTimeout,
    finishDeadline,
    spawnFailure,
  } = state;
  return {
    goal,
    since,
    lastExit,
    deaths,
    recentDeaths,
    tally,
    consecutiveDeaths,
    deathsInRow,
    killTimeout,
    finishDeadline,
    spawnFailure,
  };
}

/** The next state, without effects. */
export function withoutEffects(state: ServiceState): ServiceStep {
  return { state, effects: [] };
}

/** A step with effects put before its own. */
export function withEffectsFirst(
  effects: readonly ServiceEffect[],
  step: ServiceStep,
): ServiceStep {
  return { state: step.state, effects: [...effects, ...step.effects] };
}

/*
 * The parts from which the cells of the service table are built.
 */
import type { FailureReason, Memory, ServiceEffect, ServiceState, Step } from './service-state.ts';

/** Down on request: what `run` and `finish` left behind, in earlier runs too, is ended as well. */
export function lieDown(known: Memory, since: number): Step {
  return {
    state: { ...memory(known), goal: 'down', since, status: 'down', why: 'asked' },
    effects: [{ type: 'sweep' }],
  };
}

/** Down after the last run: no other run is requested. */
export function end(known: Memory, now: number): ServiceState {
  return { ...memory(known), goal: 'down', since: now, status: 'down', why: 'ended' };
}

/** Down for good. */
export function fail(known: Memory, why: FailureReason, now: number): ServiceState {
  return { ...memory(known), goal: 'down', since: now, status: 'failed', why };
}

/** The values that a service keeps from one state to the next. */
export function memory(state: Memory): Memory {
  const { goal, since, lastExit, deaths, recent, tally, streak, patience, finishBy, flaw } = state;
  return { goal, since, lastExit, deaths, recent, tally, streak, patience, finishBy, flaw };
}

/** The next state, without effects. */
export function stay(state: ServiceState): Step {
  return { state, effects: [] };
}

/** A step with effects put before its own. */
export function preceded(effects: readonly ServiceEffect[], step: Step): Step {
  return { state: step.state, effects: [...effects, ...step.effects] };
}

/*
 * What the cells of the service table are put together from.
 */
import type { FailureReason, Memory, ServiceEffect, ServiceState, Step } from './machine.ts';

/** Down as asked: whatever `run` and `finish` left behind, also in earlier runs, goes too. */
export function lieDown(known: Memory, since: number): Step {
  return {
    state: { ...memory(known), goal: 'down', since, status: 'down', why: 'asked' },
    effects: [{ type: 'sweep' }],
  };
}

/** Down after its last run: nothing asks for another. */
export function end(known: Memory, now: number): ServiceState {
  return { ...memory(known), goal: 'down', since: now, status: 'down', why: 'ended' };
}

/** Down for good. */
export function fail(known: Memory, why: FailureReason, now: number): ServiceState {
  return { ...memory(known), goal: 'down', since: now, status: 'failed', why };
}

/** What a service takes along from one state to the next. */
export function memory(state: Memory): Memory {
  const { goal, since, lastExit, deaths, recent, tally, streak, patience, finishBy, flaw } = state;
  return { goal, since, lastExit, deaths, recent, tally, streak, patience, finishBy, flaw };
}

/** The next state, and nothing to be done. */
export function stay(state: ServiceState): Step {
  return { state, effects: [] };
}

/** A step with something to be done first. */
export function preceded(effects: readonly ServiceEffect[], step: Step): Step {
  return { state: step.state, effects: [...effects, ...step.effects] };
}

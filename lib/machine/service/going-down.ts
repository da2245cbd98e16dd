/*
 * The cells of the service table (longrun.ts) for the way down: a run is asked to stop, and killed if it does not.
 */
import type {
  In,
  Memory,
  Of,
  Run,
  ServiceEffect,
  ServiceState,
  Setting,
  Step,
} from './service-state.ts';
import { after, at, finishByOf, killAgainAfter, patienceOf, sooner } from './timeouts.ts';
import { lieDown, memory, stay } from './steps.ts';

export function rest(state: ServiceState, _input: unknown, { now }: Setting): Step {
  return lieDown(state, state.status === 'down' ? state.since : now);
}

export function unwant<S extends ServiceState>(
  state: S,
  input: Of<'stop' | 'once'>,
  setting: Setting,
): Step {
  const patience = patienceOf(input, setting.spec);
  return stay({ ...state, goal: 'down', patience, finishBy: finishByOf(input, state) });
}

/** Sends the stop signal and CONT, since a stopped process handles TERM only once it continues (s6). */
export function terminate(
  state: In<'up' | 'stopping'>,
  input: Of<'stop' | 'restart'>,
  setting: Setting,
): Step {
  if (input.type === 'restart' && state.status === 'stopping') {
    return stay({ ...state, goal: 'up', restart: true });
  }
  const goal = input.type === 'restart' ? 'up' : 'down';
  const known = { ...memory(state), finishBy: finishByOf(input, state) };
  return ask(known, state.run, goal, patienceOf(input, setting.spec), setting);
}

export function ask(
  known: Memory,
  run: Run,
  goal: 'up' | 'down',
  patience: number,
  setting: Setting,
): Step {
  return halt(known, run, goal, patience, setting, [
    { type: 'kill', signal: setting.spec.downSignal, scope: 'process' },
    { type: 'kill', signal: 'SIGCONT', scope: 'process' },
  ]);
}

/** Waits for a logger to exit without a signal: it exits when it has read everything. */
export function awaitEnd(state: In<'up'>, input: Of<'drain'>, setting: Setting): Step {
  const known = { ...memory(state), ...drained(input) };
  return halt(known, state.run, 'down', input.patience, setting, []);
}

export function halt(
  known: Memory,
  run: Run,
  goal: 'up' | 'down',
  patience: number,
  { now, hurry: most }: Setting,
  effects: readonly ServiceEffect[],
): Step {
  const deadline = sooner(after(patience, now), at(most, now));
  const restart = goal === 'up';
  const common = { ...memory(known), goal, patience, since: now };
  return { state: { ...common, status: 'stopping', run, restart, kills: 0, deadline }, effects };
}

/**
 * Handles a repeated request: no second signal, but a shorter kill timeout holds from now on. A logger that was to
 * start again still does so, to read the rest: one that was stopped by a signal may have left something in its pipe.
 */
export function hurry(
  state: In<'stopping'>,
  input: Of<'stop' | 'drain'>,
  { spec, now }: Setting,
): Step {
  const patience = input.type === 'drain' ? input.patience : patienceOf(input, spec);
  const goal = input.type === 'drain' && state.goal !== 'down' ? 'drain' : 'down';
  const finishBy = input.type === 'drain' ? input.finishBy : finishByOf(input, state);
  const deadline = sooner(state.deadline, after(patience, now));
  return stay({ ...state, goal, restart: false, patience, finishBy, deadline });
}

/** Moves the deadline forward, when less time is left than the process was given. */
export function hasten(
  state: In<'stopping' | 'finishing'>,
  _input: unknown,
  { now, hurry: most }: Setting,
): Step {
  if (state.kills > 0) return stay(state);
  return stay({ ...state, deadline: sooner(state.deadline, at(most, now)) });
}

export function kill(state: In<'stopping'>, _input: unknown, { now }: Setting): Step {
  return {
    state: { ...state, kills: state.kills + 1, deadline: now + killAgainAfter },
    effects: [{ type: 'kill', signal: 'SIGKILL', scope: 'group' }],
  };
}

export function drained({
  patience,
  finishBy,
}: Of<'drain'>): Pick<Memory, 'patience' | 'finishBy'> {
  return { patience, finishBy };
}

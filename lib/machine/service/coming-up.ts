/*
 * The cells of the service table (longrun.ts) for the way up: the start of a run until it is up and ready, and the
 * signals that are sent to it.
 */
import { runCommand } from './commands.ts';
import { ask, drained, halt } from './going-down.ts';
import type {
  Goal,
  In,
  Memory,
  Of,
  Run,
  ServiceEffect,
  ServiceState,
  Setting,
  Step,
} from './service-state.ts';
import { end, fail, lieDown, memory, preceded, stay } from './steps.ts';

/** Milliseconds until a run that could not be spawned is tried again (s6 up to 2.11). */
const spawnAgainAfter = 10_000;

export function spawn(state: ServiceState, _input: unknown, setting: Setting): Step {
  return begin(state, 'up', setting);
}

export function spawnOnce(state: ServiceState, _input: unknown, setting: Setting): Step {
  return begin(state, 'once', setting);
}

export function spawnDrained(state: ServiceState, input: Of<'drain'>, setting: Setting): Step {
  return begin({ ...state, ...drained(input) }, 'drain', setting);
}

export function begin(known: Memory, goal: Goal, { spec, output, catchAll, now }: Setting): Step {
  const announces = spec.notificationFd !== undefined;
  const finishBy = goal === 'drain' ? known.finishBy : null;
  return {
    state: {
      ...memory(known),
      goal,
      since: now,
      finishBy,
      status: 'starting',
      announces,
      signals: [],
    },
    effects: [{ type: 'spawn', role: 'run', command: runCommand(spec, output, catchAll) }],
  };
}

export function want<S extends ServiceState>(state: S): Step {
  return stay({ ...state, goal: 'up' });
}

export function wantOnce<S extends ServiceState>(state: S): Step {
  return stay({ ...state, goal: 'once' });
}

/** A logger that was told to go down stays down, whatever is left in its pipe. */
export function wantDrained<S extends ServiceState>(state: S, input: Of<'drain'>): Step {
  return stay({ ...state, goal: state.goal === 'down' ? 'down' : 'drain', ...drained(input) });
}

export function relay(state: ServiceState, input: Of<'signal'>): Step {
  return { state, effects: [{ type: 'kill', signal: input.signal, scope: 'process' }] };
}

/**
 * Keeps a signal until the process exists. Each signal is kept once: to a process that has not run yet, several of a
 * kind are one.
 */
export function keep(state: In<'starting'>, { signal }: Of<'signal'>): Step {
  if (state.signals.includes(signal)) return stay(state);
  return stay({ ...state, signals: [...state.signals, signal] });
}

/** The process exists: the service stays up, or stops if its goal has changed meanwhile. */
export function rise(state: In<'starting'>, input: Of<'spawned'>, setting: Setting): Step {
  const { announces, signals } = state;
  const run: Run = { pid: input.pid, startedAt: setting.now, announces, readyAt: null };
  const kept = signals.map((signal): ServiceEffect => ({ type: 'kill', signal, scope: 'process' }));
  return preceded(kept, setOut(state, run, setting));
}

function setOut(state: In<'starting'>, run: Run, setting: Setting): Step {
  const known: Memory = { ...memory(state), flaw: null };
  switch (state.goal) {
    case 'up':
    case 'once':
      return stay({ ...known, since: setting.now, status: 'up', run });
    case 'down':
      return ask(known, run, 'down', state.patience, setting);
    case 'drain':
      return halt(known, run, 'down', state.patience, setting, []);
  }
}

/** A run that cannot be spawned is not a death: no finish, no tally entry, and another attempt later (s6). */
export function retry(
  starting: In<'starting'>,
  input: Of<'unspawnable'>,
  { spec, now }: Setting,
): Step {
  const state = { ...memory(starting), flaw: input.message };
  if (state.goal === 'once') return stay(end(state, now));
  if (state.goal !== 'up') return lieDown(state, now);
  if (spec.restart === 'never') return stay(fail(state, 'unspawnable', now));
  const deadline = now + spawnAgainAfter;
  return stay({ ...state, since: now, status: 'backoff', why: 'unspawnable', deadline });
}

/**
 * Records when the service announced its readiness. In `stopping` the service does not become ready, but the delay
 * before its restart is counted from that moment (s6).
 */
export function note(state: In<'up' | 'stopping'>, _input: unknown, { now }: Setting): Step {
  if (state.run.readyAt !== null) return stay(state);
  return stay({ ...state, run: { ...state.run, readyAt: now } });
}

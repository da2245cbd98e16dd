/*
 * What the cells of the service table (longrun.ts) do. Each takes a state and an input and says what comes of it.
 */
import { exhausted, restartAt } from './backoff.ts';
import { finishCommand, runCommand } from './command.ts';
import type {
  EndedRun,
  Goal,
  In,
  Memory,
  Of,
  Run,
  ServiceEffect,
  ServiceState,
  Setting,
  Step,
} from './machine.ts';
import { after, at, boundOf, finishLimit, patienceOf, sooner } from './patience.ts';
import { end, fail, lieDown, memory, preceded, stay } from './steps.ts';
import { isSuccess } from '../model/exit.ts';

/** Milliseconds until KILL is sent again to what did not die of it (s6). */
const killAgainAfter = 5000;

/** Milliseconds until a run that cannot be spawned is tried again (s6 up to 2.11). */
const spawnAgainAfter = 10_000;

/** The exit code by which a finish script says: never again (s6). */
const neverAgain = 125;

export function spawn(state: ServiceState, _input: unknown, setting: Setting): Step {
  return begin(state, 'up', setting);
}

export function spawnOnce(state: ServiceState, _input: unknown, setting: Setting): Step {
  return begin(state, 'once', setting);
}

export function spawnDrained(state: ServiceState, input: Of<'drain'>, setting: Setting): Step {
  return begin({ ...state, ...drained(input) }, 'drain', setting);
}

function begin(known: Memory, goal: Goal, { spec, output, catchAll, now }: Setting): Step {
  const announces = spec.notificationFd !== undefined;
  const bound = goal === 'drain' ? known.bound : 0;
  return {
    state: { ...memory(known), goal, since: now, bound, status: 'starting', announces },
    effects: [{ type: 'spawn', role: 'run', command: runCommand(spec, output, catchAll) }],
  };
}

export function rest(state: ServiceState, _input: unknown, { now }: Setting): Step {
  return lieDown(state, state.status === 'down' ? state.since : now);
}

export function want<S extends ServiceState>(state: S): Step {
  return stay({ ...state, goal: 'up' });
}

export function wantOnce<S extends ServiceState>(state: S): Step {
  return stay({ ...state, goal: 'once' });
}

export function unwant<S extends ServiceState>(
  state: S,
  input: Of<'stop' | 'once'>,
  setting: Setting,
): Step {
  const patience = patienceOf(input, setting.spec);
  return stay({ ...state, goal: 'down', patience, bound: boundOf(input, state.bound) });
}

export function wantDrained<S extends ServiceState>(state: S, input: Of<'drain'>): Step {
  return stay({ ...state, goal: 'drain', ...drained(input) });
}

function drained({ patience }: Of<'drain'>): Pick<Memory, 'patience' | 'bound'> {
  return { patience, bound: patience };
}

export function unwantFinished(state: In<'finishing'>, input: Of<'stop'>, setting: Setting): Step {
  const bound = boundOf(input, state.bound);
  return unwant({ ...state, deadline: bounded(state, bound, setting) }, input, setting);
}

export function drainFinished(state: In<'finishing'>, input: Of<'drain'>, setting: Setting): Step {
  return wantDrained({ ...state, deadline: bounded(state, input.patience, setting) }, input);
}

/** Until when a finish script may run, now that the supervisor's stop leaves it so long if it has no limit of its own. */
function bounded({ deadline }: In<'finishing'>, bound: number, { spec, now }: Setting) {
  return spec.timeoutFinish === 0 ? sooner(deadline, after(bound, now)) : deadline;
}

export function wantAgain(state: In<'finishing'>): Step {
  return stay({ ...state, goal: 'up', ended: { ...state.ended, restart: true } });
}

/** The process is there: stay up, or, when the goal changed meanwhile, go on to the end. */
export function rise(state: In<'starting'>, input: Of<'spawned'>, setting: Setting): Step {
  const { announces } = state;
  const run: Run = { pid: input.pid, startedAt: setting.now, announces, readyAt: null };
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

/** A run that cannot be spawned is no death: no finish, no tally, another try later (s6). */
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

export function note(state: In<'up'>, _input: unknown, { now }: Setting): Step {
  if (state.run.readyAt !== null) return stay(state);
  return stay({ ...state, run: { ...state.run, readyAt: now } });
}

/** The stop signal and CONT, since a stopped process takes TERM only once it goes on (s6). */
export function terminate(
  state: In<'up' | 'stopping'>,
  input: Of<'stop' | 'restart'>,
  setting: Setting,
): Step {
  if (input.type === 'restart' && state.status === 'stopping') {
    return stay({ ...state, goal: 'up', restart: true });
  }
  const goal = input.type === 'restart' ? 'up' : 'down';
  const known = { ...memory(state), bound: boundOf(input, state.bound) };
  return ask(known, state.run, goal, patienceOf(input, setting.spec), setting);
}

function ask(
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

/** A logger is not signalled: it ends when it has read everything. */
export function awaitEnd(state: In<'up'>, input: Of<'drain'>, setting: Setting): Step {
  const known = { ...memory(state), ...drained(input) };
  return halt(known, state.run, 'down', input.patience, setting, []);
}

function halt(
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
 * Asked again: no second signal, but a shorter patience holds from now on. A logger that was to come back still does so,
 * to read the rest: what was asked to end on a signal may leave something in its pipe.
 */
export function hurry(
  state: In<'stopping'>,
  input: Of<'stop' | 'drain'>,
  { spec, now }: Setting,
): Step {
  const patience = input.type === 'drain' ? input.patience : patienceOf(input, spec);
  const goal = input.type === 'drain' && state.goal === 'up' ? 'drain' : 'down';
  const bound = input.type === 'drain' ? patience : boundOf(input, state.bound);
  const deadline = sooner(state.deadline, after(patience, now));
  return stay({ ...state, goal, restart: false, patience, bound, deadline });
}

/** There is less time than it was given. */
export function hasten(
  state: In<'stopping' | 'finishing'>,
  _input: unknown,
  { now, hurry: most }: Setting,
): Step {
  if (state.kills > 0) return stay(state);
  return stay({ ...state, deadline: sooner(state.deadline, at(most, now)) });
}

export function relay(state: ServiceState, input: Of<'signal'>): Step {
  return { state, effects: [{ type: 'kill', signal: input.signal, scope: 'process' }] };
}

export function kill(state: In<'stopping'>, _input: unknown, { now }: Setting): Step {
  return {
    state: { ...state, kills: state.kills + 1, deadline: now + killAgainAfter },
    effects: [{ type: 'kill', signal: 'SIGKILL', scope: 'group' }],
  };
}

/** `run` has ended: put it on record, then let `finish` have its turn. */
export function bury(state: In<'up' | 'stopping'>, input: Of<'exited'>, setting: Setting): Step {
  const { spec, output, catchAll, now } = setting;
  const death = state.status === 'up';
  const ended: EndedRun = {
    run: state.run,
    exit: input.exit,
    death,
    restart: state.status === 'stopping' && state.restart,
  };
  const recorded = record(state, ended, setting);
  const sweep: readonly ServiceEffect[] = death ? [] : [{ type: 'sweep' }];
  if (spec.finish === undefined) {
    const next = follow(recorded, ended, setting);
    return recorded.goal === 'down' ? next : preceded(sweep, next);
  }
  const command = finishCommand(spec, spec.finish, ended, output, catchAll);
  const deadline = sooner(after(finishLimit(spec, recorded.bound), now), at(setting.hurry, now));
  return {
    state: { ...recorded, since: now, status: 'finishing', ended, kills: 0, deadline },
    effects: [...sweep, { type: 'spawn', role: 'finish', command }],
  };
}

function record(state: ServiceState, ended: EndedRun, { spec, now }: Setting): Memory {
  const known = { ...memory(state), lastExit: ended.exit };
  if (!ended.death) return { ...known, streak: 0 };
  const kept = Math.max(spec.maxDeathTally, spec.backoff?.limit?.deaths ?? 0);
  const steady = now - ended.run.startedAt >= (spec.backoff?.reset ?? Infinity);
  return {
    ...known,
    deaths: state.deaths + 1,
    tally: kept === 0 ? [] : [...state.tally, now].slice(-kept),
    streak: steady ? 1 : state.streak + 1,
  };
}

export function killFinish(state: In<'finishing'>, _input: unknown, { now }: Setting): Step {
  return {
    state: { ...state, kills: state.kills + 1, deadline: now + killAgainAfter },
    effects: [
      { type: 'kill', signal: 'SIGCONT', scope: 'group' },
      { type: 'kill', signal: 'SIGKILL', scope: 'group' },
    ],
  };
}

/** `finish` has ended, or could not be run, which is as if there were none. */
export function settle(
  state: In<'finishing'>,
  input: Of<'exited' | 'unspawnable'>,
  setting: Setting,
): Step {
  const saysNeverAgain = input.type === 'exited' && input.exit.code === neverAgain;
  if (saysNeverAgain && state.goal !== 'down') return stay(fail(state, 'finish', setting.now));
  return follow(state, state.ended, setting);
}

/** What comes after a run and its finish script. */
function follow(known: Memory, ended: EndedRun, setting: Setting): Step {
  const { spec, now } = setting;
  if (known.goal === 'down') return lieDown(known, now);
  if (known.goal === 'drain') return begin(known, 'drain', setting);
  if (known.goal === 'once') return stay(end(known, now));
  if (ended.restart) return begin(known, 'up', setting);
  if (ended.death && spec.restart !== 'always') {
    if (isSuccess(ended.exit)) return stay(end(known, now));
    if (spec.restart === 'never') return stay(fail(known, 'policy', now));
  }
  if (ended.death && exhausted(spec.backoff, known.tally, now)) {
    return stay(fail(known, 'limit', now));
  }
  const deadline = restartAt(spec.backoff, ended.run.readyAt, known.streak, now);
  return stay({ ...memory(known), since: now, status: 'backoff', why: 'death', deadline });
}

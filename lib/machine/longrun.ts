/*
 * The life of a service.
 *
 *            start            spawned          stop, restart, drain
 *   down ───────────► starting ──────► up ───────────────────────► stopping
 *    ▲                 ▲    │           │                             │ deadline: KILL
 *    │                 │    │           │ exited                      │ exited
 *    │        deadline │    │           ▼                             │
 *    │                 │    │       finishing ◄───────────────────────┘
 *    │                 │    │ un-       │ exited: what next?
 *    │                 │    ▼ spawnable │
 *    │               backoff ◄──────────┤ comes back later
 *    │                                  ├──► starting: restart on request, or the rest of a log to read
 *    │                                  ├──► failed: finish said 125, too many deaths, policy
 *    └──────────────────────────────────┘ not wanted any more
 *
 * Rules that hold in every state:
 * 1. There is at most one process, `run` or `finish`, never both.
 * 2. `finish` runs exactly once for each end of `run`, and before anything else comes.
 * 3. What a service is meant to do is its `goal`, which any command changes at once; a command never waits, it only
 *    changes where the present passage leads.
 * 4. A state that waits says until when. A resting state (down, up, failed) has no deadline.
 * 5. An exit that nobody asked for is a death: it counts, and it alone waits for a backoff of its own making.
 */
import { exhausted, restartAt } from './backoff.ts';
import { finishCommand, runCommand } from './command.ts';
import type {
  EndedRun,
  FailureReason,
  Goal,
  In,
  Input,
  Machine,
  Memory,
  Of,
  Run,
  ServiceEffect,
  ServiceState,
  Setting,
  Step,
} from './machine.ts';
import { isSuccess } from '../model/exit.ts';
import type { ServiceSpec } from '../model/tree.ts';

export const machine: Machine = {
  down: { start: spawn, once: spawnOnce, restart: spawn, stop: rest },
  starting: {
    start: want,
    once: wantOnce,
    restart: want,
    stop: unwant,
    drain: wantDrained,
    spawned: rise,
    unspawnable: retry,
  },
  up: {
    start: want,
    once: wantOnce,
    restart: terminate,
    stop: terminate,
    drain: awaitEnd,
    signal: relay,
    announced: note,
    exited: bury,
  },
  stopping: {
    start: want,
    once: unwant,
    restart: terminate,
    stop: hurry,
    drain: hurry,
    signal: relay,
    exited: bury,
    deadline: kill,
  },
  finishing: {
    start: want,
    once: unwant,
    restart: wantAgain,
    stop: unwant,
    drain: wantDrained,
    unspawnable: conclude,
    exited: settle,
    deadline: killFinish,
  },
  backoff: {
    start: spawn,
    once: spawnOnce,
    restart: spawn,
    stop: rest,
    drain: spawnDrained,
    deadline: spawn,
  },
  failed: { start: spawn, once: spawnOnce, restart: spawn, stop: rest },
};

/** A service that nothing has happened to yet. */
export function newborn(now: number): ServiceState {
  return {
    status: 'down',
    why: 'untouched',
    goal: 'down',
    since: now,
    lastExit: null,
    deaths: 0,
    tally: [],
    streak: 0,
    patience: 0,
    flaw: null,
  };
}

/** What becomes of a service on an input. An input that the state ignores returns the very same state. */
export function transition(state: ServiceState, input: Input, setting: Setting): Step {
  const cell = machine[state.status][input.type] as Cell | undefined;
  return cell === undefined ? stay(state) : cell(state, input, setting);
}

/** Whether a service stands still: nothing of it runs, and nothing will come of itself. */
export function isAtRest(state: ServiceState): boolean {
  return state.status === 'down' || state.status === 'failed';
}

/** Whether a service is up and has announced so, if it announces at all. */
export function isReady(state: ServiceState, spec: ServiceSpec): boolean {
  return state.status === 'up' && (spec.notificationFd === undefined || state.run.readyAt !== null);
}

/** Milliseconds between the stop signal and KILL where nothing else is said. Ours: s6 never kills by itself. */
export const defaultPatience = 10_000;

/** Milliseconds until KILL is sent again to what did not die of it (s6). */
const killAgainAfter = 5000;

/** Milliseconds until a run that cannot be spawned is tried again (s6 up to 2.11). */
const spawnAgainAfter = 10_000;

/** The exit code by which a finish script says: never again (s6). */
const neverAgain = 125;

type Cell = (state: ServiceState, input: Input, setting: Setting) => Step;

function spawn(state: ServiceState, _input: unknown, setting: Setting): Step {
  return begin(state, 'up', setting);
}

function spawnOnce(state: ServiceState, _input: unknown, setting: Setting): Step {
  return begin(state, 'once', setting);
}

function spawnDrained(state: ServiceState, input: Of<'drain'>, setting: Setting): Step {
  return begin({ ...state, patience: input.patience }, 'drain', setting);
}

function begin(state: ServiceState, goal: Goal, { spec, output, now }: Setting): Step {
  return {
    state: { ...memory(state), goal, since: now, status: 'starting' },
    effects: [{ type: 'spawn', role: 'run', command: runCommand(spec, output) }],
  };
}

function rest(state: ServiceState, _input: unknown, { now }: Setting): Step {
  const since = state.status === 'down' ? state.since : now;
  return {
    state: { ...memory(state), goal: 'down', since, status: 'down', why: 'asked' },
    effects: [{ type: 'sweep' }],
  };
}

function want<S extends ServiceState>(state: S): Step {
  return stay({ ...state, goal: 'up' });
}

function wantOnce<S extends ServiceState>(state: S): Step {
  return stay({ ...state, goal: 'once' });
}

function unwant<S extends ServiceState>(
  state: S,
  input: Of<'stop' | 'once'>,
  setting: Setting,
): Step {
  return stay({ ...state, goal: 'down', patience: patienceOf(input, setting.spec) });
}

function wantDrained<S extends ServiceState>(state: S, input: Of<'drain'>): Step {
  return stay({ ...state, goal: 'drain', patience: input.patience });
}

function wantAgain(state: In<'finishing'>): Step {
  return stay({ ...state, goal: 'up', ended: { ...state.ended, restart: true } });
}

/** The process is there: stay up, or, when the goal changed meanwhile, go on to the end. */
function rise(state: In<'starting'>, input: Of<'spawned'>, setting: Setting): Step {
  const run: Run = { pid: input.pid, startedAt: setting.now, readyAt: null };
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
function retry(starting: In<'starting'>, input: Of<'unspawnable'>, { spec, now }: Setting): Step {
  const state = { ...memory(starting), flaw: input.message };
  if (state.goal !== 'up') return stay(down(state, now));
  if (spec.restart === 'never') return stay(fail(state, 'unspawnable', now));
  const deadline = now + spawnAgainAfter;
  return stay({ ...state, since: now, status: 'backoff', why: 'unspawnable', deadline });
}

function note(state: In<'up'>, _input: unknown, { now }: Setting): Step {
  if (state.run.readyAt !== null) return stay(state);
  return stay({ ...state, run: { ...state.run, readyAt: now } });
}

/** The stop signal and CONT, since a stopped process takes TERM only once it goes on (s6). */
function terminate(
  state: In<'up' | 'stopping'>,
  input: Of<'stop' | 'restart'>,
  setting: Setting,
): Step {
  if (input.type === 'restart' && state.status === 'stopping') {
    return stay({ ...state, goal: 'up', restart: true });
  }
  const goal = input.type === 'restart' ? 'up' : 'down';
  return ask(state, state.run, goal, patienceOf(input, setting.spec), setting);
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
function awaitEnd(state: In<'up'>, input: Of<'drain'>, setting: Setting): Step {
  return halt(state, state.run, 'down', input.patience, setting, []);
}

function halt(
  known: Memory,
  run: Run,
  goal: 'up' | 'down',
  patience: number,
  { now }: Setting,
  effects: readonly ServiceEffect[],
): Step {
  const deadline = after(patience, now);
  const restart = goal === 'up';
  const common = { ...memory(known), goal, patience, since: now };
  return { state: { ...common, status: 'stopping', run, restart, kills: 0, deadline }, effects };
}

/**
 * Asked again: no second signal, but a shorter patience holds from now on. A logger that was to come back still does so,
 * to read the rest: what was asked to end on a signal may leave something in its pipe.
 */
function hurry(state: In<'stopping'>, input: Of<'stop' | 'drain'>, { spec, now }: Setting): Step {
  const patience = input.type === 'drain' ? input.patience : patienceOf(input, spec);
  const goal = input.type === 'drain' && state.goal === 'up' ? 'drain' : 'down';
  const deadline = sooner(state.deadline, after(patience, now));
  return stay({ ...state, goal, restart: false, patience, deadline });
}

function relay(state: ServiceState, input: Of<'signal'>): Step {
  return { state, effects: [{ type: 'kill', signal: input.signal, scope: 'process' }] };
}

function kill(state: In<'stopping'>, _input: unknown, { now }: Setting): Step {
  return {
    state: { ...state, kills: state.kills + 1, deadline: now + killAgainAfter },
    effects: [{ type: 'kill', signal: 'SIGKILL', scope: 'group' }],
  };
}

/** `run` has ended: put it on record, then let `finish` have its turn. */
function bury(state: In<'up' | 'stopping'>, input: Of<'exited'>, setting: Setting): Step {
  const { spec, now } = setting;
  const death = state.status === 'up';
  const ended: EndedRun = {
    run: state.run,
    exit: input.exit,
    death,
    restart: state.status === 'stopping' && state.restart,
  };
  const recorded = record(state, ended, setting);
  const sweep: readonly ServiceEffect[] = death ? [] : [{ type: 'sweep' }];
  if (spec.finish === undefined) return preceded(sweep, follow(recorded, ended, setting));
  const command = finishCommand(spec, spec.finish, ended, setting.output);
  const deadline = after(spec.timeoutFinish, now);
  return {
    state: { ...recorded, since: now, status: 'finishing', ended, deadline },
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

function killFinish(state: In<'finishing'>, _input: unknown, { now }: Setting): Step {
  return {
    state: { ...state, deadline: now + killAgainAfter },
    effects: [
      { type: 'kill', signal: 'SIGCONT', scope: 'group' },
      { type: 'kill', signal: 'SIGKILL', scope: 'group' },
    ],
  };
}

function settle(state: In<'finishing'>, input: Of<'exited'>, setting: Setting): Step {
  if (input.exit.code === neverAgain && state.goal !== 'down') {
    return stay(fail(state, 'finish', setting.now));
  }
  return follow(state, state.ended, setting);
}

function conclude(state: In<'finishing'>, _input: unknown, setting: Setting): Step {
  return follow(state, state.ended, setting);
}

/** What comes after a run and its finish script. */
function follow(known: Memory, ended: EndedRun, setting: Setting): Step {
  const { spec, now } = setting;
  if (known.goal === 'down') return stay({ ...memory(known), since: now, ...asked });
  if (known.goal === 'drain') return again(known, setting);
  if (known.goal === 'once') return stay(down(known, now));
  if (ended.restart) return again(known, setting);
  if (ended.death && spec.restart !== 'always') {
    if (isSuccess(ended.exit)) return stay(down(known, now));
    if (spec.restart === 'never') return stay(fail(known, 'policy', now));
  }
  if (ended.death && exhausted(spec.backoff, known.tally, now)) {
    return stay(fail(known, 'limit', now));
  }
  const deadline = restartAt(spec.backoff, ended.run.readyAt, known.streak, now);
  return stay({ ...memory(known), since: now, status: 'backoff', why: 'death', deadline });
}

const asked = { status: 'down', why: 'asked' } as const;

function again(known: Memory, setting: Setting): Step {
  return begin({ ...known, ...asked }, known.goal, setting);
}

function down(known: Memory, now: number): ServiceState {
  const why = known.goal === 'down' || known.goal === 'drain' ? 'asked' : 'ended';
  return { ...memory(known), goal: 'down', since: now, status: 'down', why };
}

function fail(known: Memory, why: FailureReason, now: number): ServiceState {
  return { ...memory(known), goal: 'down', since: now, status: 'failed', why };
}

function memory(state: Memory): Memory {
  const { goal, since, lastExit, deaths, tally, streak, patience, flaw } = state;
  return { goal, since, lastExit, deaths, tally, streak, patience, flaw };
}

function stay(state: ServiceState): Step {
  return { state, effects: [] };
}

function preceded(effects: readonly ServiceEffect[], step: Step): Step {
  return { state: step.state, effects: [...effects, ...step.effects] };
}

function after(duration: number, now: number): number | null {
  return duration === 0 ? null : now + duration;
}

function sooner(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

function patienceOf(input: Of<'stop' | 'restart' | 'once'>, spec: ServiceSpec): number {
  const own = ('patience' in input ? input.patience : undefined) ?? spec.timeoutKill;
  const patience = own ?? defaultPatience;
  const atMost = input.type === 'stop' ? (input.atMost ?? 0) : 0;
  if (atMost === 0) return patience;
  return patience === 0 ? atMost : Math.min(patience, atMost);
}

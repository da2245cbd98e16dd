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
import type { Input, Machine, ServiceState, Setting, Step } from './machine.ts';
import {
  keep,
  note,
  relay,
  retry,
  rise,
  spawn,
  spawnDrained,
  spawnOnce,
  want,
  wantDrained,
  wantOnce,
} from './coming-up.ts';
import { awaitEnd, hasten, hurry, kill, rest, terminate, unwant } from './going-down.ts';
import {
  bury,
  drainFinished,
  forget,
  killFinish,
  killLate,
  settle,
  unwantFinished,
  wantAgain,
} from './endings.ts';

/** What each state does on each input. */
export const machine: Machine = {
  down: { start: spawn, once: spawnOnce, restart: spawn, stop: rest, forget },
  starting: {
    start: want,
    once: wantOnce,
    restart: want,
    stop: unwant,
    drain: wantDrained,
    signal: keep,
    forget,
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
    forget,
    announced: note,
    exited: bury,
  },
  stopping: {
    start: want,
    once: unwant,
    restart: terminate,
    stop: hurry,
    drain: hurry,
    hurry: hasten,
    signal: relay,
    announced: note,
    forget,
    exited: bury,
    deadline: kill,
  },
  finishing: {
    start: want,
    once: unwant,
    restart: wantAgain,
    stop: unwantFinished,
    drain: drainFinished,
    hurry: hasten,
    forget,
    spawned: killLate,
    unspawnable: settle,
    exited: settle,
    deadline: killFinish,
  },
  backoff: {
    start: spawn,
    once: spawnOnce,
    restart: spawn,
    stop: rest,
    drain: spawnDrained,
    forget,
    deadline: spawn,
  },
  failed: { start: spawn, once: spawnOnce, restart: spawn, stop: rest, forget },
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
    recent: [],
    tally: [],
    streak: 0,
    patience: 0,
    finishBy: null,
    flaw: null,
  };
}

/** What becomes of a service on an input. An input that the state ignores returns the very same state. */
export function transition(state: ServiceState, input: Input, setting: Setting): Step {
  const cell = machine[state.status][input.type] as Cell | undefined;
  return cell === undefined ? { state, effects: [] } : cell(state, input, setting);
}

/** Whether a service stands still: nothing of it runs, and nothing will come of itself. */
export function isAtRest(state: ServiceState): boolean {
  return state.status === 'down' || state.status === 'failed';
}

/** Whether a service is up and has announced so, if this run of it announces at all. */
export function isReady(state: ServiceState): boolean {
  return state.status === 'up' && (!state.run.announces || state.run.readyAt !== null);
}

type Cell = (state: ServiceState, input: Input, setting: Setting) => Step;

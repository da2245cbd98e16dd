/*
 * The life of a service.
 *
 *            start            spawned          stop, restart, drain
 *   down ───────────► starting ──────► up ───────────────────────► stopping
 *    ▲                 ▲    │           │                             │ deadline: KILL
 *    │                 │    │           │ exited                      │ exited
 *    │        deadline │    │           ▼                             │
 *    │                 │    │       finishing ◄───────────────────────┘
 *    │                 │    │ un-       │ exited: next state
 *    │                 │    ▼ spawnable │
 *    │               backoff ◄──────────┤ restart after a delay
 *    │                                  ├──► starting: restart on request, or the rest of a log to read
 *    │                                  ├──► failed: finish exited with 125, too many deaths, policy
 *    └──────────────────────────────────┘ not wanted any more
 *
 * Rules that hold in every state:
 * 1. There is at most one process, `run` or `finish`, never both.
 * 2. `finish` runs exactly once for each end of `run`, and before anything else runs.
 * 3. The `goal` says what the service is meant to do. Any command changes it at once; a command never waits, it only
 *    changes which state follows the present one.
 * 4. A state that waits carries its deadline. A resting state (down, up, failed) has none.
 * 5. An exit that was not requested is a death: it counts, and the spec's backoff applies to it alone.
 */
import type { Input, Machine, ServiceState, Setting, Step } from './service-state.ts';
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

/** The state of a service that has received no input yet. */
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

/**
 * The state of a service after an input, and the effects. An input that the state ignores returns the very same state.
 */
export function transition(state: ServiceState, input: Input, setting: Setting): Step {
  const cell = machine[state.status][input.type] as Cell | undefined;
  return cell === undefined ? { state, effects: [] } : cell(state, input, setting);
}

/** Whether a service is at rest: none of its processes runs, and nothing happens without an input. */
export function isAtRest(state: ServiceState): boolean {
  return state.status === 'down' || state.status === 'failed';
}

/** Whether a service is up and, if this run of it announces its readiness, has announced it. */
export function isReady(state: ServiceState): boolean {
  return state.status === 'up' && (!state.run.announces || state.run.readyAt !== null);
}

type Cell = (state: ServiceState, input: Input, setting: Setting) => Step;

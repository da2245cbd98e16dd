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
import type {
  LifecycleInput,
  Lifecycle,
  ServiceState,
  ServiceSetting,
  ServiceStep,
} from './service-state.ts';
import {
  queueSignal,
  recordReady,
  sendSignal,
  toBackoff,
  toUp,
  toStarting,
  toStartingAgain,
  toStartingDrain,
  toStartingOnce,
  setGoalUp,
  setGoalDrain,
  setGoalOnce,
} from './coming-up.ts';
import {
  toStoppingAtEndOfFile,
  shortenDeadline,
  shortenStop,
  killRun,
  toDown,
  toStopping,
  setGoalDown,
} from './going-down.ts';
import {
  toFinishing,
  setGoalDrainInFinish,
  clearTally,
  killFinish,
  killLateFinish,
  afterFinish,
  setGoalDownInFinish,
  restartAfterFinish,
} from './endings.ts';

/** What each state does on each input. */
export const lifecycle: Lifecycle = {
  down: {
    start: toStarting,
    once: toStartingOnce,
    restart: toStarting,
    stop: toDown,
    forget: clearTally,
  },
  starting: {
    start: setGoalUp,
    once: setGoalOnce,
    restart: setGoalUp,
    stop: setGoalDown,
    drain: setGoalDrain,
    signal: queueSignal,
    forget: clearTally,
    spawned: toUp,
    unspawnable: toBackoff,
  },
  up: {
    start: setGoalUp,
    once: setGoalOnce,
    restart: toStopping,
    stop: toStopping,
    drain: toStoppingAtEndOfFile,
    signal: sendSignal,
    forget: clearTally,
    announced: recordReady,
    exited: toFinishing,
  },
  stopping: {
    start: setGoalUp,
    once: setGoalDown,
    restart: toStopping,
    stop: shortenStop,
    drain: shortenStop,
    shorten: shortenDeadline,
    signal: sendSignal,
    announced: recordReady,
    forget: clearTally,
    exited: toFinishing,
    deadline: killRun,
  },
  finishing: {
    start: setGoalUp,
    once: setGoalDown,
    restart: restartAfterFinish,
    stop: setGoalDownInFinish,
    drain: setGoalDrainInFinish,
    shorten: shortenDeadline,
    forget: clearTally,
    spawned: killLateFinish,
    unspawnable: afterFinish,
    exited: afterFinish,
    deadline: killFinish,
  },
  backoff: {
    start: toStarting,
    once: toStartingOnce,
    restart: toStarting,
    stop: toDown,
    drain: toStartingDrain,
    forget: clearTally,
    deadline: toStartingAgain,
  },
  failed: {
    start: toStarting,
    once: toStartingOnce,
    restart: toStarting,
    stop: toDown,
    forget: clearTally,
  },
};

/** The state of a service that has received no input yet. */
export function initialState(now: number): ServiceState {
  return {
    status: 'down',
    why: 'untouched',
    goal: 'down',
    since: now,
    lastExit: null,
    deaths: 0,
    recentDeaths: [],
    tally: [],
    consecutiveDeaths: 0,
    deathsInRow: 0,
    killTimeout: 0,
    finishDeadline: null,
    spawnFailure: null,
  };
}

/**
 * The state of a service after an input, and the effects. An input that the state ignores returns the very same state.
 */
export function transition(
  state: ServiceState,
  input: LifecycleInput,
  setting: ServiceSetting,
): ServiceStep {
  const cell = lifecycle[state.status][input.type] as Cell | undefined;
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

type Cell = (state: ServiceState, input: LifecycleInput, setting: ServiceSetting) => ServiceStep;

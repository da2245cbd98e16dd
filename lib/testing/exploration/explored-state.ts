import { isAtRest } from '../../machine/service/lifecycle.ts';
import type { EndedRun, Run, ServiceState } from '../../machine/service/service-state.ts';
import type { RunningScript, ScriptsState, TreeState } from '../../machine/tree/tree-state.ts';
import type { Unit } from '../../machine/tree/unit-map.ts';
import { UnitMap } from '../../machine/tree/unit-map.ts';
import { isDescending } from '../../machine/tree/tree-state.ts';
import type { Exit } from '../../model/exit.ts';
import type { ServiceSpec } from '../../model/tree.ts';
import type { Ending } from '../../model/verdict.ts';

/** A state of the walk: the tree's state, and the parts of the world that affect the next states. Its clock stands at 0. */
export interface ExploredState {
  readonly state: TreeState;
  /** The services that may have left processes behind, from their runs or finish scripts. */
  readonly leftovers: readonly string[];
  /** Whether a script of a stage has run; it may have left processes behind too. */
  readonly scriptRan: boolean;
  /** The sweeps under way. */
  readonly sweeps: readonly Sweep[];
  /** Milliseconds that the final clean-up may still take; `null` when none is under way. */
  readonly clearing: number | null;
}

/** A sweep under way, and the milliseconds until it sends KILL. */
export interface Sweep {
  readonly service: string;
  readonly left: number;
}

/** The reason of `supervisor.stop()`. It stands for every other reason, since the durations do not depend on the reason. */
export const stopped: Ending = { reason: 'stopped', exitCode: 0 };

/** Whether a service was asked to exit, so that its time is counted. */
export function isAsked({ goal }: ServiceState): boolean {
  return goal === 'down' || goal === 'drain';
}

/** The key of a state: two states with the same key have the same next states. */
export function stateKey({ state, leftovers, scriptRan, sweeps, clearing }: ExploredState): string {
  const { phase, target, init, services, finish, units } = state;
  const scripts = [init, finish].map((stage) => [
    stage.status,
    stage.prepared,
    stage.results.length,
    stage.running,
  ]);
  const standing = [...units.values()].map((unit) => [
    unit.released,
    unit.awaited,
    unit.sweeps,
    unit.state,
  ]);
  const world = [leftovers, scriptRan, sweeps, clearing];
  return JSON.stringify([phase, target, scripts, services, standing, world]);
}

/** The state with every value made equal that does not affect later states; `now` becomes the moment 0. */
export function normalized(state: TreeState, now: number): TreeState {
  const units = UnitMap.of(
    [...state.units].map(([name, unit]) => [
      name,
      { ...unit, state: normalizedService(unit, state, now) },
    ]),
  );
  const { init, services, finish } = state;
  const isPast = isDescending(state) && init.status !== 'started' && init.status !== 'pending';
  return {
    ...state,
    units,
    init: isPast ? { ...past, scripts: init.scripts } : normalizedScripts(init, now),
    finish: normalizedScripts(finish, now),
    services: {
      ...services,
      status: services.status === 'failed' || isPast ? 'completed' : services.status,
      reread: isPast ? 'yes' : services.reread,
      failures: [],
      abandoned: [],
      startedAt: null,
    },
    ending: state.ending === null ? null : stopped,
    killed: [],
    verdict: null,
  };
}

/** An init stage that is over; the results of its scripts no longer matter. */
const past = { status: 'completed', prepared: 'yes', results: [], running: null } as const;

function normalizedScripts(stage: ScriptsState, now: number): ScriptsState {
  const results = stage.results.map(({ script }) => ({ ...anyResult, script }));
  const status = stage.status === 'failed' ? 'completed' : stage.status;
  return { ...stage, status, results, running: normalizedRunning(stage.running, now) };
}

const anyResult = { exit: null, exitCode: 0, duration: 0 } as const;

function normalizedRunning(running: RunningScript | null, now: number): RunningScript | null {
  if (running === null) return null;
  const deadline = until(running.deadline, now);
  return { ...running, pid: running.pid === null ? null : 1, startedAt: 0, kills: 0, deadline };
}

/** The milliseconds until a deadline; 0 when it has passed. */
function until(deadline: number | null, now: number): number | null {
  return deadline === null ? null : Math.max(0, deadline - now);
}

/** The memory of a service, with values that do not matter. */
const emptyMemory = {
  since: 0,
  lastExit: null,
  deaths: 0,
  recentDeaths: [],
  tally: [],
  consecutiveDeaths: 0,
  deathsInRow: 0,
  spawnFailure: null,
} as const;

function normalizedService({ state, spec }: Unit, tree: TreeState, now: number): ServiceState {
  const rests = isAtRest(state);
  const matters = isAsked(state) && !rests;
  const killTimeout = matters ? state.killTimeout : 0;
  const finishDeadline = matters ? until(state.finishDeadline, now) : null;
  const memory = { ...emptyMemory, goal: state.goal, killTimeout, finishDeadline };
  if (rests && isDescending(tree)) return { ...memory, status: 'down', why: 'asked' };
  switch (state.status) {
    case 'down':
      return { ...memory, status: state.status, why: state.why };
    case 'failed':
      return { ...memory, status: state.status, why: state.why };
    case 'starting':
      return { ...memory, status: state.status, announces: state.announces, signals: [] };
    case 'up':
      return { ...memory, status: state.status, run: normalizedRun(state.run, tree) };
    case 'stopping': {
      const { restart } = state;
      const deadline = until(state.deadline, now);
      return { ...memory, status: state.status, run: anyRun, restart, kills: 0, deadline };
    }
    case 'finishing': {
      const ended = normalizedEnd(state.ended, spec);
      const recentDeaths = state.recentDeaths.map(() => 0);
      return {
        ...memory,
        status: state.status,
        ended,
        recentDeaths,
        kills: 0,
        deadline: until(state.deadline, now),
      };
    }
    case 'backoff': {
      // During the start it may be over at any moment; during a stop it is ended by the stop.
      const deadline = Math.max(1, state.deadline - now);
      return { ...memory, status: state.status, why: state.why, deadline };
    }
  }
}

/** Any run: the choices decide when it exits, whatever its age. */
const anyRun: Run = { pid: 1, startedAt: 0, announces: false, readyAt: null };

/** Readiness matters only while the stage waits for it. */
function normalizedRun({ announces, readyAt }: Run, { services }: TreeState): Run {
  const counts = announces && services.status === 'started';
  return counts ? { ...anyRun, announces, readyAt: readyAt === null ? null : 0 } : anyRun;
}

function normalizedEnd({ exit, death, restart }: EndedRun, spec: ServiceSpec): EndedRun {
  return { run: anyRun, exit: spec.restart === 'always' ? anyExit : exit, death, restart };
}

const anyExit: Exit = { code: 1, signal: null };

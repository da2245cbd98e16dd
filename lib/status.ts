import { isReady } from './machine/longrun.ts';
import type { TreeState, Unit } from './machine/state.ts';
import type { Phase, ServiceStatus, StageName, StageStatus } from './model/event.ts';
import type { Exit } from './model/exit.ts';
import type { Problem } from './model/problem.ts';
import type { Verdict } from './model/verdict.ts';

/** A supervisor at one moment, as plain data. */
export interface SupervisorStatus {
  /** Where it stands in its life. */
  readonly phase: Phase;
  /** Where each stage stands. */
  readonly stages: Readonly<Record<StageName, StageStatus>>;
  /** The services by name, loggers among them. */
  readonly services: Readonly<Record<string, ServiceReport>>;
  /** What was wrong with the tree when it was loaded. */
  readonly problems: readonly Problem[];
  /** How it ended, once it has. */
  readonly verdict?: Verdict;
}

/** A service at one moment, as plain data. */
export interface ServiceReport {
  /** Where it stands. */
  readonly status: ServiceStatus;
  /** Up, and announced if it announces. */
  readonly ready: boolean;
  /** Meant to be up. */
  readonly wanted: boolean;
  /** When the present status began: epoch milliseconds. */
  readonly since: number;
  /** How often `run` ended without being asked to. */
  readonly deaths: number;
  /** The pid of `run`, while it lives. */
  readonly pid?: number;
  /** How `run` ended last. */
  readonly lastExit?: Exit;
}

/** The snapshot of a state. */
export function statusOf(state: TreeState, problems: readonly Problem[]): SupervisorStatus {
  const { phase, init, services, finish, units, verdict } = state;
  return {
    phase,
    stages: { init: init.status, services: services.status, finish: finish.status },
    services: Object.fromEntries([...units].map(([name, unit]) => [name, report(unit)])),
    problems,
    ...(verdict !== null && { verdict }),
  };
}

function report({ state }: Unit): ServiceReport {
  return {
    status: state.status,
    ready: isReady(state),
    wanted: state.goal === 'up',
    since: state.since,
    deaths: state.deaths,
    ...('run' in state && { pid: state.run.pid }),
    ...(state.lastExit !== null && { lastExit: state.lastExit }),
  };
}

import { isReady } from '../machine/service/lifecycle.ts';
import type { Unit } from '../machine/tree/unit-map.ts';
import type { SupervisorHandle } from './waits.ts';
import type { Phase, ServiceStatus, StageName, StageStatus } from '../model/event.ts';
import type { Exit } from '../model/exit.ts';
import type { Problem } from '../model/problem.ts';
import type { Verdict } from '../model/verdict.ts';

/** A snapshot of a supervisor, as plain data. */
export interface SupervisorStatus {
  /** The phase of the supervisor. */
  readonly phase: Phase;
  /** The status of each stage. */
  readonly stages: Readonly<Record<StageName, StageStatus>>;
  /** The services by name, including loggers. */
  readonly services: Readonly<Record<string, ServiceReport>>;
  /** The problems found when the tree was loaded. */
  readonly problems: readonly Problem[];
  /** How the supervisor ended; absent before the end. */
  readonly verdict?: Verdict;
}

/** A snapshot of a service, as plain data. */
export interface ServiceReport {
  /** The status of the service. */
  readonly status: ServiceStatus;
  /** Whether it is up and, if it announces readiness, has announced it. */
  readonly ready: boolean;
  /** Whether it is meant to be up. */
  readonly wanted: boolean;
  /** When the current status began, in epoch milliseconds, by the wall clock as it is set now. */
  readonly since: number;
  /** How many times `run` exited without having been asked to. */
  readonly deaths: number;
  /** The pid of `run`; absent while it is not alive. */
  readonly pid?: number;
  /** How `run` last exited; absent before its first exit. */
  readonly lastExit?: Exit;
}

/** Makes the snapshot of a supervisor's state. */
export function statusOf(
  control: SupervisorHandle,
  problems: readonly Problem[],
): SupervisorStatus {
  const { phase, init, services, finish, verdict } = control.state;
  return {
    phase,
    stages: { init: init.status, services: services.status, finish: finish.status },
    services: reportsOf(control),
    problems,
    ...(verdict !== null && { verdict }),
  };
}

/** The snapshots of the services, by name. */
export function reportsOf(control: SupervisorHandle): Readonly<Record<string, ServiceReport>> {
  const { units } = control.state;
  return Object.fromEntries([...units].map(([name, unit]) => [name, reportOf(unit, control)]));
}

/** Makes the snapshot of a service. */
export function reportOf({ state }: Unit, control: SupervisorHandle): ServiceReport {
  return {
    status: state.status,
    ready: isReady(state),
    wanted: state.goal === 'up',
    since: control.timeOfDay(state.since),
    deaths: state.deaths,
    ...('run' in state && { pid: state.run.pid }),
    ...(state.lastExit !== null && { lastExit: state.lastExit }),
  };
}

import type { Exit } from './exit.ts';
import type { Problem } from './problem.ts';

/** The phase of the supervisor's life. */
export type Phase =
  'loaded' | 'initializing' | 'starting' | 'running' | 'stopping' | 'finishing' | 'ended';

/** The three stages, in their order. */
export type StageName = 'init' | 'services' | 'finish';

/** The status of a stage. */
export type StageStatus = 'pending' | 'started' | 'completed' | 'failed';

/**
 * The status of a service. `down`: not running. `starting`: being spawned. `up`: `run` is alive. `stopping`: asked to
 * exit. `finishing`: `run` has exited, `finish` runs. `backoff`: waits for its restart. `failed`: is not started again
 * automatically.
 */
export type ServiceStatus =
  'down' | 'starting' | 'up' | 'stopping' | 'finishing' | 'backoff' | 'failed';

/**
 * The cause of an event.
 *
 * - a command of the host: `start`, `once`, `stop`, `restart`
 * - the supervisor's own sequence: `stage` (a stage opens, goes on or ends), `shutdown`, `rescan`
 * - what a process did: `spawned`, `unspawnable`, `announced`, `exited`, `printed`
 * - `deadline`: a time limit or a delay ended
 */
export type Cause =
  | 'start'
  | 'once'
  | 'stop'
  | 'restart'
  | 'stage'
  | 'shutdown'
  | 'rescan'
  | 'spawned'
  | 'unspawnable'
  | 'announced'
  | 'exited'
  | 'printed'
  | 'deadline';

/** The fields of every event. */
export interface Timed {
  /** When it happened: epoch milliseconds by the wall clock. It goes back only when that is set back; `sequence` is the order. */
  readonly at: number;
  /** The event's number in this supervisor's life: 1, 2, 3 ... */
  readonly sequence: number;
}

/** Every event that a supervisor emits, discriminated by `type`. */
export type LifecycleEvent = Timed & Change;

/** An event before it gets its time and number: what has happened, and the cause. */
export type Change = Caused &
  (
    | PhaseChange
    | StageChange
    | ScriptChange
    | ServiceChange
    | ReadyChange
    | OutputChange
    | TreeChange
    | ProblemChange
  );

/** The fields of every change. */
export interface Caused {
  /** What caused the change. */
  readonly cause: Cause;
}

/** The supervisor has entered another phase. */
export interface PhaseChange {
  /** The discriminator. */
  readonly type: 'phase';
  /** The previous phase. */
  readonly from: Phase;
  /** The present phase. */
  readonly to: Phase;
}

/** A stage has begun or ended. The services stage is completed once all its services have come up. */
export interface StageChange {
  /** The discriminator. */
  readonly type: 'stage';
  /** The stage. */
  readonly stage: StageName;
  /** `failed`: a script of it failed, or a service did not come up in time. */
  readonly status: 'started' | 'completed' | 'failed';
}

/** A script has started, has exited, or cannot be run. */
export interface ScriptChange {
  /** The discriminator. */
  readonly type: 'script';
  /** The script's stage; `command` for the command that was given to `run()`. */
  readonly stage: 'init' | 'finish' | 'command';
  /** The script's file name. */
  readonly script: string;
  /** What has happened to it. */
  readonly status: 'started' | 'exited' | 'unspawnable';
  /** Its process id, when it has started. */
  readonly pid?: number;
  /** How it ended, when it has exited. */
  readonly exit?: Exit;
  /** Milliseconds from the start to the exit. */
  readonly duration?: number;
}

/** A service has changed its status. */
export interface ServiceChange {
  /** The discriminator. */
  readonly type: 'service';
  /** The service's name; a logger's is `web/log`. */
  readonly service: string;
  /** The previous status. */
  readonly from: ServiceStatus;
  /** The present status. */
  readonly to: ServiceStatus;
  /** The process id of `run`, while it is alive. */
  readonly pid?: number;
  /** How `run` ended, when it has just exited. */
  readonly exit?: Exit;
}

/** A service has announced its readiness (`notification-fd`). */
export interface ReadyChange {
  /** The discriminator. */
  readonly type: 'ready';
  /** The service's name. */
  readonly service: string;
  /** The process id of `run`. */
  readonly pid: number;
  /** Milliseconds from the start to the announcement. */
  readonly duration: number;
}

/** A process has printed a line; only with `output: 'lines'`. */
export interface OutputChange {
  /** The discriminator. */
  readonly type: 'output';
  /** The name of the service or script that printed the line; `web/finish` for a finish script. */
  readonly source: string;
  /**
   * The stage of the script that printed the line; `command` for the command that was given to `run()`; absent for a
   * service.
   */
  readonly stage?: 'init' | 'finish' | 'command';
  /** The stream to which it was printed. */
  readonly stream: 'stdout' | 'stderr';
  /** The line, without its newline. */
  readonly line: string;
}

/** `services.d`, or the control files of one service, were read again and have changed. */
export interface TreeChange {
  /** The discriminator. */
  readonly type: 'tree';
  /** The names of the services that are new, loggers included. */
  readonly added: readonly string[];
  /** The names of the services that are gone. */
  readonly removed: readonly string[];
  /** The names of the services of which the control files have changed. The change takes effect at their next use. */
  readonly changed: readonly string[];
}

/** A problem has been found. */
export interface ProblemChange {
  /** The discriminator. */
  readonly type: 'problem';
  /** What is wrong, where, why, and the remedy. */
  readonly problem: Problem;
}

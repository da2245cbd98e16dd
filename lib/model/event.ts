import type { Exit } from './exit.ts';
import type { Problem } from './problem.ts';

/** Where the supervisor stands in its life. */
export type Phase =
  'loaded' | 'initializing' | 'starting' | 'running' | 'stopping' | 'finishing' | 'ended';

/** The three stages, in their order. */
export type StageName = 'init' | 'services' | 'finish';

/** Where a stage stands. */
export type StageStatus = 'pending' | 'started' | 'completed' | 'failed';

/**
 * Where a service stands. `down`: not running. `starting`: being spawned. `up`: `run` lives. `stopping`: asked to end.
 * `finishing`: `run` is dead, `finish` runs. `backoff`: waits for its restart. `failed`: will not be started again by itself.
 */
export type ServiceStatus =
  'down' | 'starting' | 'up' | 'stopping' | 'finishing' | 'backoff' | 'failed';

/**
 * What brought an event about.
 *
 * - a command of the host: `start`, `once`, `stop`, `restart`
 * - the supervisor's own order of things: `stage` (a stage opens, goes on or ends), `shutdown`, `rescan`
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

/** What every event carries. */
export interface Timed {
  /** When it happened: epoch milliseconds, never going back. */
  readonly at: number;
  /** The event's number in this supervisor's life: 1, 2, 3 ... */
  readonly sequence: number;
}

/** Everything that a supervisor tells, told apart by `type`. */
export type LifecycleEvent = Timed & Change;

/** An event before it is stamped: what has happened, and what brought it about. */
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

/** What every change carries. */
export interface Caused {
  /** What brought it about. */
  readonly cause: Cause;
}

/** The supervisor has entered another phase. */
export interface PhaseChange {
  /** Tells it apart. */
  readonly type: 'phase';
  /** The phase that it has left. */
  readonly from: Phase;
  /** The phase that it is in now. */
  readonly to: Phase;
}

/** A stage has begun or ended. The services' stage is completed once all of them have come up. */
export interface StageChange {
  /** Tells it apart. */
  readonly type: 'stage';
  /** The stage. */
  readonly stage: StageName;
  /** `failed`: a script of it failed, or a service did not come up in time. */
  readonly status: 'started' | 'completed' | 'failed';
}

/** A script has begun, has ended, or cannot be run. */
export interface ScriptChange {
  /** Tells it apart. */
  readonly type: 'script';
  /** The script's stage; `command` for the command that was given to `run()`. */
  readonly stage: 'init' | 'finish' | 'command';
  /** The script's file name. */
  readonly script: string;
  /** What has happened to it. */
  readonly status: 'started' | 'exited' | 'unspawnable';
  /** Its process, when it has started. */
  readonly pid?: number;
  /** How it ended, when it has exited. */
  readonly exit?: Exit;
  /** Milliseconds from the start to the exit. */
  readonly duration?: number;
}

/** A service has gone from one state to another. */
export interface ServiceChange {
  /** Tells it apart. */
  readonly type: 'service';
  /** The service's name; a logger's is `web/log`. */
  readonly service: string;
  /** The state that it has left. */
  readonly from: ServiceStatus;
  /** The state that it is in now. */
  readonly to: ServiceStatus;
  /** The process of `run`, while it lives. */
  readonly pid?: number;
  /** How `run` ended, when it has just done so. */
  readonly exit?: Exit;
}

/** A service has announced its readiness (`notification-fd`). */
export interface ReadyChange {
  /** Tells it apart. */
  readonly type: 'ready';
  /** The service's name. */
  readonly service: string;
  /** The process of `run`. */
  readonly pid: number;
  /** Milliseconds from the start to the announcement. */
  readonly duration: number;
}

/** A process has printed a line; only with `output: 'lines'`. */
export interface OutputChange {
  /** Tells it apart. */
  readonly type: 'output';
  /** The name of the service or script that printed it; `web/finish` for a finish script. */
  readonly source: string;
  /** The stage of the script that printed it, `command` for the command that was given to `run()`; absent for a service. */
  readonly stage?: 'init' | 'finish' | 'command';
  /** Where it printed it. */
  readonly stream: 'stdout' | 'stderr';
  /** The line, without its newline. */
  readonly line: string;
}

/** `services.d`, or the control files of one service, were read again and are not what they were. */
export interface TreeChange {
  /** Tells it apart. */
  readonly type: 'tree';
  /** The services that are new, by name, loggers among them. */
  readonly added: readonly string[];
  /** The services that are gone. */
  readonly removed: readonly string[];
  /** The services whose control files have changed; that holds from their next use on. */
  readonly changed: readonly string[];
}

/** Something is wrong. */
export interface ProblemChange {
  /** Tells it apart. */
  readonly type: 'problem';
  /** What is wrong, where, why, and what to do about it. */
  readonly problem: Problem;
}

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

/** An event before it is stamped: what the pure core says has happened. */
export type Change = { readonly cause: Cause } & (
  | { readonly type: 'phase'; readonly from: Phase; readonly to: Phase }
  | {
      readonly type: 'stage';
      readonly stage: StageName;
      readonly status: 'started' | 'completed' | 'failed';
    }
  | {
      readonly type: 'script';
      /** The script's stage; `command` for the command that was given to `run()`. */
      readonly stage: 'init' | 'finish' | 'command';
      readonly script: string;
      readonly status: 'started' | 'exited' | 'unspawnable';
      readonly pid?: number;
      readonly exit?: Exit;
      /** Milliseconds from the start to the exit. */
      readonly duration?: number;
    }
  | {
      readonly type: 'service';
      readonly service: string;
      readonly from: ServiceStatus;
      readonly to: ServiceStatus;
      readonly pid?: number;
      readonly exit?: Exit;
    }
  | {
      readonly type: 'ready';
      readonly service: string;
      readonly pid: number;
      /** Milliseconds from the start to the announcement. */
      readonly duration: number;
    }
  | {
      readonly type: 'output';
      /** The name of the service or script that printed the line. */
      readonly source: string;
      readonly stream: 'stdout' | 'stderr';
      readonly line: string;
    }
  | {
      readonly type: 'tree';
      readonly added: readonly string[];
      readonly removed: readonly string[];
      readonly changed: readonly string[];
    }
  | { readonly type: 'problem'; readonly problem: Problem }
);

import type { Exit } from '../../model/exit.ts';
import type { Command, Output } from '../../model/program.ts';
import type { SpawnFailure } from '../../model/spawn-failure.ts';
import type { ServiceSpec } from '../../model/tree.ts';

/** What a service is meant to do: stay up, run once, read its pipe to the end (a logger), or be down. */
export type Goal = 'up' | 'once' | 'drain' | 'down';

/** One run of a service: the process and its moments. */
export interface Run {
  readonly pid: number;
  readonly startedAt: number;
  /** Whether the run was given a descriptor on which to announce its readiness. */
  readonly announces: boolean;
  /** When the run announced its readiness, or `null`. */
  readonly readyAt: number | null;
}

/** A run that is over, and the kind of its end. */
export interface EndedRun {
  readonly run: Run;
  readonly exit: Exit;
  /** Whether the run ended by itself: an exit that was not requested is a death. */
  readonly death: boolean;
  /** Whether the run ended for a restart, which waits for no delay. */
  readonly restart: boolean;
}

/** An end of `run`, as s6's programs report it. */
export interface TallyEntry {
  readonly at: number;
  readonly exit: Exit;
}

/** The values that every state of a service carries. */
export interface Memory {
  readonly goal: Goal;
  /** When the present status began. */
  readonly since: number;
  readonly lastExit: Exit | null;
  /** The number of all deaths. */
  readonly deaths: number;
  /**
   * The moments of the latest deaths, oldest first: as many as the backoff's limit counts. An attempt to start a run
   * that cannot be spawned counts as one.
   */
  readonly recentDeaths: readonly number[];
  /** The latest ends of `run`, oldest first, requested ones included, cut to `max-death-tally` (s6's death tally). */
  readonly tally: readonly TallyEntry[];
  /** The number of deaths, and of attempts to start in vain, since the service last ran for long enough. */
  readonly consecutiveDeaths: number;
  /** The number of deaths in a row, each after less than a minute of life: a crash loop from five on. */
  readonly deathsInRow: number;
  /** The kill timeout of the last stop: milliseconds from the stop signal to KILL; 0: never. */
  readonly killTimeout: number;
  /** The deadline that the supervisor's stop sets for the finish script; `null`: only the script's own limit holds. */
  readonly finishDeadline: number | null;
  /** Why the last attempt to run the service failed, or `null` when it ran. */
  readonly spawnFailure: SpawnFailure | null;
}

/**
 * Why a service failed: its finish script exited with 125, it died too often, its restart policy, or its run cannot be
 * spawned.
 */
export type FailureReason = 'finish' | 'limit' | 'policy' | 'unspawnable';

/** A service's state. A state that waits carries its own `deadline`; `null` waits without one. */
export type ServiceState = Memory &
  (
    | { readonly status: 'down'; readonly why: 'untouched' | 'asked' | 'ended' }
    | {
        readonly status: 'starting';
        readonly announces: boolean;
        /** The signals that are sent to the process as soon as it exists. */
        readonly signals: readonly NodeJS.Signals[];
      }
    | { readonly status: 'up'; readonly run: Run }
    | {
        readonly status: 'stopping';
        readonly run: Run;
        readonly restart: boolean;
        readonly kills: number;
        readonly deadline: number | null;
      }
    | {
        readonly status: 'finishing';
        readonly ended: EndedRun;
        readonly kills: number;
        readonly deadline: number | null;
      }
    | {
        readonly status: 'backoff';
        readonly why: 'death' | 'unspawnable';
        readonly deadline: number;
      }
    | { readonly status: 'failed'; readonly why: FailureReason }
  );

/** The inputs of a service: commands, what its process does, and a deadline that has passed. */
export type LifecycleInput =
  | { readonly type: 'start' }
  | { readonly type: 'once' }
  /**
   * `killTimeout` (the kill timeout) overrides the spec's `killTimeout`; `atMost` bounds both (0: no bound), `finishDeadline`
   * the finish script.
   */
  | {
      readonly type: 'stop';
      readonly killTimeout?: number;
      readonly atMost?: number;
      readonly finishDeadline?: number | null;
    }
  | { readonly type: 'restart'; readonly killTimeout?: number }
  /** To a logger of which the producer is gone for good: read to end-of-file, then exit. */
  | { readonly type: 'drain'; readonly killTimeout: number; readonly finishDeadline: number | null }
  | { readonly type: 'signal'; readonly signal: NodeJS.Signals }
  /** Every wait on the way down takes no longer than the setting says from now on. */
  | { readonly type: 'shorten' }
  /** Clears the tally. */
  | { readonly type: 'forget' }
  /** `leftBehind`: processes of an earlier run still run beside this one. */
  | { readonly type: 'spawned'; readonly pid: number; readonly leftBehind?: boolean }
  /** The process cannot be run: the system's code, and what is missing or wrong. */
  | { readonly type: 'unspawnable'; readonly code: string; readonly message: string }
  | { readonly type: 'announced' }
  | { readonly type: 'exited'; readonly exit: Exit }
  | { readonly type: 'deadline' };

/** The effects that a service asks for. */
export type ServiceEffect =
  | { readonly type: 'spawn'; readonly role: 'run' | 'finish'; readonly command: Command }
  | {
      readonly type: 'kill';
      readonly signal: NodeJS.Signals;
      readonly scope: 'process' | 'group';
    }
  /** Ends everything that the service's runs left behind. */
  | { readonly type: 'sweep' };

/** What a transition gets beside state and input. */
export interface ServiceSetting {
  readonly spec: ServiceSpec;
  /** Where output goes unless the spec says otherwise. */
  readonly output: Output;
  readonly now: number;
  /** The most milliseconds that any wait on the way down may take; `null`: no such limit. */
  readonly stopLimit: number | null;
  /** The end of the catch-all log's pipe that the service's processes get; absent: none. */
  readonly catchAll?: CatchAllEnd | undefined;
}

/**
 * An end of the catch-all log's pipe: `write` for output that would otherwise go to the host's, `read` for the
 * catch-all logger.
 */
export type CatchAllEnd = 'write' | 'read';

/** The outcome of an input: the next state, and the effects. */
export interface ServiceStep {
  readonly state: ServiceState;
  readonly effects: readonly ServiceEffect[];
}

export type ServiceStateName = ServiceState['status'];
export type ServiceStateIn<S extends ServiceStateName> = Extract<
  ServiceState,
  { readonly status: S }
>;
export type LifecycleInputOf<I extends LifecycleInput['type']> = Extract<
  LifecycleInput,
  { readonly type: I }
>;

/** The life of a service as a table: what each state does on each input. An input without a cell is ignored. */
export type Lifecycle = {
  readonly [S in ServiceStateName]: {
    readonly [I in LifecycleInput['type']]?: (
      state: ServiceStateIn<S>,
      input: LifecycleInputOf<I>,
      setting: ServiceSetting,
    ) => ServiceStep;
  };
};

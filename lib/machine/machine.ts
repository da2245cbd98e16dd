import type { Exit } from '../model/exit.ts';
import type { Command, Output } from '../model/program.ts';
import type { ServiceSpec } from '../model/tree.ts';

/** What a service is meant to do: stay up, run once, read its pipe to the end (a logger), or be down. */
export type Goal = 'up' | 'once' | 'drain' | 'down';

/** One run of a service: the process and its moments. */
export interface Run {
  readonly pid: number;
  readonly startedAt: number;
  /** Whether it was given a descriptor to announce its readiness on. */
  readonly announces: boolean;
  /** When it announced its readiness, or `null`. */
  readonly readyAt: number | null;
}

/** A run that is over, and how that came. */
export interface EndedRun {
  readonly run: Run;
  readonly exit: Exit;
  /** Whether it ended by itself: an exit that nobody asked for is a death. */
  readonly death: boolean;
  /** Whether it ended for a restart, which waits for no delay. */
  readonly restart: boolean;
}

/** An end of `run`, as s6's programs are told of it. */
export interface TallyEntry {
  readonly at: number;
  readonly exit: Exit;
}

/** What rides along in every state of a service. */
export interface Memory {
  readonly goal: Goal;
  /** When the present status began. */
  readonly since: number;
  readonly lastExit: Exit | null;
  /** How many deaths there were in all. */
  readonly deaths: number;
  /** When the latest deaths were, oldest first: as many as the backoff's limit counts. */
  readonly recent: readonly number[];
  /** The latest ends of `run`, oldest first, those that were asked for too, cut to `max-death-tally` (s6's death tally). */
  readonly tally: readonly TallyEntry[];
  /** How many deaths there were since the service last ran for long enough. */
  readonly streak: number;
  /** Milliseconds from the stop signal to KILL, as the last stop had it; 0: never. */
  readonly patience: number;
  /** When its finish script must have ended, by the supervisor's stop; `null`: when its own limit says. */
  readonly finishBy: number | null;
  /** Why the last try to run it came to nothing, or `null` when it ran. */
  readonly flaw: string | null;
}

/** Why a service failed: its finish script said so, too many deaths, its restart policy, or it cannot be run. */
export type FailureReason = 'finish' | 'limit' | 'policy' | 'unspawnable';

/** A service's state. A state that waits carries its own `deadline`; `null` waits without one. */
export type ServiceState = Memory &
  (
    | { readonly status: 'down'; readonly why: 'untouched' | 'asked' | 'ended' }
    | {
        readonly status: 'starting';
        readonly announces: boolean;
        /** What it is sent as soon as it is there. */
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

/** What can happen to a service: commands, what its process does, and the end of a time. */
export type Input =
  | { readonly type: 'start' }
  | { readonly type: 'once' }
  /** `patience` overrides the spec's `timeoutKill`; `atMost` bounds both (0: no bound), `finishBy` the finish script. */
  | {
      readonly type: 'stop';
      readonly patience?: number;
      readonly atMost?: number;
      readonly finishBy?: number | null;
    }
  | { readonly type: 'restart'; readonly patience?: number }
  /** To a logger whose producer is gone for good: read to end-of-file, then end. */
  | { readonly type: 'drain'; readonly patience: number; readonly finishBy: number | null }
  | { readonly type: 'signal'; readonly signal: NodeJS.Signals }
  /** Whatever it waits for on its way down may take no longer now than the setting says. */
  | { readonly type: 'hurry' }
  /** Its tally is emptied. */
  | { readonly type: 'forget' }
  /** `leftBehind`: processes of an earlier run live on beside this one. */
  | { readonly type: 'spawned'; readonly pid: number; readonly leftBehind?: boolean }
  /** The process cannot be run: the system's code, and what is missing or wrong. */
  | { readonly type: 'unspawnable'; readonly code: string; readonly message: string }
  | { readonly type: 'announced' }
  | { readonly type: 'exited'; readonly exit: Exit }
  | { readonly type: 'deadline' };

/** What a service asks of the world. */
export type ServiceEffect =
  | { readonly type: 'spawn'; readonly role: 'run' | 'finish'; readonly command: Command }
  | {
      readonly type: 'kill';
      readonly signal: NodeJS.Signals;
      readonly scope: 'process' | 'group';
    }
  /** End whatever its runs left behind. */
  | { readonly type: 'sweep' };

/** What a transition is given beside state and input. */
export interface Setting {
  readonly spec: ServiceSpec;
  /** Where output goes unless the spec says so. */
  readonly output: Output;
  readonly now: number;
  /** The most milliseconds that anything on the way down may take; `null`: as long as it has. */
  readonly hurry: number | null;
  /** The end of the catch-all log's pipe that its processes get; absent: none. */
  readonly catchAll?: CatchAllEnd | undefined;
}

/** The end of the catch-all log's pipe: to write what would be the host's own output otherwise, or to read, for its logger. */
export type CatchAllEnd = 'write' | 'read';

/** The outcome of an input: the next state, and what it asks for. */
export interface Step {
  readonly state: ServiceState;
  readonly effects: readonly ServiceEffect[];
}

export type Status = ServiceState['status'];
export type In<S extends Status> = Extract<ServiceState, { readonly status: S }>;
export type Of<I extends Input['type']> = Extract<Input, { readonly type: I }>;

/** The life of a service as a table: what each state does on each input. A cell that is not there ignores the input. */
export type Machine = {
  readonly [S in Status]: {
    readonly [I in Input['type']]?: (state: In<S>, input: Of<I>, setting: Setting) => Step;
  };
};

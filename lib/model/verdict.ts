import { exitCodeOf } from './exit.ts';

/** How a supervisor's life ended. */
export interface Verdict {
  /** The exit code for the host to end with, 0 to 255: the one that a finish script has written, else what the reason gives. */
  readonly exitCode: number;
  /** What asked for the end. */
  readonly reason: EndReason;
  /**
   * The service whose end ended everything (`essential`), that asked for it (`requested`, where that is known), or that the
   * command waited for in vain (`init-failed`).
   */
  readonly service?: string;
  /** The init script whose failure ended everything (`init-failed`), or the script that asked for the end (`requested`). */
  readonly script?: string;
  /** The signal that asked for the end, for the reason `signal`. */
  readonly signal?: NodeJS.Signals;
  /**
   * What had to be killed on the way down, in order: services (`web`, `web/log`), finish scripts of services (`web/finish`),
   * scripts (`10-db`); what a service or a script has left behind (`web/left-behind`, `10-db/left-behind`), in its process group or with its log
   * pipe in hand; and what has run
   * away into a session of its own, by the name of its program (`runaway/mysqld`).
   */
  readonly killed: readonly string[];
}

/**
 * Why a supervisor ended: `stopped` by the host, a `signal`, the end of the `command`, a failing init script under
 * `onInitFailure: 'stop'`, the end of an `essential` service, or `requested` by a script of the tree.
 */
export type EndReason =
  'stopped' | 'signal' | 'command' | 'init-failed' | 'essential' | 'requested';

/** What asks for the end; a verdict without what only the end itself knows. */
export type Ending = Omit<Verdict, 'killed'>;

/** How it ended, once everything has. Without an ending of its own the host has stopped it. */
export function verdictOf(ending: Ending | null, killed: readonly string[]): Verdict {
  return { ...(ending ?? { reason: 'stopped', exitCode: 0 }), killed };
}

/** The end that a signal to the host asks for: 128 + n for signal n, as shells have it. */
export function endedBySignal(signal: NodeJS.Signals): Ending {
  return { reason: 'signal', signal, exitCode: exitCodeOf({ code: null, signal }) };
}

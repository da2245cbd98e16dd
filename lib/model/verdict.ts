import { exitCodeOf } from './exit.ts';

/** How a supervisor's life ended. */
export interface Verdict {
  /**
   * The exit code for the host to exit with, 0 to 255: the one that a finish script has written, else the one that
   * follows from the reason.
   */
  readonly exitCode: number;
  /** Why the supervisor ended. */
  readonly reason: EndReason;
  /**
   * The service of which the end ended everything (`essential`), that requested the end (`requested`, where that is
   * known), or that the command waited for in vain (`init-failed`).
   */
  readonly service?: string;
  /**
   * The init script of which the failure ended everything (`init-failed`), or the script that requested the end
   * (`requested`).
   */
  readonly script?: string;
  /** The signal that requested the end, for the reason `signal`. */
  readonly signal?: NodeJS.Signals;
  /**
   * The names of what had to be killed on the way down, in order: services (`web`, `web/log`), finish scripts of
   * services (`web/finish`), scripts (`10-db`); what a service or a script left behind in its process group, or with
   * its log pipe open (`web/left-behind`, `10-db/left-behind`); and daemonized processes, which have moved to a session
   * of their own, by the name of their program (`runaway/mysqld`).
   */
  readonly killed: readonly string[];
}

/**
 * Why a supervisor ended: `stopped` by the host, a `signal`, the end of the `command`, a failing init script under
 * `onInitFailure: 'stop'`, the end of an `essential` service, or `requested` by a script of the tree.
 */
export type EndReason =
  'stopped' | 'signal' | 'command' | 'init-failed' | 'essential' | 'requested';

/** A request for the end: a verdict without the values that are known only when everything has ended. */
export type Ending = Omit<Verdict, 'killed'>;

/** The verdict, once everything has ended. Without a request for the end, the host has stopped the supervisor. */
export function verdictOf(ending: Ending | null, killed: readonly string[]): Verdict {
  return { ...(ending ?? { reason: 'stopped', exitCode: 0 }), killed };
}

/** The end that a signal to the host requests: 128 + n for signal n, as shells have it. */
export function endedBySignal(signal: NodeJS.Signals): Ending {
  return { reason: 'signal', signal, exitCode: exitCodeOf({ code: null, signal }) };
}

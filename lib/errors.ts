import type { Problem } from './model/problem.ts';
import { describeProblem } from './model/problem.ts';
import type { Exit } from './model/exit.ts';
import type { Verdict } from './model/verdict.ts';

/** What all errors of this library have in common: a stable `code` and a message that says what, which, why and what to do. */
export abstract class StagekeeperError extends Error {
  /** What kind of error it is; stable across versions. */
  abstract readonly code: string;

  /** @param message - What, which, why and what to do. */
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/** The tree leaves nothing sensible to run, or has warnings under `strict`. Mend what `problems` names. */
export class TreeError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_TREE';
  /** All problems at once, warnings included. */
  readonly problems: readonly Problem[];

  constructor(place: string, problems: readonly Problem[]) {
    const lines = problems.map((each) => `\n  ${describeProblem(each)}`).join('');
    super(`The tree ${place} cannot be used:${lines}`);
    this.problems = problems;
  }
}

/** An option has a value that it cannot have. The message lists every such option with what it takes. */
export class OptionsError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_OPTIONS';
}

/** No service has this name. The message names the nearest one. */
export class UnknownServiceError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_UNKNOWN_SERVICE';
  /** The name that was asked for. */
  readonly service: string;

  constructor(service: string, known: readonly string[], nearest: string | undefined) {
    const names =
      known.length === 0 ? 'The tree has no services.' : `There are: ${known.join(', ')}.`;
    const hint = nearest === undefined ? '' : ` Did you mean '${nearest}'?`;
    super(`No service is named '${service}'.${hint} ${names}`);
    this.service = service;
  }
}

/** A service did not come up: it failed for good, or cannot be run. Mend the service, then start it again. */
export class ServiceFailedError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_SERVICE_FAILED';
  /** The service's name. */
  readonly service: string;
  /** How its `run` ended last, if it ever ran. */
  readonly lastExit: Exit | undefined;

  constructor(service: string, why: string, lastExit: Exit | undefined) {
    super(`The service '${service}' did not come up: ${why}`);
    this.service = service;
    this.lastExit = lastExit;
  }
}

/** Another command came in between: a stop while a start was waited for, say. Whoever gave that command has the word. */
export class InterruptedError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_INTERRUPTED';
}

/** The time given with `timeout` ended before what was waited for came; what was asked for goes on. */
export class TimeoutError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_TIMEOUT';
  /** What is still alive or awaited, by name. */
  readonly pending: readonly string[];

  constructor(what: string, timeout: number, pending: readonly string[]) {
    const names = pending.length === 0 ? '' : ` Still awaited: ${pending.join(', ')}.`;
    super(`${what} took longer than ${String(timeout)} ms.${names}`);
    this.pending = pending;
  }
}

/** An init script failed under `onInitFailure: 'stop'`; the finish stage has run and the supervisor has ended. */
export class InitFailedError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_INIT_FAILED';
  /** How the supervisor ended; `script` names the culprit. */
  readonly verdict: Verdict;

  constructor(verdict: Verdict) {
    super(
      `The init script '${verdict.script ?? ''}' failed (exit code ${String(verdict.exitCode)}), and onInitFailure is 'stop': no service was started.`,
    );
    this.verdict = verdict;
  }
}

/** A stage or a command was asked for at a time when it cannot come: out of order, or after the end. */
export class OrderError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_ORDER';
}

/** A reader of `events()` fell so far behind that events would have been lost. Read faster, or listen with `on()`. */
export class OverflowError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_OVERFLOW';
}

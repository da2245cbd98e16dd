import { didYouMean } from './model/nearest.ts';
import type { Problem } from './model/problem.ts';
import { describeProblem } from './model/problem.ts';
import type { Exit } from './model/exit.ts';
import type { StartFailure, StartFailureReason } from './model/start-failure.ts';
import type { Verdict } from './model/verdict.ts';

/** The base class of all errors of this library. Each has a stable `code` and a message that says what failed, which part, why, and what to do. */
export abstract class StagekeeperError extends Error {
  /** The kind of the error; stable across versions. */
  abstract readonly code: string;

  /** @param message - What failed, which part, why, and what to do. */
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/** The tree has an error that leaves nothing to run, or has any problem under `strict`. Fix what `problems` names. */
export class TreeError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_TREE';
  /** All problems of the tree, including warnings. */
  readonly problems: readonly Problem[];

  constructor(place: string, problems: readonly Problem[]) {
    const lines = problems.map((each) => `\n  ${describeProblem(each)}`).join('');
    super(`The tree ${place} cannot be used:${lines}`);
    this.problems = problems;
  }
}

/** An option has an invalid value. The message lists every such option with the values that it accepts. */
export class OptionsError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_OPTIONS';
}

/**
 * The program runs under Bun or Deno, and the supervisor is to start real processes. Their implementations of Node's API lack
 * what supervision needs, such as FIFOs that do not block and descriptors beyond stdio. Run the program with Node. A supervisor
 * with a spawner of its own works there, as in `simulate()`.
 */
export class UnsupportedRuntimeError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_UNSUPPORTED_RUNTIME';
  /** The runtime, by its name in `process.versions`. */
  readonly runtime: string;

  constructor(runtime: string, version: string) {
    super(
      `This supervisor cannot start processes under ${runtime} ${version}: it needs Node.js. Run the program with node, 20.19 or later.`,
    );
    this.runtime = runtime;
  }
}

/**
 * The runtime directory cannot be used. Nothing has run, and nothing in it was changed. Do what `remedy` says, then start
 * again.
 *
 * One supervisor at a time has the directory. It needs the names `basedir`, `bin`, `container_environment`, `control`,
 * `env-stage3`, `replies` and `services` in it, and removes only what it made, by its list in the file `.stagekeeper`; what a
 * killed life has left goes at the next start. The directory, every one above it and every link on the way must belong to root
 * or the host's account, and only these may write there, but to those above it with the sticky bit, such as `/tmp`. Access
 * control lists are not read.
 */
export class RuntimeDirectoryError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_RUNTIME_DIRECTORY';
  /**
   * Why not. `taken`: another supervisor uses it; `occupied`: a file that this library did not make has a name that it needs;
   * `untrusted`: another account can change what is in it; `unusable`: it cannot be made, or no place for a private one is fit.
   */
  readonly reason: 'taken' | 'occupied' | 'untrusted' | 'unusable';
  /** The file or folder that is at fault. */
  readonly path: string;
  /** What to do about it. */
  readonly remedy: string;

  constructor(reason: RuntimeDirectoryError['reason'], path: string, why: string, remedy: string) {
    super(`The runtime directory cannot be used: ${path} ${why}. ${remedy}`);
    this.reason = reason;
    this.path = path;
    this.remedy = remedy;
  }
}

/** No service has this name. The message names the nearest one. */
export class UnknownServiceError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_UNKNOWN_SERVICE';
  /** The requested name. */
  readonly service: string;

  constructor(service: string, known: readonly string[], nearest: string | undefined) {
    const names =
      known.length === 0 ? 'The tree has no services.' : `There are: ${known.join(', ')}.`;
    const hint = didYouMean(nearest);
    super(`No service is named '${service}'.${hint} ${names}`);
    this.service = service;
  }
}

/** Services did not come up. What did come up stays up, and what can still come up is tried again. Fix what `failures` names. */
export class StartFailedError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_START_FAILED';
  /** The services that did not come up, each with the reason. */
  readonly failures: readonly StartFailure[];

  constructor(failures: readonly StartFailure[], words: readonly string[]) {
    const [subject, pronoun] =
      failures.length === 1 ? ['A service', 'it'] : [`${String(failures.length)} services`, 'them'];
    const remedy = `Fix ${pronoun}, or call start({ allowFailures: true }); what did come up stays up.`;
    super(`${subject} did not come up:${words.map((line) => `\n  ${line}`).join('')}\n${remedy}`);
    this.failures = failures;
  }
}

/** A service did not come up: it failed for good, or its program cannot be run. Fix the service, then start it again. */
export class ServiceFailedError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_SERVICE_FAILED';
  /** The service's name. */
  readonly service: string;
  /** How its `run` last exited; `undefined` when it has not exited yet. */
  readonly lastExit: Exit | undefined;
  /** Why it did not come up. */
  readonly reason: StartFailureReason;
  /** The names from the service itself to the root cause. */
  readonly chain: readonly string[];

  constructor({ name, reason, exit, chain }: StartFailure, why: string) {
    super(`The service '${name}' did not come up: ${why}`);
    this.service = name;
    this.lastExit = exit;
    this.reason = reason;
    this.chain = chain;
  }
}

/** Another command interrupted the one that the promise waited for, such as a stop during a start. The later command applies. */
export class InterruptedError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_INTERRUPTED';
}

/** The `timeout` passed before the operation finished. Only the wait ends; the operation continues. */
export class TimeoutError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_TIMEOUT';
  /** The names of what is still alive or not ready. */
  readonly pending: readonly string[];

  constructor(what: string, timeout: number, pending: readonly string[]) {
    const names = pending.length === 0 ? '' : ` Still awaited: ${pending.join(', ')}.`;
    super(`${what} took longer than ${String(timeout)} ms.${names}`);
    this.pending = pending;
  }
}

/** An init script failed under `onInitFailure: 'stop'`. The finish stage has run and the supervisor has ended. */
export class InitFailedError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_INIT_FAILED';
  /** How the supervisor ended; `verdict.script` names the script that failed. */
  readonly verdict: Verdict;

  constructor(verdict: Verdict) {
    super(
      `The init script '${verdict.script ?? ''}' failed (exit code ${String(verdict.exitCode)}), and onInitFailure is 'stop': no service was started.`,
    );
    this.verdict = verdict;
  }
}

/** A stage or a command was requested when it cannot run: out of order, or after the supervisor has ended. */
export class OrderError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_ORDER';
}

/** A reader of `events()` left more than 100,000 events or 64 MiB unread, and these were discarded. Read faster, or listen with `on()`. */
export class OverflowError extends StagekeeperError {
  /** Stable across versions. */
  readonly code = 'ERR_OVERFLOW';
}

import type { Exit } from '../model/exit.ts';
import type { Leftover } from '../model/leftover.ts';
import type { Command } from '../model/program.ts';

/** The port to processes. */
export interface Spawner {
  /**
   * Starts a process. Never throws: what comes of it is told to the listener, at once or later, and first of all either
   * `spawned` or `unspawnable`.
   *
   * Processes are spawned in the order in which they were asked for; one that waits for its pipes to be made holds up only
   * those that share a log pipe with it. A log pipe that the command names is made when it is first needed and kept open, so
   * that nothing in it is lost when either side dies.
   */
  spawn(command: Command, listener: ChildListener): Child;
  /**
   * Lets go of the write end of a log pipe: its reader finds end-of-file once the last writer is gone. A later spawn that
   * names the pipe makes it anew.
   */
  closePipe(pipe: string): void;
  /**
   * Ends whoever has left both the group and the session of the child that started it, and whom no living child looks after,
   * first with TERM and CONT, after `grace` milliseconds with KILL (0: at once), and then calls `done` with those that had to
   * be killed. With nobody to end, or no way to find out, `done` may be called at once. As with the sweep of a child, another
   * one may go on beside it.
   *
   * `pipe`: only those who can still write into this log pipe, which was let go of; over as soon as nobody reads it.
   *
   * A spawner from which nobody can run away leaves it out.
   */
  sweep?(grace: number, done: (killed: readonly Leftover[]) => void, pipe?: string): void;
  /**
   * Reports at once each exit that is held back until the output before it is reported. The engine calls it when a deadline has
   * passed, so that a process that has exited does not count as one that must be killed.
   *
   * A spawner that holds no exit back leaves it out.
   */
  reportExits?(): void;
  /**
   * Resolves when nothing of the spawner's is left: no pipe, stream, timer or file. Every child is dead by then. What children
   * wrote has reached its place, unless the reader there takes nothing for `grace` milliseconds (default: 0; at least a second).
   */
  close(grace?: number): Promise<void>;
}

/** A process that was asked for, alive or not. */
export interface Child {
  /**
   * Sends a signal to the process, or to its whole group. Never throws. Does nothing before the process is spawned and
   * after it has ended.
   */
  kill(signal: NodeJS.Signals, scope: 'process' | 'group'): void;
  /** Whether the process has ended but others of its process group still live. */
  lingers(): boolean;
  /**
   * To be called once the process has ended and is not to leave anything behind: ends whatever is left of its group and
   * its session, first with TERM and CONT, after `grace` milliseconds with KILL (0: at once), and then calls `done` with those
   * that had to be killed. With nothing left `done` is called at once. A further sweep beside the first has a kill timeout of its
   * own, and each tells of those that it has killed itself.
   */
  sweep(grace: number, done: (killed: readonly Leftover[]) => void): void;
}

/** What a spawner tells of a child. */
export interface ChildListener {
  /** The process runs, and this is its pid, which is its process group's id too. */
  spawned(pid: number): void;
  /** The process cannot be run; nothing further comes of it. */
  unspawnable(error: SpawnFailure): void;
  /** The process announced its readiness: a newline came through its notification descriptor. At most once. */
  announced(): void;
  /** The process printed a line, which comes without its line end. Only for the output kind `lines`. */
  printed(stream: 'stdout' | 'stderr', line: string): void;
  /** The process ended. `leftBehind`: others of its process group live on. */
  exited(exit: Exit, leftBehind: boolean): void;
}

/** Why a process cannot be run. */
export interface SpawnFailure {
  /** The system's code: `ENOENT`, `EACCES`, `EMFILE` ... */
  readonly code: string;
  /** What was missing or wrong, in words that name it. */
  readonly message: string;
}

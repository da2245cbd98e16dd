import type { Exit } from '../model/exit.ts';
import type { Leftover } from '../model/leftover.ts';
import type { Command } from '../model/program.ts';
import type { SpawnFailure } from '../model/spawn-failure.ts';

/** The port for processes. */
export interface Spawner {
  /**
   * Starts a process. Never throws: the listener gets all results, at once or later, and the first of them is `spawned` or
   * `unspawnable`.
   *
   * Processes are spawned in the order of the calls. A process that waits for its pipes delays only those that share a log
   * pipe with it. A log pipe that the command names is made when it is first needed and kept open, so that no data in it is
   * lost when either side dies.
   */
  spawn(command: Command, listener: ChildListener): Child;
  /**
   * Releases the write end of a log pipe: its reader gets end-of-file once the last writer is gone. A later spawn that names
   * the pipe makes a new one.
   */
  closePipe(pipe: string): void;
  /**
   * Ends the daemonized processes: those that have left both the group and the session of the child that started them and
   * that no living child is responsible for. Sends TERM and CONT, and after `grace` milliseconds KILL (0: at once), then
   * calls `done` with the processes that had to be killed. If there is nothing to end, or no way to find it, `done` may be
   * called synchronously. As with the sweep of a child, several sweeps may run at the same time.
   *
   * `pipe`: only processes that can still write into this log pipe, which was released; the sweep is over as soon as the
   * pipe has no reader.
   *
   * A spawner whose processes cannot daemonize omits it.
   */
  sweep?(grace: number, done: (killed: readonly Leftover[]) => void, pipe?: string): void;
  /**
   * Reports at once each exit that is held back until the output before it is reported. The engine calls it when a deadline
   * has passed, so that a process that has exited does not count as one that must be killed.
   *
   * A spawner that holds no exit back omits it.
   */
  reportExits?(): void;
  /**
   * Resolves when the spawner has no pipe, stream, timer or file any more. Every child must be dead by then. The output of
   * children has been delivered, unless its reader accepts nothing for `grace` milliseconds (default: 0; at least a second).
   */
  close(grace?: number): Promise<void>;
}

/** A process that was requested, alive or not. */
export interface Child {
  /**
   * Sends a signal to the process, or to its whole group. Never throws. Does nothing before the process is spawned and
   * after it has ended.
   */
  kill(signal: NodeJS.Signals, scope: 'process' | 'group'): void;
  /** Whether the process has ended but others of its process group still live. */
  lingers(): boolean;
  /**
   * To be called once the process has ended and must leave nothing behind: ends the rest of its group and its session. Sends
   * TERM and CONT, and after `grace` milliseconds KILL (0: at once), then calls `done` with the processes that had to be
   * killed. If nothing is left, `done` is called synchronously. A second sweep beside the first has its own kill timeout,
   * and each reports the processes that it has killed itself.
   */
  sweep(grace: number, done: (killed: readonly Leftover[]) => void): void;
}

/** What a spawner reports about a child. */
export interface ChildListener {
  /** The process runs; its pid is also the id of its process group. */
  spawned(pid: number): void;
  /** The process cannot be run; nothing further is reported. */
  unspawnable(error: SpawnFailure): void;
  /** The process announced its readiness by a newline on its notification descriptor. At most once. */
  announced(): void;
  /** The process printed a line, given without its newline. Only for the output kind `lines`. */
  printed(stream: 'stdout' | 'stderr', line: string): void;
  /** The process ended. `leftBehind`: others of its process group live on. */
  exited(exit: Exit, leftBehind: boolean): void;
}

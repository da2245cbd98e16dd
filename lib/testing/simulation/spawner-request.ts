import type { Command } from '../../model/program.ts';

/** A request to a spawner or to one of its children. */
export type SpawnerRequest =
  SpawnRequest | KillRequest | SweepRequest | PipeRequest | SweepRunawaysRequest | CloseRequest;

/** A request to start a process. */
export interface SpawnRequest {
  /** The discriminator. */
  readonly type: 'spawn';
  /** The command to run, including its name. */
  readonly command: Command;
}

/** A request to send a signal to a process, alive or not. */
export interface KillRequest {
  /** The discriminator. */
  readonly type: 'kill';
  /** The child's name. */
  readonly name: string;
  /** The signal to send. */
  readonly signal: NodeJS.Signals;
  /** Whether to send it to the process alone, or to its whole group. */
  readonly scope: 'process' | 'group';
}

/** A request to end the processes that a dead child has left behind. */
export interface SweepRequest {
  /** The discriminator. */
  readonly type: 'sweep';
  /** The child's name. */
  readonly name: string;
  /** Milliseconds until KILL. */
  readonly grace: number;
}

/** A request to close the host's end of a log pipe. */
export interface PipeRequest {
  /** The discriminator. */
  readonly type: 'closePipe';
  /** The name of the service that writes to the pipe. */
  readonly pipe: string;
}

/** A request to end daemonized processes, which have left their process group. */
export interface SweepRunawaysRequest {
  /** The discriminator. */
  readonly type: 'sweepRunaways';
  /** Limits the request to processes that write to this log pipe; absent: all of them. */
  readonly pipe?: string;
  /** Milliseconds until KILL. */
  readonly grace: number;
}

/** A request to close the spawner. */
export interface CloseRequest {
  /** The discriminator. */
  readonly type: 'close';
}

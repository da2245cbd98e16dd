import type { Command } from '../model/program.ts';

/** What a spawner, or one of its children, is asked for. */
export type SpawnerRequest =
  SpawnRequest | KillRequest | SweepRequest | PipeRequest | SweepRunawaysRequest | CloseRequest;

/** To start a process. */
export interface SpawnRequest {
  /** Which request it is. */
  readonly type: 'spawn';
  /** What is to be run, under which name. */
  readonly command: Command;
}

/** To send a signal to a process, alive or not. */
export interface KillRequest {
  /** Which request it is. */
  readonly type: 'kill';
  /** The child's name. */
  readonly name: string;
  /** What is to be sent. */
  readonly signal: NodeJS.Signals;
  /** To the process alone, or to its whole group. */
  readonly scope: 'process' | 'group';
}

/** To end what a dead process has left behind. */
export interface SweepRequest {
  /** Which request it is. */
  readonly type: 'sweep';
  /** The child's name. */
  readonly name: string;
  /** Milliseconds until KILL. */
  readonly grace: number;
}

/** To let go of a log pipe. */
export interface PipeRequest {
  /** Which request it is. */
  readonly type: 'closePipe';
  /** The name of the service that writes into it. */
  readonly pipe: string;
}

/** To end who has run away from everybody. */
export interface SweepRunawaysRequest {
  /** Which request it is. */
  readonly type: 'sweepRunaways';
  /** The log pipe that those are to write into who are meant; absent: all are. */
  readonly pipe?: string;
  /** Milliseconds until KILL. */
  readonly grace: number;
}

/** To come to the end. */
export interface CloseRequest {
  /** Which request it is. */
  readonly type: 'close';
}

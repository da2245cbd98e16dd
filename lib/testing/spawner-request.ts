import type { Command } from '../model/program.ts';

/** What a spawner, or one of its children, is asked for. */
export type SpawnerRequest =
  /** To start a process. */
  | { readonly type: 'spawn'; readonly command: Command }
  /** To send a signal to a process, or to its group, be it alive or not. */
  | {
      readonly type: 'kill';
      readonly name: string;
      readonly signal: NodeJS.Signals;
      readonly scope: 'process' | 'group';
    }
  /** To end what a dead process has left behind, with KILL after `grace` milliseconds. */
  | { readonly type: 'sweep'; readonly name: string; readonly grace: number }
  /** To let go of the log pipe of this service. */
  | { readonly type: 'closePipe'; readonly pipe: string }
  /** To come to the end. */
  | { readonly type: 'close' };

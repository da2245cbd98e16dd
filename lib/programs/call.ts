import type { TreeInput, TreeState } from '../machine/state.ts';

/** A program of s6 that a script has called. */
export interface Call {
  /** Its name: `s6-svc`, `halt` ... */
  readonly program: string;
  readonly args: readonly string[];
  /** The working directory that it was called in. */
  readonly directory: string;
}

/** What a program says, and what it ends with; `elsewhere`: it is about a directory that is none of this supervisor's. */
export type Answer = Reply | 'elsewhere';

/** What came of the call of a program. */
export interface Reply {
  /** What it ended with; s6's own codes: 0, 1, 99 (time is up), 100 (wrong usage), 111 (system's error). */
  readonly exitCode: number;
  /** What it printed, without the last newline. Absent: nothing. */
  readonly stdout?: string;
  /** What it complained about, without the last newline. Absent: nothing. */
  readonly stderr?: string;
}

/** What the programs are answered from. */
export interface Supervised {
  readonly state: TreeState;
  /** Now, in epoch milliseconds. */
  readonly now: number;
  input(input: TreeInput): void;
  /** Resolves with the first answer of `test`, which is asked now and after every step; rejects when the time is up or all has ended. */
  until<T>(
    test: () => T | undefined,
    awaited: { readonly what: string },
    options: { readonly timeout?: number },
  ): Promise<T>;
  /** Reads `services.d` again. */
  rescan(): Promise<unknown>;
  readonly places: Places;
}

/** Which directory is what. Paths are absolute. */
export interface Places {
  /** The name of the service whose directory it is, or would be; `undefined` when it is not among this supervisor's. */
  serviceAt(path: string): string | undefined;
  /** Whether it is the directory that holds the services. */
  isScanDirectory(path: string): boolean;
  /** Makes or removes the `down` file of a service. */
  setDown(service: string, down: boolean): void;
  /** Whether a process is stopped (SIGSTOP). */
  isStopped(pid: number): boolean;
}

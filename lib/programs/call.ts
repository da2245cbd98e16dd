import type { MachineInput, TreeState } from '../machine/tree/tree-state.ts';

/** A call of a program of s6 by a script. */
export interface Call {
  /** Its name: `s6-svc`, `halt` ... */
  readonly program: string;
  readonly args: readonly string[];
  /** The working directory of the caller. */
  readonly directory: string;
  /** When it aborts, the program does not wait any longer. */
  readonly signal?: AbortSignal | undefined;
}

/** What a program prints and its exit code; `elsewhere`: the directory is none of this supervisor's. */
export type Answer = ProgramReply | 'elsewhere';

/** The result of a program's call. */
export interface ProgramReply {
  /** The exit code; s6's own codes: 0, 1, 99 (time is up), 100 (wrong usage), 111 (system error). */
  readonly exitCode: number;
  /** What it prints on stdout, without the last newline. Absent: nothing. */
  readonly stdout?: string;
  /** What it prints on stderr, without the last newline. Absent: nothing. */
  readonly stderr?: string;
}

/** What the answers of the programs depend on. */
export interface Supervised {
  readonly state: TreeState;
  /** The present time, in epoch milliseconds. */
  readonly now: number;
  input(input: MachineInput): void;
  /**
   * Resolves with the first result of `test` that is not `undefined`; `test` is called now and after every step.
   * Rejects when the time is up, when `signal` aborts or when everything has ended.
   */
  until<T>(
    test: () => T | undefined,
    awaited: { readonly what: string },
    options: { readonly timeout?: number; readonly signal?: AbortSignal },
  ): Promise<T>;
  /** Reads `services.d` again. */
  rescan(): Promise<unknown>;
  readonly places: Places;
}

/** Which path is the directory of which service. Paths are absolute. */
export interface Places {
  /**
   * The name of the service of which it is, or would be, the directory; `undefined` when it is none of this
   * supervisor's.
   */
  serviceAt(path: string): string | undefined;
  /** Whether it is the directory that contains the services. */
  isScanDirectory(path: string): boolean;
  /** Creates or removes the `down` file of a service. */
  setDown(service: string, down: boolean): void;
  /** Whether a process is stopped (SIGSTOP). */
  isStopped(pid: number): boolean;
}

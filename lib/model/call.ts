/** A call of a program of s6 by a script. */
export interface ProgramCall {
  /** Its name: `s6-svc`, `halt` ... */
  readonly program: string;
  readonly args: readonly string[];
  /** The working directory of the caller. */
  readonly directory: string;
  /** When it aborts, the program does not wait any longer. */
  readonly signal?: AbortSignal | undefined;
}

/** What a program prints and its exit code; `elsewhere`: the directory is none of this supervisor's. */
export type ProgramAnswer = ProgramReply | 'elsewhere';

/** The result of a program's call. */
export interface ProgramReply {
  /** The exit code; s6's own codes: 0, 1, 99 (time is up), 100 (wrong usage), 111 (system error). */
  readonly exitCode: number;
  /** What it prints on stdout, without the last newline. Absent: nothing. */
  readonly stdout?: string;
  /** What it prints on stderr, without the last newline. Absent: nothing. */
  readonly stderr?: string;
}

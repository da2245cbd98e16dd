/** Why a process cannot be run. */
export interface SpawnFailure {
  /** The system's code: `ENOENT`, `EACCES`, `EMFILE` ... */
  readonly code: string;
  /** What is missing or wrong, in words that name it. */
  readonly message: string;
}

/** The exit code of a program that cannot be run: 127 when it does not exist, else 126 (shells, s6). */
export function exitCodeOfFailure({ code }: Pick<SpawnFailure, 'code'>): number {
  return code === 'ENOENT' ? 127 : 126;
}

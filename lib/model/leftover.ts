/** A process that another process left behind. */
export interface Leftover {
  /** Its process id. */
  readonly pid: number;
  /** The name of its program, as the system keeps it: at most 15 characters; empty if the system does not tell. */
  readonly name: string;
}

/** A process on one line: `sleep (pid 12)`. */
export function describeLeftover({ pid, name }: Leftover): string {
  return `${name === '' ? 'a process' : name} (pid ${String(pid)})`;
}

import { readdirSync, readlinkSync } from 'node:fs';
import { read } from '../processes.ts';

/** A process in a container. */
export interface ContainedProcess {
  /** Its pid in its own namespace, where the host has pid 1. */
  readonly pid: number;
  /** Its pid in the namespace of the tests. */
  readonly outside: number;
  /** The name of its program in `/proc/PID/status`: 15 bytes at most. Node 24 and later call themselves `MainThread` there. */
  readonly name: string;
  /** The kernel's letter: `S` sleeps, `T` is stopped, `Z` is dead but not reaped ... */
  readonly state: string;
}

/** The processes in the pid namespace of a process, zombies included, sorted by their pids there. */
export function processesAround(pid: number): readonly ContainedProcess[] {
  const namespace = namespaceOf(String(pid));
  if (namespace === undefined) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && namespaceOf(name) === namespace)
    .flatMap((name) => {
      const fields = new Map(
        read(`/proc/${name}/status`)
          .split('\n')
          .map((line) => line.split(':\t') as [string, string]),
      );
      const inside = fields.get('NSpid')?.split('\t').at(-1);
      if (inside === undefined) return []; // has exited meanwhile
      return {
        pid: Number(inside),
        outside: Number(name),
        name: fields.get('Name')?.replace(/^MainThread$/, 'node') ?? '',
        state: fields.get('State')?.charAt(0) ?? '',
      };
    })
    .toSorted((one, other) => one.pid - other.pid);
}

function namespaceOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined; // has exited
  }
}

import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Whether a process lives; a zombie is dead. */
export function isAlive(pid: number): boolean {
  const state = fieldsOf(String(pid))[0];
  return state !== undefined && state !== '' && state !== 'Z';
}

/** The pids of the children of a process, zombies included. */
export function childrenOf(parent: number): readonly number[] {
  return pids()
    .filter((pid) => Number(fieldsOf(pid)[1]) === parent)
    .map(Number);
}

/** The living processes for which `test` holds; it is given what `/proc/PID` has under that name. */
export function livingWith(file: string, test: (text: string) => boolean): readonly number[] {
  return pids()
    .filter((pid) => test(read(`/proc/${pid}/${file}`)))
    .map(Number)
    .filter(isAlive);
}

/** This process's open descriptors. */
export function openDescriptors(): readonly string[] {
  return readdirSync('/proc/self/fd').toSorted();
}

/** Resolves once `test` holds; rejects when it does not within so many milliseconds. */
export async function until(test: () => boolean, what: string, within = 10_000): Promise<void> {
  const end = performance.now() + within;
  while (!test()) {
    if (performance.now() > end) throw new Error(`${what} did not come within ${within} ms`);
    await pause(5);
  }
}

/** What a file holds; the empty string when it cannot be read. */
export function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function pids(): readonly string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

/** The fields behind the name in `/proc/PID/stat`: state, parent ... */
function fieldsOf(pid: string): readonly string[] {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Whether a process lives; a zombie is dead. */
export function isAlive(pid: number): boolean {
  const state = fieldsOf(String(pid))[0];
  return state !== undefined && state !== '' && state !== 'Z';
}

/** Whether a process waits for something to come, or is halted or dead. Who runs or reads a disk is not at rest. */
export function isAtRest(pid: number): boolean {
  return !isAlive(pid) || /^[ST]/.test(fieldsOf(String(pid))[0] ?? '');
}

/** The pids of the children of a process, zombies included. */
export function childrenOf(parent: number): readonly number[] {
  return pids()
    .filter((pid) => Number(fieldsOf(pid)[1]) === parent)
    .map(Number);
}

/** The pids of the guards that a process has, as the list of processes shows them. */
export function guardsOf(host: number): readonly number[] {
  return childrenOf(host).filter((pid) =>
    read(`/proc/${pid}/cmdline`).includes('\0stagekeeper-guard\0'),
  );
}

/** The living processes for which `test` holds; it is given what `/proc/PID` has under that name. */
export function livingWith(file: string, test: (text: string) => boolean): readonly number[] {
  return pids()
    .filter((pid) => test(read(`/proc/${pid}/${file}`)))
    .map(Number)
    .filter(isAlive);
}

/**
 * The living processes with this entry in their environment. Whoever is becoming another program has none for a moment,
 * and is looked at until it has one again.
 */
export function livingWithEntry(entry: string): readonly number[] {
  return pids()
    .filter((pid) => environmentOf(pid).includes(entry))
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

/** Milliseconds after which somebody without an environment is taken to have been started without one. */
const moment = 50;

function environmentOf(pid: string): readonly string[] {
  const end = performance.now() + moment;
  try {
    for (;;) {
      const text = readFileSync(`/proc/${pid}/environ`, 'utf8');
      if (text !== '' || !hasMemory(pid) || performance.now() > end) return text.split('\0');
    }
  } catch {
    return []; // gone, or somebody else's
  }
}

/** The dead and the kernel's own threads have none. */
function hasMemory(pid: string): boolean {
  return Number(fieldsOf(pid)[20] ?? 0) > 0;
}

function pids(): readonly string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

/** The fields behind the name in `/proc/PID/stat`: state, parent ... */
function fieldsOf(pid: string): readonly string[] {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Whether a process is alive; a zombie is not. */
export function isAlive(pid: number): boolean {
  const state = fieldsOf(String(pid))[0];
  return state !== undefined && state !== '' && state !== 'Z';
}

/** Whether a process sleeps, is stopped or is dead. A process that runs or waits for a disk is not at rest. */
export function isAtRest(pid: number): boolean {
  return !isAlive(pid) || /^[ST]/.test(fieldsOf(String(pid))[0] ?? '');
}

/** The pids of the children of a process, including zombies. */
export function childrenOf(parent: number): readonly number[] {
  return pids()
    .filter((pid) => Number(fieldsOf(pid)[1]) === parent)
    .map(Number);
}

/** The pids of the guards of a process, from the list of processes. */
export function guardsOf(host: number): readonly number[] {
  return childrenOf(host).filter((pid) =>
    read(`/proc/${pid}/cmdline`).includes('\0stagekeeper-guard\0'),
  );
}

/** The living processes for which `test` is true of the content of `/proc/PID/<file>`. */
export function livingWith(file: string, test: (text: string) => boolean): readonly number[] {
  return pids()
    .filter((pid) => test(read(`/proc/${pid}/${file}`)))
    .map(Number)
    .filter(isAlive);
}

/**
 * The living processes with this entry in their environment. A process has no environment for a moment during exec(), so it is
 * read again until it has one.
 */
export function livingWithEntry(entry: string): readonly number[] {
  return pids()
    .filter((pid) => environmentOf(pid).includes(entry))
    .map(Number)
    .filter(isAlive);
}

/** The cache of tsx, the loader of the tests, which reads and cleans it at any time. */
const cacheOfLoader = / \S*\/tsx-\d+(\/|$)/;

/** The open descriptors of this process, each with what it is open to; without those of the loader of the tests. */
export function openDescriptors(): readonly string[] {
  return readdirSync('/proc/self/fd')
    .map((descriptor) => `${descriptor} ${targetOf(descriptor)}`)
    .filter((each) => !each.endsWith(' ') && !cacheOfLoader.test(each))
    .toSorted();
}

/** What a descriptor is open to; the empty string for the one that the list of descriptors was read from. */
function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).replace(/ \(deleted\)$/, '');
  } catch {
    return '';
  }
}

/** The descriptors that were opened since `before`. Others may have been closed meanwhile: the loader of the tests has some. */
export function openedSince(before: readonly string[]): readonly string[] {
  return openDescriptors().filter((descriptor) => !before.includes(descriptor));
}

/** Resolves once `test` is true; rejects when it is not within `within` milliseconds. */
export async function until(test: () => boolean, what: string, within = 30_000): Promise<void> {
  const end = performance.now() + within;
  while (!test()) {
    if (performance.now() > end) throw new Error(`${what} did not come within ${within} ms`);
    await pause(5);
  }
}

/** The milliseconds of CPU time that some work takes in this process, whatever else the machine does. */
export async function cpuTimeOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The content of a file; the empty string when it cannot be read. */
export function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Milliseconds after which a process without an environment counts as started without one. */
const moment = 50;

function environmentOf(pid: string): readonly string[] {
  const end = performance.now() + moment;
  try {
    for (;;) {
      const text = readFileSync(`/proc/${pid}/environ`, 'utf8');
      if (text !== '' || !hasMemory(pid) || performance.now() > end) return text.split('\0');
    }
  } catch {
    return []; // gone, or of another account
  }
}

/** Dead processes and kernel threads have no memory. */
function hasMemory(pid: string): boolean {
  return Number(fieldsOf(pid)[20] ?? 0) > 0;
}

function pids(): readonly string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

/** The fields after the name in `/proc/PID/stat`: state, parent ... */
function fieldsOf(pid: string): readonly string[] {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

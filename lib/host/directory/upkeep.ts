import { spawn } from 'node:child_process';
import { inheritedDescriptors } from '../os/inherited-descriptors.ts';
import { closeSync, constants, openSync } from 'node:fs';
import { chmod, lstat, lutimes, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openedCLibrary } from '../native/c-library.ts';
import { markName } from './mark.ts';

/** Milliseconds between two touches. The XDG specification asks for one every six hours; cleaners remove what is days old. */
const interval = 3_600_000;

/** The sticky bit: systemd-tmpfiles skips an entry that has it and is neither a directory nor a link. */
const sticky = 0o1000;

/** `LOCK_EX | LOCK_NB` of flock(2) on Linux. */
const lockAtOnce = 6;

/** What to protect from cleaners. */
export interface Kept {
  readonly folder: string;
  /** Whether only the library uses the folder; it is locked then, and its files and FIFOs get the sticky bit. */
  readonly isPrivate: boolean;
  /** Returns the present names of the entries that the library made in the folder. */
  readonly names: () => Iterable<string>;
}

/**
 * Protects the entries of a runtime directory from cleaners of temporary files. It touches all of them every hour, since
 * tmpreaper, tmpwatch and systemd-tmpfiles go by age. In a private one, files and FIFOs get the sticky bit, and the folder a BSD
 * lock: systemd-tmpfiles skips both. Failures are ignored: an entry that is removed nevertheless is restored later.
 */
export class Upkeep {
  readonly #kept: Kept;
  readonly #timer: NodeJS.Timeout;
  #lock: number | undefined;
  #isStopped = false;

  constructor(kept: Kept) {
    this.#kept = kept;
    this.#timer = setInterval(() => void this.renew(), interval).unref();
  }

  /** Locks and touches everything now, and resolves when that is done. Never rejects. */
  async renew(): Promise<void> {
    const { folder, isPrivate, names } = this.#kept;
    if (this.#isStopped) return;
    if (isPrivate) {
      this.#takeLock();
      await touch(folder);
    }
    for (const name of names()) await touchAll(join(folder, name), isPrivate);
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    if (this.#lock !== undefined) closeSync(this.#lock);
    this.#lock = undefined;
  }

  /** The lock belongs to the open file description: it holds until the descriptor is closed, even if `flock` took it. */
  #takeLock(): void {
    try {
      // The folder may have been replaced since.
      if (this.#lock !== undefined) closeSync(this.#lock);
      this.#lock = undefined;
      this.#lock = openSync(this.#kept.folder, constants.O_RDONLY | constants.O_DIRECTORY);
      lock(this.#lock);
    } catch {
      // Descriptors have run out, or the folder is gone.
    }
  }
}

function lock(descriptor: number): void {
  const library = openedCLibrary();
  if (library !== undefined) {
    const flock = library.func('int flock(int fd, int operation)');
    (flock as (fd: number, operation: number) => number)(descriptor, lockAtOnce);
    return;
  }
  const path = [process.env['PATH'], '/usr/bin:/bin'].filter(Boolean).join(':');
  const given = ['ignore', 'ignore', 'ignore', descriptor] as const;
  const child = inheritedDescriptors.without(given, (stdio) =>
    // Detached, so that a Ctrl-C at the terminal does not reach it.
    spawn('flock', ['-n', '-x', '3'], { env: { PATH: path }, stdio, detached: true }),
  );
  child.on('error', () => undefined);
  child.unref();
}

/** Touches an entry and everything below it. Follows no link. */
async function touchAll(path: string, isPrivate: boolean): Promise<void> {
  const stats = await touch(path);
  if (stats?.isDirectory() === true) {
    for (const name of await namesIn(path)) await touchAll(join(path, name), isPrivate);
  } else if (isPrivate && (stats?.isFile() === true || stats?.isFIFO() === true)) {
    // Without the sticky bit a cleaner removes the mark first, so that the loss is noticed.
    const isMark = path.endsWith(`/${markName}`);
    if (!isMark) await chmod(path, (stats.mode & 0o777) | sticky).catch(() => undefined);
  }
}

async function touch(path: string) {
  try {
    const now = new Date();
    await lutimes(path, now, now);
    return await lstat(path);
  } catch {
    return undefined;
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}

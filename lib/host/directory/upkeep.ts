import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { chmod, lstat, lutimes, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openedCLibrary } from '../native/c-library.ts';
import { markName } from './mark.ts';

/** Milliseconds between two touches: the XDG specification asks for one every six hours, cleaners remove what is days old. */
const interval = 3_600_000;

/** What systemd-tmpfiles leaves alone, on anything but a directory or a link. */
const sticky = 0o1000;

/** `LOCK_EX | LOCK_NB` of flock(2) on Linux. */
const lockAtOnce = 6;

/** What is to be kept from cleaners. */
export interface Kept {
  readonly folder: string;
  /** Whether the folder is the library's alone, so that it can be locked, and all in it get the sticky bit. */
  readonly isPrivate: boolean;
  /** The entries of the folder that the library made, as they are by then. */
  readonly names: () => Iterable<string>;
}

/**
 * Keeps cleaners of temporary files from the entries of a runtime directory: every hour all of them are touched, since tmpreaper,
 * tmpwatch and systemd-tmpfiles go by age. In a private one, files and FIFOs get the sticky bit, and the folder a BSD lock:
 * systemd-tmpfiles passes over both. What cannot be done is left out: what is gone all the same is restored.
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

  /** Does everything now, and resolves when it is done. Never rejects. */
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

  /** The lock is the descriptor's: it holds until that is closed, whichever process has asked for it. */
  #takeLock(): void {
    try {
      // The folder may be another one by now.
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
  const child = spawn('flock', ['-n', '-x', '3'], {
    env: { PATH: path },
    stdio: ['ignore', 'ignore', 'ignore', descriptor],
    detached: true, // so that a Ctrl-C at the terminal is not for it
  });
  child.on('error', () => undefined);
  child.unref();
}

/** An entry with all that is in it. No link is followed. */
async function touchAll(path: string, isPrivate: boolean): Promise<void> {
  const stats = await touch(path);
  if (stats?.isDirectory() === true) {
    for (const name of await namesIn(path)) await touchAll(join(path, name), isPrivate);
  } else if (isPrivate && (stats?.isFile() === true || stats?.isFIFO() === true)) {
    // A mark goes before what it stands for, so that a loss is seen.
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

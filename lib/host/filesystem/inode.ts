import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fstatSync,
  lchownSync,
  lstatSync,
  openSync,
  opendirSync,
  readlinkSync,
  statfsSync,
} from 'node:fs';
import type { Dir, Stats } from 'node:fs';
import { EntryError, attempt } from './entry-error.ts';
import { isFixed } from './entry-trust.ts';

/**
 * An entry of the file system that is held by a descriptor, so that its name is resolved once: every operation applies to that
 * inode, even if another account replaces the entry meanwhile. The descriptor refers to the inode only (Linux's `O_PATH`): it does
 * not open a device or a FIFO. It is used by its name in `/proc/self/fd`, as a replacement for openat(2).
 *
 * Without `/proc` an entry is used by its path, and only if no other account can replace it; other entries are rejected.
 *
 * Paths and names are byte strings: each character is one byte. Names need not be UTF-8.
 */
export class Inode {
  /** The path by which it was found. */
  readonly path: string;
  /** Its attributes at the time of opening. */
  readonly stats: Stats;
  readonly #procfs: string | undefined;
  #descriptor: number | undefined;
  /** The device and inode numbers, while no descriptor holds it. */
  #identity: string | undefined;

  private constructor(path: string, stats: Stats, procfs?: string, descriptor?: number) {
    this.path = path;
    this.stats = stats;
    this.#procfs = procfs;
    this.#descriptor = descriptor;
  }

  /** The root folder; `procfs` is the mount point of procfs. */
  static root(procfs: string): Inode {
    return Inode.#root(isProcfs(procfs) ? procfs : undefined);
  }

  /** The root folder, held in the same way. */
  openRoot(): Inode {
    return Inode.#root(this.#procfs);
  }

  /** An entry of this folder; a symbolic link is not followed. */
  open(name: string): Inode {
    const path = childPath(this.path, name);
    if (this.#procfs !== undefined) {
      return Inode.#hold(path, this.#systemPath(name), constants.O_NOFOLLOW, this.#procfs);
    }
    const stats = attempt(path, () => lstatSync(bytes(path)));
    if (isFixed(this.stats, stats)) return new Inode(path, stats);
    throw new EntryError(path, mayBeReplaced, { remedy: mountProc });
  }

  /** Opens the target of a link in this folder; the kernel follows the link. */
  openFollowed(name: string): Inode {
    return Inode.#hold(childPath(this.path, name), this.#systemPath(name), 0, this.#procfs);
  }

  /** The text of a link in this folder. */
  readLink(name: string): string {
    const read = (): Buffer => readlinkSync(bytes(this.#systemPath(name)), 'buffer');
    return attempt(childPath(this.path, name), read).toString('latin1');
  }

  /** Whether this folder is in procfs, where a link leads to an inode and not to the path in its text. */
  get isOfProcfs(): boolean {
    return this.#procfs !== undefined && isProcfs(this.#systemPath());
  }

  /** Whether this process can list this folder and reach its entries. */
  get isAccessible(): boolean {
    try {
      accessSync(bytes(this.#systemPath()), constants.R_OK | constants.X_OK);
      return true;
    } catch {
      return false;
    }
  }

  /** Opens this folder for reading its entries. */
  openFolder(): Dir {
    // Names as bytes: an encoding that the types do not declare.
    const options = { encoding: 'buffer' as BufferEncoding, bufferSize: 256 };
    return attempt(this.path, () => opendirSync(bytes(this.#systemPath()), options));
  }

  changeOwner(uid: number, gid: number): void {
    const change = this.#procfs === undefined ? lchownSync : chownSync;
    attempt(this.path, () => {
      change(bytes(this.#systemPath()), uid, gid);
    });
  }

  /** Not for a symbolic link, which has no mode. */
  changeMode(mode: number): void {
    attempt(this.path, () => {
      chmodSync(bytes(this.#systemPath()), mode);
    });
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** Closes the descriptor until `reopen`, since the number of descriptors of a process is limited. */
  release(): void {
    if (this.#descriptor === undefined) return;
    this.#identity = identityOf(this.#descriptor);
    this.close();
  }

  /** Opens this folder again, through a folder in it. */
  reopen(below: Inode): void {
    if (this.#descriptor !== undefined || this.#identity === undefined) return;
    const held = Inode.#hold(
      this.path,
      below.#systemPath('..'),
      constants.O_NOFOLLOW,
      this.#procfs,
    );
    this.#descriptor = held.#descriptor;
    if (this.#descriptor !== undefined && identityOf(this.#descriptor) === this.#identity) return;
    this.close();
    throw new EntryError(this.path, 'was left: a folder in it was moved meanwhile');
  }

  static #root(procfs: string | undefined): Inode {
    if (procfs !== undefined) return Inode.#hold('/', '/', constants.O_NOFOLLOW, procfs);
    const stats = attempt('/', () => lstatSync('/'));
    return new Inode('/', stats);
  }

  static #hold(path: string, systemPath: string, flags: number, procfs: string | undefined): Inode {
    return attempt(path, () => {
      const descriptor = openSync(bytes(systemPath), pathOnly | flags);
      try {
        return new Inode(path, fstatSync(descriptor), procfs, descriptor);
      } catch (error) {
        closeSync(descriptor);
        throw error;
      }
    });
  }

  /** The path for a system call to this inode, or to an entry of this folder. */
  #systemPath(name?: string): string {
    const place =
      this.#procfs === undefined
        ? this.path
        : `${this.#procfs}/self/fd/${String(this.#descriptor)}`;
    return name === undefined ? place : `${place}/${name}`;
  }
}

/** Linux's O_PATH, for which Node has no constant: a descriptor that refers to an inode and opens nothing. */
const pathOnly = 0o10000000;

const mayBeReplaced = 'is left as it is: another account may replace it meanwhile';
const mountProc = 'Mount /proc, by which it can be held.';

/** Whether a path lies in procfs, by the magic number of statfs(2). */
function isProcfs(path: string): boolean {
  try {
    return statfsSync(bytes(path)).type === 0x9fa0;
  } catch {
    return false;
  }
}

function identityOf(descriptor: number): string {
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  return `${dev}:${ino}`;
}

function childPath(folder: string, name: string): string {
  const before = folder.endsWith('/') ? folder : `${folder}/`;
  return name === '.' ? before : before + name;
}

function bytes(path: string): Buffer {
  return Buffer.from(path, 'latin1');
}

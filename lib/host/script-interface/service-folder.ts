import {
  mkdirSync,
  opendirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { Dir, Stats } from 'node:fs';
import { join } from 'node:path';
import { exists } from '../os/folders.ts';
import { readBeginning } from '../../system/read-file.ts';

/** The largest file that is copied: a control file contains a number or a name. */
const largestCopy = 4096;

/** The entries of a service directory that are shown one by one. Of a larger directory only `usual` are. */
const mostEntries = 100;
const usual = ['run', 'finish', 'log', 'data', 'env'];

/** A set of file names. */
export interface Names {
  has(name: string): boolean;
}

/**
 * A service directory as scripts see it in the scan directory: a folder of its own, so that what a script writes or removes there
 * does not change the tree, as under s6-overlay, which copies the directories. Small files are copied, all else is a link to
 * the entry of the service's directory.
 */
export class ServiceFolder {
  readonly #path: string;
  /** The service's directory in the tree. */
  readonly directory: string;
  /** The entries that were made here, with the content of a copy. */
  readonly #entries = new Map<string, Buffer | undefined>();
  #log: ServiceFolder | undefined;
  #changedAt = NaN;

  /** @throws the system's error when it cannot be made. */
  constructor(path: string, directory: string) {
    this.#path = path;
    this.directory = directory;
    mkdirSync(path, { mode: 0o755 });
    this.refresh();
  }

  /** Shows entries that the service's directory has got since; those that a script has removed here stay removed. */
  refresh(): void {
    this.#log?.refresh();
    const changedAt = statsOf(this.directory)?.mtimeMs;
    if (changedAt === undefined || changedAt === this.#changedAt) return;
    this.#changedAt = changedAt;
    for (const name of namesIn(this.directory)) {
      if (!this.#entries.has(name) && !exists(join(this.#path, name))) this.#show(name);
    }
  }

  /**
   * Those of the files of these names that a script has written here, each with its path; `null`: it has removed what was copied. A
   * file that is not listed is as in the service's directory.
   */
  changes(names: Names): ReadonlyMap<string, string | null> {
    const changes = new Map<string, string | null>();
    const present = new Set(readdirSync(this.#path));
    for (const [name, content] of this.#entries) {
      if (names.has(name) && content !== undefined && !present.has(name)) changes.set(name, null);
    }
    for (const name of present) {
      if (!names.has(name)) continue;
      const path = join(this.#path, name);
      const isOwn = this.#entries.has(name);
      const content = this.#entries.get(name);
      const isChanged = content !== undefined && contentOf(path)?.equals(content) !== true;
      if (!isOwn || isChanged) changes.set(name, path);
    }
    return changes;
  }

  /** The folder of the logger, if the service has one. */
  get log(): ServiceFolder | undefined {
    return this.#log;
  }

  /** Makes or removes the `down` file. */
  setDown(down: boolean): void {
    const file = join(this.#path, 'down');
    if (!down) rmSync(file, { force: true });
    // An existing entry may be a FIFO, and opening that would block.
    else if (!exists(file)) writeFileSync(file, '', { flag: 'a' });
  }

  /** Whether a cleaner of temporary files has removed it, or the link to `run`, which has the age of the other entries. */
  isGone(): boolean {
    const name = this.#entries.has('run') ? 'run' : '';
    return !exists(join(this.#path, name));
  }

  #show(name: string): void {
    const path = join(this.#path, name);
    const target = join(this.directory, name);
    const stats = statsOf(target);
    const isSmall = stats?.isFile() === true && stats.size < largestCopy;
    const content = isSmall && !usual.includes(name) ? contentOf(target) : undefined;
    this.#entries.set(name, content);
    if (name === 'log' && stats?.isDirectory() === true)
      this.#log = new ServiceFolder(path, target);
    else if (content === undefined) symlinkSync(target, path);
    else writeFileSync(path, content, { mode: stats?.mode ?? 0o644, flag: 'wx' });
  }
}

/** What is at a path; `undefined` if that cannot be said: it does not exist, or its link leads to itself. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** The content of a small file; `undefined` if it cannot be read, or is none. */
function contentOf(path: string): Buffer | undefined {
  try {
    return Buffer.from(readBeginning(path, Buffer.alloc(largestCopy)));
  } catch {
    return undefined;
  }
}

function namesIn(directory: string): readonly string[] {
  const names: string[] = [];
  let folder: Dir | undefined;
  try {
    folder = opendirSync(directory);
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
      names.push(entry.name);
      if (names.length > mostEntries) return usual.filter((name) => exists(join(directory, name)));
    }
    return names;
  } catch {
    return names; // it is gone or cannot be read
  } finally {
    folder?.closeSync();
  }
}

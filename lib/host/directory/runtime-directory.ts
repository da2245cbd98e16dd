import { randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { exists, makeWithParents, removeIfEmpty } from '../os/folders.ts';
import { Mark, markName } from './mark.ts';
import { findPrivatePlace, privateMode } from './private-place.ts';
import { explained, occupied, replaced, requireNoColon } from './refusals.ts';
import { requireTrust } from './directory-trust.ts';
import { Upkeep } from './upkeep.ts';
import { problem } from '../../model/problem.ts';
import type { Problem } from '../../model/problem.ts';

/** The names that every supervisor makes in it. */
const needed = [
  'basedir',
  'bin',
  'container_environment',
  'control',
  'env-stage3',
  'replies',
  'services',
];

/** Where s6-overlay keeps its files, with modes by which programs of other accounts read variables. */
const conventional = '/run/s6';

/**
 * The directory for the files of one supervisor's life. It is taken before the first process starts, by a mark that one
 * supervisor at a time can have and that names what this library makes in it; nothing else in it is ever removed. It is made again
 * if it is gone meanwhile, and is gone at the end if this library made it.
 *
 * Other accounts may pass through a private one (mode 0711) to the programs in it that they know by name. The values of
 * variables are for root and the host's account alone (0700), but in `/run/s6`, where s6-overlay's modes stay (0755).
 */
export class RuntimeDirectory {
  /** Whether it is a private one, not one that the host gave. */
  readonly isPrivate: boolean;
  readonly #given: string | undefined;
  readonly #name = `stagekeeper-${randomBytes(8).toString('hex')}`;
  readonly #told: (problem: Problem) => void;
  #path: string | undefined;
  #mark: Mark | undefined;
  #upkeep: Upkeep | undefined;
  /** The owner of the private one, as the file system has it. */
  #owner: number | undefined;
  /** What was made inside, by name. */
  readonly #entries = new Set<string>();

  /**
   * @param given - The host's own choice. Default: a private one.
   * @param told - Hears that something was gone and was made again.
   */
  constructor(given?: string, told: (problem: Problem) => void = () => undefined) {
    this.isPrivate = given === undefined;
    this.#given = given === undefined ? undefined : resolve(given);
    this.#told = told;
  }

  /**
   * Its absolute path, also while it is not there.
   *
   * @throws RuntimeDirectoryError when there is no place for a private one.
   */
  get path(): string {
    return this.#given ?? (this.#path ??= findPrivatePlace(this.#name));
  }

  /** The mode of a folder in it that has variables in it. */
  get folderMode(): number {
    return !this.isPrivate && isConventional(this.path) ? 0o755 : 0o700;
  }

  /** Whether it is in use: it was taken, and was not removed since. */
  get inUse(): boolean {
    return this.#mark !== undefined;
  }

  /** Whether an entry of this name was made in it and is still there. */
  holds(name: string): boolean {
    return this.inUse && this.#entries.has(name) && exists(join(this.path, name));
  }

  /**
   * Takes it for this life, if that was not done, and restores it if it is gone. What a killed life has left in it is removed.
   *
   * @throws RuntimeDirectoryError when it cannot be used: nothing in it was changed then.
   * @throws the system's error when that may be over at the next attempt: no room, no descriptors.
   */
  take(): void {
    try {
      if (this.#mark === undefined) this.#take();
      else if (!this.#isThere(this.#mark)) this.#restore();
    } catch (error) {
      throw explained(error, this.path);
    }
  }

  /** Makes an empty folder inside, and returns its path. What this library made under this name before is removed first. */
  makeFolder(name: string, mode = 0o755): string {
    const path = this.claim(name);
    try {
      mkdirSync(path, { mode });
    } catch (error) {
      this.#entries.delete(name);
      throw error;
    }
    return path;
  }

  /**
   * The path of a name inside that is the library's from now on: what it made there before is gone, and what stands there at the
   * end goes with the rest.
   *
   * @throws RuntimeDirectoryError when something of this name stands there that this library did not make; and what `take()` throws.
   */
  claim(name: string): string {
    this.take();
    const path = join(this.path, name);
    const [entry = name] = name.split('/');
    const place = join(this.path, entry);
    if (this.#entries.has(entry)) {
      if (!exists(place)) this.tellRestored(place);
    } else {
      if (exists(place)) throw occupied(this.path, [entry]);
      this.#mark?.write([...this.#entries, entry]);
      this.#entries.add(entry);
    }
    rmSync(path, { recursive: true, force: true });
    return path;
  }

  /** Makes a folder inside for the host's account alone, whose name begins so, and returns its path. */
  makePrivateFolder(prefix: string): string {
    return this.makeFolder(`${prefix}${randomBytes(4).toString('hex')}`, 0o700);
  }

  /** Tells that something in it was gone and has been made again. */
  tellRestored(path: string): void {
    const message = 'this was gone while it was in use, and has been made again';
    const remedy =
      'Keep cleaners of temporary files away from it, or name a runtimeDirectory elsewhere.';
    this.#told(problem('runtime-directory-restored', path, message, { remedy }));
  }

  /** Keeps cleaners of temporary files from what is in it now; they are kept from all of it every hour. */
  async protect(): Promise<void> {
    await this.#upkeep?.renew();
  }

  /**
   * Removes what was made: of a directory that the host gave only what this library made in it, and itself if this library made it
   * and nothing else is in it. Never throws: what cannot be removed is a problem.
   */
  remove(): readonly Problem[] {
    const mark = this.#mark;
    if (mark === undefined) return [];
    this.#upkeep?.stop();
    this.#upkeep = undefined;
    this.#mark = undefined;
    const entries = [...this.#entries];
    this.#entries.clear();
    try {
      if (this.isPrivate) this.#removePrivate();
      else this.#removeEntries(entries, mark);
      return [];
    } catch (error) {
      const message = `the runtime directory cannot be removed: ${(error as Error).message}`;
      return [problem('runtime-directory', this.path, message)];
    }
  }

  #take(): void {
    this.#entries.clear();
    this.#mark = this.#makeAndMark();
    if (!isKept(this.path)) {
      const names = (): Iterable<string> => [markName, ...this.#entries];
      this.#upkeep = new Upkeep({ folder: this.path, isPrivate: this.isPrivate, names });
    }
  }

  /** A supervisor that ends at the same time may remove the directory in between, if it has made it. */
  #makeAndMark(attempts = 10): Mark {
    const mark = this.#make();
    try {
      this.#claimAll(mark);
      return mark;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' && attempts > 1) return this.#makeAndMark(attempts - 1);
      if (mark.isMade) removeIfEmpty(this.path);
      throw error;
    }
  }

  /** Makes the directory with all that leads there. */
  #make(): Mark {
    if (!this.isPrivate) {
      requireNoColon(this.path);
      requireTrust(this.path);
      const isMade = makeWithParents(this.path);
      // Another account may have been faster in a folder that all may write to.
      requireTrust(this.path);
      return new Mark(this.path, isMade);
    }
    this.#path ??= findPrivatePlace(this.#name);
    mkdirSync(this.path, { mode: privateMode });
    this.#owner = lstatSync(this.path).uid;
    return new Mark(this.path, true);
  }

  #claimAll(mark: Mark): void {
    const left = mark.take();
    const strange = needed.filter((name) => !left.includes(name) && exists(join(this.path, name)));
    if (strange.length > 0) {
      mark.release(left);
      throw occupied(this.path, strange);
    }
    for (const name of left) rmSync(join(this.path, name), { recursive: true, force: true });
    if (left.length > 0) mark.write([]);
  }

  /** A private one can be another account's by now, with the same name and a file like the mark in it. */
  #isThere(mark: Mark): boolean {
    if (this.isPrivate && !isOwn(this.path, this.#owner)) return false;
    return mark.isThere();
  }

  /** What is gone with it is made again by those that need it. */
  #restore(): void {
    let isMade = this.#mark?.isMade === true;
    if (this.isPrivate) {
      if (!exists(this.path)) mkdirSync(this.path, { mode: privateMode });
      else if (!isOwn(this.path, this.#owner)) throw replaced(this.path);
    } else {
      requireTrust(this.path);
      isMade = makeWithParents(this.path) || isMade;
    }
    const mark = new Mark(this.path, isMade);
    mark.take();
    for (const name of this.#entries) {
      if (!exists(join(this.path, name))) this.#entries.delete(name);
    }
    mark.write([...this.#entries]);
    this.#mark = mark;
    this.tellRestored(this.path);
  }

  #removePrivate(): void {
    if (isOwn(this.path, this.#owner)) rmSync(this.path, { recursive: true, force: true });
  }

  #removeEntries(entries: readonly string[], mark: Mark): void {
    try {
      // A mark of another supervisor says that the rest is its own.
      if (exists(join(this.path, markName)) && !mark.isThere()) return;
      for (const name of entries) rmSync(join(this.path, name), { recursive: true, force: true });
    } finally {
      mark.release(entries.filter((name) => exists(join(this.path, name))));
    }
    if (mark.isMade) removeIfEmpty(this.path);
  }
}

function isConventional(path: string): boolean {
  try {
    return realpathSync(path) === realpathSync(conventional);
  } catch {
    return path === conventional;
  }
}

/** Whether no cleaner goes there: `/run` itself is emptied by the next boot only. */
function isKept(path: string): boolean {
  return /^(\/var)?\/run\/(?!user\/)/.test(path);
}

function isOwn(path: string, owner: number | undefined): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === owner && (stats.mode & 0o022) === 0;
}

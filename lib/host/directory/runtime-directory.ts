import { randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { exists, makeWithParents, removeIfEmpty } from '../os/folders.ts';
import { Mark, markName } from './mark.ts';
import { findPrivatePlace, privateMode } from './private-place.ts';
import { explained, occupied, replaced, requireNoColon } from './refusals.ts';
import { OutsideLinks } from './outside-links.ts';
import { requireTrust } from './directory-trust.ts';
import { Upkeep } from './upkeep.ts';
import { problem } from '../../model/problem.ts';
import type { Problem } from '../../model/problem.ts';

/** The names of the entries that every supervisor makes in it. */
const needed = [
  'basedir',
  'bin',
  'container_environment',
  'control',
  'env-stage3',
  'replies',
  'services',
];

/** The directory of s6-overlay, with modes that let programs of other accounts read variables. */
const conventional = '/run/s6';

/**
 * The directory for the files of one run of a supervisor. The supervisor takes it before the first process starts, by a mark that
 * only one supervisor at a time can hold and that names the entries that this library makes; no other entry is ever removed. The
 * directory is made again if it disappears meanwhile, and is removed at the end if this library made it.
 *
 * Other accounts can reach the programs in a private one by name (mode 0711). Only root and the host's account can read the
 * values of variables (0700), except in `/run/s6`, which keeps the modes of s6-overlay (0755).
 */
export class RuntimeDirectory {
  /** Whether it is a private one, as opposed to one that the host's options name. */
  readonly isPrivate: boolean;
  readonly #given: string | undefined;
  readonly #name = `stagekeeper-${randomBytes(8).toString('hex')}`;
  readonly #onProblem: (problem: Problem) => void;
  #path: string | undefined;
  #mark: Mark | undefined;
  #upkeep: Upkeep | undefined;
  /** The uid of the owner of the private one. */
  #owner: number | undefined;
  /** The names of the entries that were made in it. */
  readonly #entries = new Set<string>();
  #links: OutsideLinks | undefined;

  /**
   * @param given - The path that the host's options name. Default: a private one.
   * @param onProblem - Called when an entry had disappeared and was made again.
   */
  constructor(given?: string, onProblem: (problem: Problem) => void = () => undefined) {
    this.isPrivate = given === undefined;
    this.#given = given === undefined ? undefined : resolve(given);
    this.#onProblem = onProblem;
  }

  /**
   * Its absolute path, also while it does not exist.
   *
   * @throws RuntimeDirectoryError when there is no place for a private one.
   */
  get path(): string {
    return this.#given ?? (this.#path ??= findPrivatePlace(this.#name));
  }

  /** The mode of a folder in it that contains variables. */
  get folderMode(): number {
    return !this.isPrivate && isConventional(this.path) ? 0o755 : 0o700;
  }

  /** Whether it is in use: taken and not removed since. */
  get inUse(): boolean {
    return this.#mark !== undefined;
  }

  /** Whether an entry of this name was made in it and still exists. */
  holds(name: string): boolean {
    return this.inUse && this.#entries.has(name) && exists(join(this.path, name));
  }

  /** Whether an entry of this name was made in it. */
  owns(name: string): boolean {
    return this.#entries.has(name);
  }

  /**
   * Takes it for this run, if that was not done, and restores it if it has disappeared. Removes what a killed run left in it.
   *
   * @throws RuntimeDirectoryError when it cannot be used; nothing in it has been changed then.
   * @throws the system's error when the failure may be temporary: the disk is full, descriptors run out.
   */
  take(): void {
    try {
      if (this.#mark === undefined) this.#take();
      else if (!this.#isThere(this.#mark)) this.#restore();
    } catch (error) {
      throw explained(error, this.path);
    }
  }

  /** Makes an empty folder in it, and returns its path. Removes what this library made under this name before. */
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
   * Claims a name in it for this library and returns the path. Removes what the library made there before; `remove()` removes what
   * is there at the end.
   *
   * @throws RuntimeDirectoryError when an entry of this name exists that this library did not make; and what `take()` throws.
   */
  claim(name: string): string {
    this.take();
    const path = join(this.path, name);
    const [entry = name] = name.split('/');
    const entryPath = join(this.path, entry);
    if (this.#entries.has(entry)) {
      if (!exists(entryPath)) this.reportRestored(entryPath);
    } else {
      if (exists(entryPath)) throw occupied(this.path, [entry]);
      this.#mark?.write([...this.#entries, entry]);
      this.#entries.add(entry);
    }
    rmSync(path, { recursive: true, force: true });
    return path;
  }

  /** Makes a folder in it that only the host's account can enter, with a name that begins with `prefix`; returns its path. */
  makePrivateFolder(prefix: string): string {
    return this.makeFolder(`${prefix}${randomBytes(4).toString('hex')}`, 0o700);
  }

  /** Reports that an entry had disappeared and has been made again. */
  reportRestored(path: string): void {
    const message = 'the entry was gone while it was in use, and has been made again';
    const remedy =
      'Keep cleaners of temporary files away from it, or name a runtimeDirectory elsewhere.';
    this.#onProblem(problem('runtime-directory-restored', path, message, { remedy }));
  }

  /** Makes the links of s6-overlay to it, until it is removed. The programs must be in it. */
  link(): void {
    this.#links ??= new OutsideLinks(this.path);
    this.#links.provide();
  }

  /** Protects its entries from cleaners of temporary files now; otherwise this is done every hour. */
  async protect(): Promise<void> {
    await this.#upkeep?.renew();
  }

  /**
   * Removes a private directory. In one that the host's options name, removes the entries that this library made, and the directory
   * itself if this library made it and it is empty then. Never throws: what cannot be removed is a problem.
   */
  remove(): readonly Problem[] {
    const mark = this.#mark;
    if (mark === undefined) return [];
    this.#upkeep?.stop();
    this.#upkeep = undefined;
    this.#links?.remove();
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

  /** Retries: a supervisor that ends at the same time may remove the directory in between, if it made it. */
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

  /** Makes the directory and its parents. */
  #make(): Mark {
    if (!this.isPrivate) {
      requireNoColon(this.path);
      requireTrust(this.path);
      const isMade = makeWithParents(this.path);
      // Another account may have created it first in a folder with the sticky bit.
      requireTrust(this.path);
      return new Mark(this.path, isMade);
    }
    this.#path ??= findPrivatePlace(this.#name);
    mkdirSync(this.path, { mode: privateMode });
    this.#owner = lstatSync(this.path).uid;
    return new Mark(this.path, true);
  }

  #claimAll(mark: Mark): void {
    const leftovers = mark.take();
    const foreign = needed.filter(
      (name) => !leftovers.includes(name) && exists(join(this.path, name)),
    );
    if (foreign.length > 0) {
      mark.release(leftovers);
      throw occupied(this.path, foreign);
    }
    for (const name of leftovers) rmSync(join(this.path, name), { recursive: true, force: true });
    if (leftovers.length > 0) mark.write([]);
  }

  /** Checks the owner of a private one: another account may have made one of the same name, with a copy of the mark. */
  #isThere(mark: Mark): boolean {
    if (this.isPrivate && !isOwn(this.path, this.#owner)) return false;
    return mark.isThere();
  }

  /** Makes the directory and the mark again. Callers make the lost entries again when they need them. */
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
    this.reportRestored(this.path);
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

/** Whether cleaners leave the directory alone: `/run` itself is emptied only by the next boot. */
function isKept(path: string): boolean {
  return /^(\/var)?\/run\/(?!user\/)/.test(path);
}

function isOwn(path: string, owner: number | undefined): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === owner && (stats.mode & 0o022) === 0;
}

import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, rmdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { problem } from '../model/problem.ts';
import type { Problem } from '../model/problem.ts';

/**
 * The folder for the files of one supervisor's life: made when it is first needed, gone at the end.
 *
 * Anybody may pass through what we make (mode 0711), to the programs in it that they know by name; what else is in it is for
 * our own account, since the values of variables are nobody else's business. One that the host names is as s6-overlay's is:
 * anybody may read it (0755).
 */
export class RuntimeDirectory {
  /** The folder's absolute path, also while it is not there. */
  readonly path: string;
  /** Whether it is a folder of our own that nobody else knows, not one that the host gave. */
  readonly isPrivate: boolean;
  /** What was made inside, by name. */
  readonly #entries = new Set<string>();
  #state: 'absent' | 'made' | 'found' = 'absent';

  /** @param given - The host's own choice. Default: a private folder under the system's temporary directory. */
  constructor(given?: string) {
    this.isPrivate = given === undefined;
    this.path = resolve(given ?? join(tmpdir(), `stagekeeper-${randomBytes(8).toString('hex')}`));
  }

  /** The mode of a folder in it that has variables in it. */
  get folderMode(): number {
    return this.isPrivate ? 0o700 : 0o755;
  }

  /** Whether it is in use: anything was made in it, and it was not removed since. */
  get inUse(): boolean {
    return this.#state !== 'absent';
  }

  /** Whether a folder of this name was made in it, and it was not removed since. */
  holds(name: string): boolean {
    return this.inUse && this.#entries.has(name);
  }

  /**
   * Makes an empty folder inside, and whatever leads there, and returns its path. What an earlier life left under this name
   * is removed first.
   *
   * @throws the system's error when it cannot be made.
   */
  makeFolder(name: string, mode = 0o755): string {
    const path = this.claim(name);
    mkdirSync(path, { mode });
    return path;
  }

  /**
   * The path of a name inside which is ours from now on: what stood there before is gone, and what stands there at the end
   * goes with the rest.
   *
   * @throws the system's error when the runtime directory cannot be made.
   */
  claim(name: string): string {
    this.#make();
    const path = join(this.path, name);
    rmSync(path, { recursive: true, force: true });
    this.#entries.add(name);
    return path;
  }

  /**
   * Makes a folder inside for our own account only, whose name begins so, and returns its path.
   *
   * @throws the system's error when it cannot be made.
   */
  makePrivateFolder(prefix: string): string {
    this.#make();
    const path = mkdtempSync(join(this.path, prefix));
    this.#entries.add(basename(path));
    return path;
  }

  /**
   * Removes what was made: of a folder that the host gave only what we have made in it, and itself if we have made it and
   * nothing else is in it. Never throws: what cannot be removed is a problem.
   */
  remove(): readonly Problem[] {
    if (this.#state === 'absent') return [];
    const made = this.#state === 'made';
    this.#state = 'absent';
    const entries = [...this.#entries];
    this.#entries.clear();
    try {
      if (this.isPrivate) rmSync(this.path, { recursive: true, force: true });
      else this.#removeEntries(entries, made);
      return [];
    } catch (error) {
      const message = `the runtime directory cannot be removed: ${(error as Error).message}`;
      return [problem('runtime-directory', this.path, message)];
    }
  }

  #make(): void {
    if (this.#state !== 'absent') return;
    // Nobody can guess the private one's name: if it is there already, something is wrong.
    if (this.isPrivate) mkdirSync(this.path, { mode: 0o711 });
    const made = this.isPrivate || makeWithParents(this.path);
    this.#state = made ? 'made' : 'found';
  }

  #removeEntries(entries: readonly string[], made: boolean): void {
    for (const name of entries) {
      rmSync(join(this.path, name), { recursive: true, force: true });
    }
    if (made) removeIfEmpty(this.path);
  }
}

/**
 * Whether the folder had to be made. One folder after the other, since Node's own recursion never ends where nothing can
 * be made (`/proc`).
 */
export function makeWithParents(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o755 });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return false;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
  }
  makeWithParents(dirname(path));
  mkdirSync(path, { mode: 0o755 });
  return true;
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(code)) throw error;
  }
}

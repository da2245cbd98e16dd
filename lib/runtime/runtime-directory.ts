import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The folder for all files of one supervisor's life: made when it is first needed, gone at the end. */
export class RuntimeDirectory {
  readonly #given: string | undefined;
  #path: string | undefined;
  #made: string | undefined;
  readonly #entries = new Set<string>();

  /** @param given - The host's own choice. Default: a private folder under the system's temporary directory. */
  constructor(given: string | undefined) {
    this.#given = given === undefined ? undefined : resolve(given);
  }

  /** The folder's path; asking for it makes it. */
  get path(): string {
    if (this.#path === undefined) {
      if (this.#given === undefined) {
        this.#path = mkdtempSync(join(tmpdir(), 'stagekeeper-'));
        this.#made = this.#path;
      } else {
        this.#made = mkdirSync(this.#given, { recursive: true });
        this.#path = this.#given;
      }
    }
    return this.#path;
  }

  /** Whether the folder has been made. */
  get exists(): boolean {
    return this.#path !== undefined;
  }

  /** A path inside, which is removed at the end. */
  entry(name: string): string {
    this.#entries.add(name);
    return join(this.path, name);
  }

  /** Removes what was made: the folder itself if it was not there before, else only what was made in it. */
  remove(): void {
    if (this.#path === undefined) return;
    for (const name of this.#entries)
      rmSync(join(this.#path, name), { recursive: true, force: true });
    if (this.#made !== undefined) rmSync(this.#made, { recursive: true, force: true });
    this.#path = undefined;
    this.#made = undefined;
  }
}

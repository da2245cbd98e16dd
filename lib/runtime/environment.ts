import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RuntimeDirectory } from './runtime-directory.ts';
import { OptionsError } from '../errors.ts';

/** The name of the folder within the runtime directory (s6-overlay's). */
const folderName = 'container_environment';

/**
 * The container environment: a folder with a file for each variable, as in s6-overlay. It begins as the host's own
 * environment; the host and its scripts may change it at any time, and every script that is started sees it as it is then.
 *
 * Until something is started it lives in memory only. Files are read by s6-overlay's newest rule (3.2.2): the whole file
 * without one final newline; an empty file unsets the variable; names with `=` or a leading dot are no variables.
 */
export class Environment {
  readonly #runtime: RuntimeDirectory;
  #memory: Map<string, string> | undefined;
  #directory: string | undefined;

  /** @internal */
  constructor(runtime: RuntimeDirectory, initial: Readonly<Record<string, string | undefined>>) {
    this.#runtime = runtime;
    this.#memory = new Map();
    for (const [name, value] of Object.entries(initial)) {
      if (value !== undefined && isName(name)) this.#memory.set(name, value);
    }
  }

  /** The folder's path. Asking for it makes the folder. */
  get directory(): string {
    if (this.#directory !== undefined && this.#memory !== undefined) return this.#directory;
    return this.materialize();
  }

  /** The value of a variable; `undefined` when it is not set. */
  get(name: string): string | undefined {
    if (this.#memory !== undefined) return this.#memory.get(name);
    return isName(name) ? this.#read(name) : undefined;
  }

  /**
   * Sets a variable for every script that is started from now on.
   *
   * @throws OptionsError when the name cannot be a file's: empty, with `=`, `/` or NUL, or with a leading dot.
   */
  set(name: string, value: string): void {
    if (!isName(name)) throw new OptionsError(`'${name}' cannot be the name of a variable here.`);
    if (value.includes('\0')) throw new OptionsError(`The value of ${name} has a NUL in it.`);
    if (this.#memory !== undefined) this.#memory.set(name, value);
    else this.#write(name, value);
  }

  /** Unsets a variable. */
  delete(name: string): void {
    if (this.#memory !== undefined) this.#memory.delete(name);
    else if (isName(name)) rmSync(join(this.directory, name), { force: true });
  }

  /** All variables with their values, as they are now. */
  entries(): IterableIterator<[string, string]> {
    return this.#snapshot().entries();
  }

  /** @internal Writes the folder; from now on it is the truth. Returns its path. */
  materialize(): string {
    if (this.#memory === undefined) return this.#directory as string;
    const directory = this.#runtime.entry(folderName);
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    const values = this.#memory;
    this.#directory = directory;
    this.#memory = undefined;
    for (const [name, value] of values) this.#write(name, value);
    return directory;
  }

  /** @internal Keeps the last values in memory, for the folder is about to go. */
  release(): void {
    if (this.#memory === undefined) this.#memory = this.#snapshot();
  }

  #snapshot(): Map<string, string> {
    if (this.#memory !== undefined) return new Map(this.#memory);
    const values = new Map<string, string>();
    for (const name of readdirSync(this.#directory as string).toSorted()) {
      const value = isName(name) ? this.#read(name) : undefined;
      if (value !== undefined) values.set(name, value);
    }
    return values;
  }

  #read(name: string): string | undefined {
    try {
      const text = readFileSync(join(this.#directory as string, name), 'utf8');
      return text === '' ? undefined : text.replace(/\n$/, '').replaceAll('\0', '\n');
    } catch {
      return undefined; // not there, a folder, or unreadable: no variable
    }
  }

  /** A reader never sees half a value. An empty value is a lone newline, since an empty file unsets. */
  #write(name: string, value: string): void {
    const path = join(this.#directory as string, name);
    const draft = join(this.#directory as string, `.${name}`);
    writeFileSync(draft, `${value}\n`, { mode: 0o644 });
    renameSync(draft, path);
  }
}

function isName(name: string): boolean {
  return name !== '' && !/^\.|[=/\0]/.test(name);
}

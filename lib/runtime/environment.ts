import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RuntimeDirectory } from './runtime-directory.ts';
import { readVariable, readVariables, removeVariable, writeVariable } from './variable-files.ts';
import { OptionsError } from '../errors.ts';

/** The name of the folder within the runtime directory (s6-overlay's). */
const folderName = 'container_environment';

/**
 * The container environment: a folder with a file for each variable, as in s6-overlay. It begins as the host's own
 * environment; the host and its scripts may change it at any time. A script that is started sees all that the host has changed
 * before, and what scripts have changed before its start was asked for: of those that are started together, one may not see
 * what another changes meanwhile.
 *
 * Until something is started it lives in memory only, and after the end its last values stay there. A file is read by
 * s6-overlay's newest rule (3.2.2): its whole content without one final newline is the value; an empty file is no variable,
 * a lone newline an empty value; a NUL is a newline. Names with a leading dot or `=` are no variables, nor is what is not a
 * file, cannot be read, or is longer than any variable can be (128 KiB).
 */
export class Environment {
  readonly #runtime: RuntimeDirectory;
  /** The folder's path: in the runtime directory. It is there as long as anything has been started and not all has ended. */
  readonly directory: string;
  /** The values, while there is no folder. */
  #memory: Map<string, string> | undefined;
  /** @internal Grows with every change that the host makes. What scripts change in the folder, nobody is told of. */
  revision = 0;

  /** @internal */
  constructor(runtime: RuntimeDirectory, initial: Readonly<Record<string, string | undefined>>) {
    this.#runtime = runtime;
    this.directory = join(runtime.path, folderName);
    this.#memory = new Map();
    for (const [name, value] of Object.entries(initial)) {
      if (value !== undefined && isName(name)) this.#memory.set(name, value);
    }
  }

  /** The value of a variable, as it is now; `undefined` when it is not set. */
  get(name: string): string | undefined {
    if (this.#memory !== undefined) return this.#memory.get(name);
    return isName(name) ? readVariable(this.directory, name) : undefined;
  }

  /**
   * Sets a variable for every script that is started from now on.
   *
   * @throws OptionsError when the name cannot be that of a file: empty, too long, with `=`, `/` or NUL, or with a leading dot; or when
   * the value is not a string without NUL.
   * @throws the system's error when the file cannot be written.
   */
  set(name: string, value: string): void {
    check(name, value);
    this.revision += 1;
    if (this.#memory === undefined) writeVariable(this.directory, name, value);
    else this.#memory.set(name, value);
  }

  /** Unsets a variable for every script that is started from now on. */
  delete(name: string): void {
    this.revision += 1;
    if (this.#memory !== undefined) this.#memory.delete(name);
    else if (isName(name)) removeVariable(this.directory, name);
  }

  /** All variables with their values, as they are now. */
  entries(): IterableIterator<[string, string]> {
    const values = this.#memory ?? readVariables(this.directory, isName);
    return new Map(values).entries();
  }

  /**
   * Writes the folder, if it is not there yet; from now on it is the truth.
   *
   * @internal
   * @throws the system's error when it cannot be written, and the values then stay in memory; or when it has gone since.
   */
  materialize(): void {
    if (this.#memory === undefined) return requireFolder(this.directory);
    const folder = this.#runtime.makeFolder(folderName, this.#runtime.folderMode);
    for (const [name, value] of this.#memory) writeVariable(folder, name, value);
    this.#memory = undefined;
  }

  /** @internal Takes the last values into memory, for the folder is about to go. */
  release(): void {
    this.#memory ??= readVariables(this.directory, isName);
  }
}

/** Without its folder, a script would run in an empty environment. */
function requireFolder(folder: string): void {
  if (existsSync(folder)) return;
  throw Object.assign(new Error(`${folder} was removed`), { code: 'ENOENT' });
}

/** The bytes of the longest file name. */
const longestName = 255;

function isName(name: string): boolean {
  return name !== '' && !/^\.|[=/\0]/.test(name) && Buffer.byteLength(name) <= longestName;
}

function check(name: string, value: unknown): void {
  if (typeof name !== 'string' || !isName(name)) {
    const rule = 'a name has 1 to 255 bytes, begins with no dot and has no `=`, `/` or NUL in it';
    throw new OptionsError(`${JSON.stringify(name)} cannot be the name of a variable: ${rule}.`);
  }
  if (typeof value !== 'string' || value.includes('\0')) {
    throw new OptionsError(`The variable ${name} must be given a string without NUL.`);
  }
}

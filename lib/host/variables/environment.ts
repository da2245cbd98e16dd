import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exists } from '../os/folders.ts';
import { lossyVariables } from './lossy-variables.ts';
import { markName } from '../directory/mark.ts';
import type { RuntimeDirectory } from '../directory/runtime-directory.ts';
import type { VariableFlaw } from './variable-files.ts';
import {
  leftOut,
  lengthFlaw,
  notUtf8,
  readVariable,
  readVariables,
  removeVariable,
  writeVariable,
} from './variable-files.ts';
import { VariableProblems } from './variable-problems.ts';
import { OptionsError } from '../../errors.ts';
import { longestArgument } from '../../model/argument-limit.ts';
import type { Problem } from '../../model/problem.ts';

/** The name of the folder within the runtime directory (s6-overlay's). */
const folderName = 'container_environment';

/**
 * The container environment: a folder with a file for each variable, as in s6-overlay. Initially it is the host's own
 * environment; the host and its scripts may change it at any time. A script gets all earlier changes of the host, and the changes
 * that scripts made before its start was requested: a script may not get the changes of another one that is started with it.
 *
 * It is kept in memory only until the first process starts, and its last values stay in memory after the end. Files that a cleaner
 * of temporary files removes are restored with the values that were read last; a missing folder, or a missing mark in it, is the
 * sign of a cleaner. A missing variable next to the mark is unset: a script has removed it.
 *
 * A file is read by s6-overlay's newest rule (3.2.2): the value is its whole content without one final newline; an empty file is not
 * a variable, a single newline is an empty value; a NUL becomes a newline. Names with a leading dot or `=` are not variables. An entry
 * that is not a file, cannot be read, or is longer than any variable can be (128 KiB, with its name) is left out and reported by a
 * `problem` event. So is a folder with more than 5000 entries: that many variables are read, known ones first. A value that is not
 * UTF-8 is reported as well, and used with U+FFFD for each invalid byte.
 */
export class Environment {
  readonly #runtime: RuntimeDirectory;
  /** The values that were read last. */
  #known: Map<string, string>;
  /** Whether the values are in the folder. */
  #isWritten = false;
  /** @internal Increases with every change by the host; changes by scripts in the folder do not count. */
  revision = 0;

  /** The flaws of the initial values, which are reported when the first process starts. */
  #initialFlaws: ReadonlyMap<string, VariableFlaw>;
  readonly #problems: VariableProblems;

  /** @internal */
  constructor(
    runtime: RuntimeDirectory,
    initial: Readonly<Record<string, string | undefined>>,
    onProblem: (problem: Problem) => void = () => undefined,
  ) {
    this.#runtime = runtime;
    this.#problems = new VariableProblems(() => this.directory, onProblem);
    const { values, flaws } = examine(initial);
    this.#known = values;
    this.#initialFlaws = flaws;
  }

  /** The path of the folder, in the runtime directory. It exists from the start of the first process until the last one has exited. */
  get directory(): string {
    return join(this.#runtime.path, folderName);
  }

  /** The present value of a variable; `undefined` when it is not set. */
  get(name: string): string | undefined {
    if (!this.#isAtHand()) return this.#known.get(name);
    if (!isName(name)) return undefined;
    const { value, flaw } = readVariable(this.directory, name);
    this.#problems.foundOne(name, flaw);
    return value;
  }

  /**
   * Sets a variable for every script that is started from now on.
   *
   * @throws OptionsError when the name cannot be a file name: empty, too long, with `=`, `/` or NUL, or with a leading dot; when
   * the value is not a string without NUL and unpaired surrogates; or when the variable is longer than a process can get (128 KiB
   * with its name, `=` and NUL, in UTF-8).
   * @throws the system's error when the file cannot be written.
   */
  set(name: string, value: string): void {
    check(name, value);
    this.revision += 1;
    if (this.#isWritten) {
      this.#restore();
      writeVariable(this.directory, name, value);
    }
    this.#known.set(name, value);
  }

  /** Unsets a variable for every script that is started from now on. */
  delete(name: string): void {
    this.revision += 1;
    if (this.#isWritten && isName(name)) removeVariable(this.directory, name);
    this.#known.delete(name);
  }

  /** All variables with their present values. */
  entries(): IterableIterator<[string, string]> {
    return new Map(this.#read()).entries();
  }

  /** What `JSON.stringify(environment)` writes: the variables with their values. */
  toJSON(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.entries());
  }

  /** The folder and the names of the variables: what `console.log(environment)` prints. Values may be secrets. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const names = [...this.entries()].map(([name]) => name).toSorted();
    return `Environment ${this.directory} (${names.join(', ')})`;
  }

  /**
   * Writes the folder, if it does not exist; from now on its files are the source of the values.
   *
   * @internal
   * @throws the system's error when it cannot be written; the values stay in memory then.
   */
  materialize(): void {
    if (this.#isWritten) return this.#restore();
    this.#write();
    this.#isWritten = true;
    this.#problems.found(this.#initialFlaws);
    this.#initialFlaws = new Map();
  }

  /** @internal Reads the last values into memory before the folder is removed. */
  release(): void {
    if (this.#isWritten && this.#isWhole()) this.#known = this.#readFolder();
    this.#isWritten = false;
  }

  #read(): ReadonlyMap<string, string> {
    if (!this.#isAtHand()) return this.#known;
    const values = this.#readFolder();
    // Otherwise a cleaner has removed files meanwhile.
    if (this.#isWhole()) this.#known = values;
    return this.#known;
  }

  /** The values in the folder; those that were read last if it cannot be read. */
  #readFolder(): Map<string, string> {
    try {
      const { values, flaws } = readVariables(this.directory, isName, this.#known.keys());
      this.#problems.found(flaws);
      return values;
    } catch (error) {
      this.#problems.unreadable(error as Error);
      return this.#known;
    }
  }

  /** Whether the folder contains all values; restores it if possible. */
  #isAtHand(): boolean {
    if (!this.#isWritten) return false;
    try {
      this.#restore();
      return true;
    } catch {
      return false;
    }
  }

  #isWhole(): boolean {
    return this.#runtime.holds(folderName) && exists(join(this.directory, markName));
  }

  #restore(): void {
    this.#runtime.take();
    if (this.#isWhole()) return;
    if (!this.#runtime.holds(folderName)) return this.#write();
    for (const [name, value] of this.#known) {
      if (!exists(join(this.directory, name))) writeVariable(this.directory, name, value);
    }
    this.#writeMark();
    this.#runtime.reportRestored(this.directory);
  }

  #write(): void {
    const folder = this.#runtime.makeFolder(folderName, this.#runtime.folderMode);
    for (const [name, value] of this.#known) writeVariable(folder, name, value);
    this.#writeMark();
  }

  #writeMark(): void {
    const mark = join(this.directory, markName);
    rmSync(mark, { force: true });
    writeFileSync(mark, '', { mode: 0o644, flag: 'wx' });
  }
}

/** Separates the variables that can be passed on from the flaws. */
function examine(initial: Readonly<Record<string, string | undefined>>): {
  readonly values: Map<string, string>;
  readonly flaws: ReadonlyMap<string, VariableFlaw>;
} {
  const values = new Map<string, string>();
  const flaws = new Map<string, VariableFlaw>();
  const lossy = lossyVariables(initial);
  for (const [name, value] of Object.entries(initial)) {
    if (value === undefined) continue;
    const obstacle = isName(name) ? lengthFlaw(name, value) : noFileName;
    const flaw = obstacle ?? (lossy.has(name) ? notUtf8 : undefined);
    if (obstacle === undefined) values.set(name, value);
    if (flaw !== undefined) flaws.set(name, flaw);
  }
  return { values, flaws };
}

const noFileName = leftOut('its name cannot be that of a file', 'Give it another name.');

/** The length of the longest file name in bytes. */
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
  if (/\p{Surrogate}/u.test(value)) {
    throw new OptionsError(
      `The variable ${name} has an unpaired surrogate in it, which has no bytes.`,
    );
  }
  if (lengthFlaw(name, value) !== undefined) {
    const size = String(Buffer.byteLength(`${name}=${value}`) + 1);
    const limit = String(longestArgument);
    throw new OptionsError(
      `The variable ${name} would have ${size} bytes, and a process can be given no more than ${limit}.`,
    );
  }
}

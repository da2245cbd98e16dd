import { isUtf8 } from 'node:buffer';
import { opendirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { fitsArgument, longestArgument } from '../../model/argument-limit.ts';
import type { ProblemCode } from '../../model/problem.ts';
import { notAFile, readBeginning } from '../../system/read-file.ts';

/** A flaw of a variable, or of its file. */
export interface VariableFlaw {
  readonly code: Extract<ProblemCode, 'variable-left-out' | 'variable-not-utf8'>;
  /** The flaw and its consequence, worded to follow the name of the variable in a sentence. */
  readonly text: string;
  readonly remedy: string;
}

/** The content of the file of a variable; without `value` and `flaw` for a file that is empty or does not exist. */
export interface VariableReading {
  readonly value?: string;
  readonly flaw?: VariableFlaw;
}

/** The content of a folder of variables. */
export interface FolderReading {
  readonly values: Map<string, string>;
  /** By the name of the file. */
  readonly flaws: ReadonlyMap<string, VariableFlaw>;
}

/** Writes the file of a variable atomically: a reader gets the old or the new value. An empty value is a newline, since an empty file unsets. */
export function writeVariable(folder: string, name: string, value: string): void {
  const draft = join(folder, draftName);
  try {
    writeDraft(draft, `${value}\n`);
    renameSync(draft, join(folder, name));
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
}

/** Removes the file of a variable, if there is one. */
export function removeVariable(folder: string, name: string): void {
  rmSync(join(folder, name), { force: true });
}

/** Reads the present value in the file of a variable. */
export function readVariable(folder: string, name: string): VariableReading {
  return read(join(folder, name), name);
}

/**
 * Reads every variable of a folder, in the order of the names. A folder that does not exist has none. Of a folder with very many
 * entries only `mostVariables` are read, first those that are known; the flaw of that has no name.
 *
 * @throws the system's error when the folder cannot be read.
 */
export function readVariables(
  folder: string,
  isName: (name: string) => boolean,
  known: Iterable<string> = [],
): FolderReading {
  const entries = list(folder);
  const isCut = entries.length > mostVariables;
  const values = isCut ? readKnown(folder, known) : new Map<string, string>();
  const flaws = new Map<string, VariableFlaw>(isCut ? [['', tooMany]] : []);
  let size = 0;
  for (const entry of entries) {
    if (values.size >= mostVariables) break;
    const name = entry.name.toString();
    if (!isUtf8(entry.name)) {
      flaws.set(escape(entry.name), leftOut('its name is not UTF-8', 'Rename the file.'));
      continue;
    }
    if (name.includes('=')) flaws.set(name, withEquals);
    if (!isName(name) || values.has(name)) continue;
    const { value, flaw } = size > longestEnvironment ? beyond : readEntry(entry, folder, name);
    if (flaw !== undefined) flaws.set(name, flaw);
    if (value === undefined) continue;
    values.set(name, value);
    size += Buffer.byteLength(name) + Buffer.byteLength(value) + overhead;
  }
  return { values, flaws };
}

function readKnown(folder: string, known: Iterable<string>): Map<string, string> {
  const values = new Map<string, string>();
  for (const name of known) {
    if (values.size >= mostVariables) break;
    const { value } = readVariable(folder, name);
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

/** What is wrong with a variable of this name and value, if anything is. */
export function lengthFlaw(name: string, value: string): VariableFlaw | undefined {
  if (fitsArgument(`${name}=${value}`)) return undefined;
  const limit = `a variable has at most ${String(longestArgument)} bytes, name, '=' and NUL included`;
  return leftOut(`it is too long: ${limit}`, 'Shorten it, or pass it on in a file.');
}

/** The flaw of a variable that is left out. */
export function leftOut(why: string, remedy: string): VariableFlaw {
  return { code: 'variable-left-out', text: `is left out: ${why}`, remedy };
}

/** The flaw of a variable with bytes that Node cannot pass on. */
export const notUtf8: VariableFlaw = {
  code: 'variable-not-utf8',
  text: 'is not UTF-8: processes get it with U+FFFD in the place of each byte that is not',
  remedy: 'Write it in UTF-8.',
};

const withEquals = leftOut("its name has a '=' in it", 'Rename the file.');

/** A name that no variable can have, so that readers skip it. One thread writes all files, so one name is enough. */
const draftName = '.draft';

/** The bytes of variables after which no further file is read: a process is started with 6 MiB at most (Linux). */
const longestEnvironment = 8 * 1024 * 1024;

/** The most variables that are read: each process that starts needs a reading, which holds up the host's event loop. */
export const mostVariables = 5000;

const tooMany: VariableFlaw = {
  code: 'variable-left-out',
  text: `has more than ${String(mostVariables)} entries; further variables are left out`,
  remedy: 'Remove variables, or pass them on in one file.',
};

/** The bytes that a variable takes in addition to its name and value: `=`, NUL and a pointer. */
const overhead = 10;

const beyond: VariableReading = {
  flaw: leftOut(
    'the variables before it are more than a process can be started with',
    'Remove variables.',
  ),
};

/** Writes a new file; removes an entry of that name first, since a script may have made a FIFO or a link there. */
function writeDraft(draft: string, content: string): void {
  const options = { mode: 0o644, flag: 'wx' } as const;
  try {
    writeFileSync(draft, content, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    rmSync(draft, { recursive: true, force: true });
    writeFileSync(draft, content, options);
  }
}

/** An entry of a folder, with its name as bytes. */
interface FolderEntry extends Pick<Dirent, 'isFile' | 'isSymbolicLink'> {
  readonly name: Buffer;
}

/** The entries in a folder, sorted; of more than `mostVariables` the first in the order of the file system. */
function list(folder: string): readonly FolderEntry[] {
  try {
    return listFirst(folder).toSorted((a, b) => a.name.compare(b.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function listFirst(path: string): FolderEntry[] {
  const entries: FolderEntry[] = [];
  // An encoding that the types do not declare.
  const options = { encoding: 'buffer' as BufferEncoding, bufferSize: 256 };
  const folder = opendirSync(path, options);
  try {
    while (entries.length <= mostVariables) {
      const entry = folder.readSync();
      if (entry === null) break;
      const name = Buffer.from(entry.name);
      entries.push({
        name,
        isFile: () => entry.isFile(),
        isSymbolicLink: () => entry.isSymbolicLink(),
      });
    }
    return entries;
  } finally {
    folder.closeSync();
  }
}

/** Reads an entry; one that is not a file is not opened, since opening it may have side effects. */
function readEntry(entry: FolderEntry, folder: string, name: string): VariableReading {
  if (!entry.isFile() && !entry.isSymbolicLink()) return { flaw: noFile };
  const reading = read(join(folder, name), name);
  return reading === missing && entry.isSymbolicLink() ? { flaw: leadsNowhere } : reading;
}

const missing: VariableReading = {};

const leadsNowhere = leftOut('its file is a link that leads nowhere', 'Remove the link.');

/** The buffer for reading, one byte longer than any variable. */
const content = Buffer.allocUnsafeSlow(longestArgument + 1);

function read(path: string, name: string): VariableReading {
  let bytes: Buffer;
  try {
    bytes = readBeginning(path, content);
  } catch (error) {
    return unreadable(error as NodeJS.ErrnoException);
  }
  if (bytes.length === 0) return {};
  const value = bytes.toString().replace(/\n$/, '').replaceAll('\0', '\n');
  const flaw = lengthFlaw(name, value);
  if (flaw !== undefined) return { flaw };
  return isUtf8(bytes) ? { value } : { value, flaw: notUtf8 };
}

const noFile = leftOut('it is not a file', 'Put a file in its place, or remove it.');

function unreadable({ code = 'EIO', message }: NodeJS.ErrnoException): VariableReading {
  if (code === 'ENOENT') return missing;
  if (code === notAFile || code === 'EISDIR') return { flaw: noFile };
  const remedy = 'Put a file in its place that the supervisor may read, or remove it.';
  return { flaw: leftOut(`it cannot be read: ${message}`, remedy) };
}

function escape(name: Buffer): string {
  return name
    .toString('latin1')
    .replace(/[\x80-\xff]/g, (odd) => `\\x${odd.charCodeAt(0).toString(16)}`);
}

import { readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';

/** The bytes of the longest variable that a process can be given (Linux: MAX_ARG_STRLEN). */
const longestVariable = 128 * 1024;

/** Writes the file of a variable, in one piece: no reader sees half of it. An empty value is a newline, since an empty file unsets. */
export function writeVariable(folder: string, name: string, value: string): void {
  const draft = join(folder, draftName);
  try {
    writeFileSync(draft, `${value}\n`, { mode: 0o644 });
    renameSync(draft, join(folder, name));
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** Removes the file of a variable, if there is one. */
export function removeVariable(folder: string, name: string): void {
  rmSync(join(folder, name), { force: true });
}

/** The value that the file of a variable has now; `undefined` when it is none. */
export function readVariable(folder: string, name: string): string | undefined {
  const path = join(folder, name);
  return isFile(path) ? read(path) : undefined;
}

/** Every variable of a folder, in the order of their names, as it is now. A folder that is not there has none. */
export function readVariables(
  folder: string,
  isName: (name: string) => boolean,
): Map<string, string> {
  const values = new Map<string, string>();
  for (const entry of list(folder)) {
    const path = join(folder, entry.name);
    const readable = entry.isFile() || (entry.isSymbolicLink() && isFile(path));
    const value = readable && isName(entry.name) ? read(path) : undefined;
    if (value !== undefined) values.set(entry.name, value);
  }
  return values;
}

/** A name that no variable has, so that a reader passes over it. All is written in one thread: one name is enough. */
const draftName = '.draft';

function list(folder: string): readonly Dirent[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

/** Whether it can be read without waiting: a FIFO would keep us until somebody writes. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function read(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    if (text === '' || text.length > longestVariable) return undefined;
    return text.replace(/\n$/, '').replaceAll('\0', '\n');
  } catch {
    return undefined;
  }
}

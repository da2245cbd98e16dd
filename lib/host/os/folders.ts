import { lstatSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname } from 'node:path';

/** Whether an entry has this name, including a link without a target. */
export function exists(path: string): boolean {
  return statsOf(path) !== undefined;
}

/** Whether a FIFO has this name. */
export function isFifo(path: string): boolean {
  return statsOf(path)?.isFIFO() === true;
}

function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/**
 * Makes a folder with its parents, and returns whether it had to be made. Makes one folder at a time, since Node's recursive
 * mkdir never ends where nothing can be made (`/proc`).
 *
 * @throws the system's error when it cannot be made.
 */
export function makeWithParents(path: string): boolean {
  if (makeOne(path)) return true;
  if (isFolder(path)) return false;
  makeWithParents(dirname(path));
  return makeOne(path, true);
}

/**
 * Makes one folder, and returns whether it was made. False if it exists, or if its parent is missing and another attempt
 * follows.
 */
function makeOne(path: string, isLast = dirname(path) === path): boolean {
  try {
    mkdirSync(path, { mode: 0o755 });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && isFolder(path)) return false;
    if (code === 'ENOENT' && !isLast) return false;
    throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * Removes a folder if it is empty.
 *
 * @throws the system's error when it cannot be removed for another reason.
 */
export function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(code)) throw error;
  }
}

import { isUtf8 } from 'node:buffer';
import { lstatSync, opendirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Dir, Stats } from 'node:fs';
import type { Content, Entry, Files, Listing, Unreadable } from './files.ts';
import { readBeginning } from '../../system/read-file.ts';
import { namesInStep, sortInSteps } from './sort-in-steps.ts';

/** The folder trees of the disk. */
export const diskFiles: Files = { look, list, listInSteps, read };

function look(path: string): Entry {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats === undefined ? absence(path) : entryOf(stats);
  } catch (error) {
    const { code } = unreadable(error);
    if (code === 'ELOOP') return { kind: 'loop' };
    return code === 'ENOTDIR' ? absence(path) : { kind: 'unreadable', code };
  }
}

function list(path: string, wanted?: readonly string[]): Listing {
  try {
    if (wanted !== undefined && hasMany(path)) {
      const names = wanted.filter((name) => exists(join(path, name)));
      return { kind: 'names', names, foreign: [] };
    }
    const all = readdirSync(path, { encoding: 'buffer' });
    return listingOf(all.toSorted((one, other) => one.compare(other)));
  } catch (error) {
    return unreadable(error);
  }
}

function* listInSteps(path: string): Generator<undefined, Listing, undefined> {
  try {
    const sorted = yield* sortInSteps(yield* namesInSteps(path));
    const names: string[] = [];
    const foreign: string[] = [];
    for (let index = 0; index < sorted.length; index += namesInStep) {
      const part = listingOf(sorted.slice(index, index + namesInStep));
      names.push(...part.names);
      foreign.push(...part.foreign);
      yield;
    }
    return { kind: 'names', names, foreign };
  } catch (error) {
    return unreadable(error);
  }
}

/** The names in a folder as bytes, in the order of the file system and in parts of one step each. */
function* namesInSteps(path: string): Generator<undefined, Buffer[][], undefined> {
  const parts: Buffer[][] = [];
  // An encoding that the types do not declare.
  const options = { encoding: 'buffer' as BufferEncoding, bufferSize: namesInStep };
  const folder = opendirSync(path, options);
  try {
    for (let part = readPart(folder); part.length > 0; part = readPart(folder)) {
      parts.push(part);
      yield;
    }
    return parts;
  } finally {
    folder.closeSync();
  }
}

function readPart(folder: Dir): Buffer[] {
  const names: Buffer[] = [];
  while (names.length < namesInStep) {
    const entry = folder.readSync();
    if (entry === null) break;
    names.push(Buffer.from(entry.name));
  }
  return names;
}

function listingOf(sorted: readonly Buffer[]): Extract<Listing, { kind: 'names' }> {
  const names = sorted.filter((name) => isUtf8(name)).map((name) => name.toString());
  const foreign = sorted.filter((name) => !isUtf8(name)).map(escape);
  return { kind: 'names', names, foreign };
}

/** The most names of which all are read: 100 000 in one folder hold up the host for tenths of a second. */
const mostNames = 1000;

function hasMany(path: string): boolean {
  const folder = opendirSync(path, { bufferSize: mostNames });
  try {
    for (let count = 0; count <= mostNames; count += 1)
      if (folder.readSync() === null) return false;
    return true;
  } finally {
    folder.closeSync();
  }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function read(path: string, limit: number): Content {
  try {
    return { kind: 'bytes', bytes: readBeginning(path, Buffer.allocUnsafe(limit)) };
  } catch (error) {
    return unreadable(error);
  }
}

function entryOf(stats: Stats): Entry {
  if (stats.isFile()) {
    return { kind: 'file', executable: (stats.mode & 0o111) !== 0, size: stats.size };
  }
  return { kind: stats.isDirectory() ? 'folder' : 'other' };
}

function absence(path: string): Entry {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return { kind: stats?.isSymbolicLink() === true ? 'dangling' : 'missing' };
  } catch {
    return { kind: 'missing' };
  }
}

function unreadable(error: unknown): Unreadable {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return { kind: 'unreadable', code };
}

function escape(name: Buffer): string {
  return name
    .toString('latin1')
    .replace(/[\x80-\xff]/g, (odd) => `\\x${odd.charCodeAt(0).toString(16)}`);
}

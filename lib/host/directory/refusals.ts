import { join } from 'node:path';
import type { Holder } from './holder.ts';
import { RuntimeDirectoryError } from '../../errors.ts';

/** Error codes of temporary failures; any other code means that the directory cannot be used. */
const temporary: ReadonlySet<string | undefined> = new Set([
  'EAGAIN',
  'EDQUOT',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOSPC',
]);

/** Whether an error of the system may be over at the next attempt. */
export function isTemporary(error: unknown): boolean {
  return temporary.has((error as NodeJS.ErrnoException).code);
}

/** Converts a permanent error in a runtime directory into a RuntimeDirectoryError; returns a temporary one as it is. */
export function explained(error: unknown, path: string): unknown {
  const { message } = error as NodeJS.ErrnoException;
  if (error instanceof RuntimeDirectoryError || isTemporary(error)) return error;
  const remedy = 'Name a runtimeDirectory that this account can write to.';
  return new RuntimeDirectoryError('unusable', path, `fails with ${message}`, remedy);
}

/** Rejects a path that PATH cannot name: scripts find programs of the directory by PATH, which separates folders by colons. */
export function requireNoColon(path: string): void {
  if (!path.includes(':')) return;
  const why = 'has a colon in it, so that PATH cannot name the programs in it';
  const remedy = 'Name a runtimeDirectory without a colon.';
  throw new RuntimeDirectoryError('unusable', path, why, remedy);
}

/** The error when another supervisor holds the directory; `null`: which one is not known yet. */
export function taken(folder: string, holder: Holder | null): RuntimeDirectoryError {
  const which =
    holder === null
      ? 'is being taken by another supervisor'
      : `is used by another supervisor, in ${processOf(holder)}`;
  const remedy = 'Stop that one first, or name another runtimeDirectory.';
  return new RuntimeDirectoryError('taken', folder, which, remedy);
}

function processOf({ pid }: Holder): string {
  return pid === process.pid ? `this process (${String(pid)})` : `the process ${String(pid)}`;
}

/** The error when entries with names that a supervisor needs exist and were not made by this library. */
export function occupied(folder: string, names: readonly string[]): RuntimeDirectoryError {
  const [first = folder, ...others] = names.map((name) => join(folder, name));
  const rest = others.length > 0 ? `; the same holds for ${others.join(', ')}` : '';
  const why = `has a name that a supervisor needs, and was not made by one${rest}`;
  const remedy =
    'Name a runtimeDirectory of its own. If it is left of an earlier version of this library, remove it.';
  return new RuntimeDirectoryError('occupied', first, why, remedy);
}

/** The error when a file has the name of the mark and is not one. */
export function noMark(path: string): RuntimeDirectoryError {
  const why = 'stands in the place of the mark of this library, and is none';
  const remedy = 'Move it away, or name another runtimeDirectory.';
  return new RuntimeDirectoryError('occupied', path, why, remedy);
}

/** The error when a private directory was removed and its name is used again. */
export function replaced(path: string): RuntimeDirectoryError {
  const why = 'was removed, and another account has made something of its name';
  return new RuntimeDirectoryError('untrusted', path, why, 'Name a runtimeDirectory elsewhere.');
}

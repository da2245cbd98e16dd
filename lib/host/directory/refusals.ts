import { join } from 'node:path';
import type { Holder } from './holder.ts';
import { RuntimeDirectoryError } from '../../errors.ts';

/** Failures that may be over at the next attempt; any other means that the directory cannot be used. */
const passing: ReadonlySet<string | undefined> = new Set([
  'EAGAIN',
  'EDQUOT',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOSPC',
]);

/** Whether an error of the system may be over at the next attempt. */
export function isPassing(error: unknown): boolean {
  return passing.has((error as NodeJS.ErrnoException).code);
}

/** What is thrown for an error that was met with a runtime directory. */
export function explained(error: unknown, path: string): unknown {
  const { message } = error as NodeJS.ErrnoException;
  if (error instanceof RuntimeDirectoryError || isPassing(error)) return error;
  const remedy = 'Name a runtimeDirectory that this account can write to.';
  return new RuntimeDirectoryError('unusable', path, `fails with ${message}`, remedy);
}

/** Programs are found in the directory by PATH, which has no way to name a folder with a colon in it. */
export function requireNoColon(path: string): void {
  if (!path.includes(':')) return;
  const why = 'has a colon in it, so that PATH cannot name the programs in it';
  throw new RuntimeDirectoryError(
    'unusable',
    path,
    why,
    'Name a runtimeDirectory without a colon.',
  );
}

/** Another supervisor has the directory; `null`: it is not known yet which one. */
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

/** Names that a supervisor needs have come to something that this library did not make. */
export function occupied(folder: string, names: readonly string[]): RuntimeDirectoryError {
  const [first = folder, ...others] = names.map((name) => join(folder, name));
  const rest = others.length > 0 ? `; the same holds for ${others.join(', ')}` : '';
  const why = `has a name that a supervisor needs, and was not made by one${rest}`;
  const remedy =
    'Name a runtimeDirectory of its own. If it is left of an earlier version of this library, remove it.';
  return new RuntimeDirectoryError('occupied', first, why, remedy);
}

/** A file in the place of the mark is none. */
export function noMark(path: string): RuntimeDirectoryError {
  const why = 'stands in the place of the mark of this library, and is none';
  const remedy = 'Move it away, or name another runtimeDirectory.';
  return new RuntimeDirectoryError('occupied', path, why, remedy);
}

/** A private directory is gone, and its name in use. */
export function replaced(path: string): RuntimeDirectoryError {
  const why = 'was removed, and another account has made something of its name';
  return new RuntimeDirectoryError('untrusted', path, why, 'Name a runtimeDirectory elsewhere.');
}

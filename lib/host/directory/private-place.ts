import { accessSync, constants, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { distrustOf } from './directory-trust.ts';
import { RuntimeDirectoryError } from '../../errors.ts';

/** The mode of a private directory: other accounts may pass through it to the programs whose names they know. */
export const privateMode = 0o711;

/**
 * The path for a private runtime directory of this name: in `/run` for root, in `$XDG_RUNTIME_DIR` for others, or, last, in the
 * system's temporary directory. It is in the first of them where the directory can be made, programs can be executed from it
 * and no other account can put another one in its place. That is tried; nothing is left there.
 *
 * @throws RuntimeDirectoryError when there is no such place, with what was tried and why it is not fit.
 */
export function findPrivatePlace(name: string): string {
  const tried: string[] = [];
  for (const place of places()) {
    const why = place.unfit ?? unfitness(join(place.folder, name), place.folder);
    if (why === undefined) return join(place.folder, name);
    tried.push(`${place.folder} (${why})`);
  }
  throw new RuntimeDirectoryError(
    'unusable',
    tmpdir(),
    `and the other places for a private one are not fit: ${tried.join('; ')}`,
    'Let the account of this process write to one of them and execute programs there, or name a runtimeDirectory.',
  );
}

interface Place {
  readonly folder: string;
  /** Why it is none, if that is known without trying. */
  readonly unfit?: string | undefined;
}

function places(): readonly Place[] {
  const temporary = { folder: resolve(tmpdir()) };
  if (process.geteuid?.() === 0) return [{ folder: '/run' }, temporary];
  const own = process.env['XDG_RUNTIME_DIR'] ?? '';
  return own === '' ? [temporary] : [{ folder: own, unfit: unfitAsOwn(own) }, temporary];
}

/** What the XDG Base Directory Specification demands of the directory, and sudo and su do not see to. */
function unfitAsOwn(folder: string): string | undefined {
  if (!isAbsolute(folder)) return 'it is no absolute path';
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true) return 'it is no directory';
  if (stats.uid !== process.geteuid?.()) return 'it belongs to another account';
  return (stats.mode & 0o077) === 0 ? undefined : 'other accounts may enter it';
}

/** Makes the directory with a program in it, and removes them. */
function unfitness(path: string, folder: string): string | undefined {
  let isMade = false;
  try {
    if (path.includes(':')) return 'PATH cannot name a folder with a colon in it';
    const distrust = distrustOf(path);
    if (distrust !== undefined) return `${distrust.path} ${distrust.why}`;
    mkdirSync(path, { mode: privateMode });
    isMade = true;
    const program = join(path, 'program');
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 });
    accessSync(program, constants.X_OK); // fails where the file system is mounted noexec, for root, too
    return undefined;
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' && syscall === 'access') return 'programs cannot be executed there';
    return message.replaceAll(path, folder);
  } finally {
    if (isMade) rmSync(path, { recursive: true, force: true });
  }
}

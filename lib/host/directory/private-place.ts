import { accessSync, constants, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { distrustOf } from './directory-trust.ts';
import { RuntimeDirectoryError } from '../../errors.ts';

/** The mode of a private directory: other accounts can reach the programs in it by name, but cannot list it. */
export const privateMode = 0o711;

/**
 * The path for a private runtime directory of this name: in `/run` for root, in `$XDG_RUNTIME_DIR` for other accounts, and
 * otherwise in the system's temporary directory. It is the first of them where the directory can be created, programs can be
 * executed in it and no other account can replace it. A test creates such a directory and removes it.
 *
 * @throws RuntimeDirectoryError when no place is suitable; its message names each place and the reason.
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
  /** Why it is unsuitable, if that is known without a test. */
  readonly unfit?: string | undefined;
}

function places(): readonly Place[] {
  const temporary = { folder: resolve(tmpdir()) };
  if (process.geteuid?.() === 0) return [{ folder: '/run' }, temporary];
  const own = process.env['XDG_RUNTIME_DIR'] ?? '';
  return own === '' ? [temporary] : [{ folder: own, unfit: unfitAsOwn(own) }, temporary];
}

/** Checks what the XDG Base Directory Specification requires of the directory; sudo and su may leave a wrong value. */
function unfitAsOwn(folder: string): string | undefined {
  if (!isAbsolute(folder)) return 'it is no absolute path';
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true) return 'it is no directory';
  if (stats.uid !== process.geteuid?.()) return 'it belongs to another account';
  return (stats.mode & 0o077) === 0 ? undefined : 'other accounts may enter it';
}

/** Creates the directory with a program in it, removes both, and returns the reason if the place is unsuitable. */
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

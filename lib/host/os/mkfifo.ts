import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import type { CLibrary } from '../native/c-library.ts';
import { openedCLibrary } from '../native/c-library.ts';

/**
 * Makes FIFOs in a folder, with this mode whatever the umask. Rejects with an error that has the system's code and says why not;
 * some may have been made then.
 *
 * Where somebody has opened the C library, by its own function: two system calls each. It is not opened for that, which would
 * take longer; else it takes one call of the program `mkfifo` for all (1000 some 20 ms, one some 3 ms).
 */
export async function makeFifos(
  folder: string,
  names: readonly string[],
  mode: number,
): Promise<void> {
  const library = openedCLibrary();
  if (library === undefined) await runMkfifo(folder, names);
  else callMkfifo(library, folder, names, mode);
  // Not by `mkfifo -m`, which needs /proc.
  for (const name of names) chmodSync(join(folder, name), mode);
}

let mkfifo: ((path: string, mode: number) => number) | undefined;

function callMkfifo(
  library: CLibrary,
  folder: string,
  names: readonly string[],
  mode: number,
): void {
  mkfifo ??= library.func('int mkfifo(const char *path, uint32_t mode)') as typeof mkfifo & object;
  for (const name of names) {
    const path = join(folder, name);
    if (mkfifo(path, mode) !== 0) throw library.lastError(`mkfifo ${path}`);
  }
}

/** The longest complaint of `mkfifo` that is kept, in characters. */
const longestComplaint = 500;

function runMkfifo(folder: string, names: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const path = [process.env['PATH'], '/usr/bin:/bin'].filter(Boolean).join(':');
    const child: ChildProcess = spawn('mkfifo', ['--', ...names], {
      cwd: folder,
      env: { PATH: path, LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true, // so that a Ctrl-C at the terminal is not for it
    });
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(0, longestComplaint);
    });
    child.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      const missing = code === 'ENOENT' ? 'the program mkfifo is not installed' : message;
      reject(failure(code ?? 'EIO', missing));
    });
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else
        reject(failure('EIO', complaint.trim() || `mkfifo ended with ${String(code ?? signal)}`));
    });
  });
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

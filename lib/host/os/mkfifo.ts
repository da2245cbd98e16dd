import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import type { CLibrary } from '../native/c-library.ts';
import { openedCLibrary } from '../native/c-library.ts';

/**
 * Makes FIFOs in a folder, with this mode whatever the umask is. Rejects with an error that has the system's code and the
 * reason; some FIFOs may have been made by then.
 *
 * If the C library is open already, its function is used: two system calls for each FIFO. Opening it for this would take
 * longer; without it, one call of the program `mkfifo` makes them all (1000 in some 20 ms, one in some 3 ms).
 */
export async function makeFifos(
  folder: string,
  names: readonly string[],
  mode: number,
): Promise<void> {
  const library = openedCLibrary();
  if (library === undefined) await runMkfifo(folder, names);
  else callMkfifo(library, folder, names, mode);
  // Not `mkfifo -m`, which needs /proc.
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

/** The longest error output of `mkfifo` that is kept, in characters. */
const longestErrorOutput = 500;

function runMkfifo(folder: string, names: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const path = [process.env['PATH'], '/usr/bin:/bin'].filter(Boolean).join(':');
    const child: ChildProcess = spawn('mkfifo', ['--', ...names], {
      cwd: folder,
      env: { PATH: path, LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true, // so that Ctrl-C does not reach it
    });
    let errorOutput = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errorOutput = (errorOutput + text).slice(0, longestErrorOutput);
    });
    child.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      const missing = code === 'ENOENT' ? 'the program mkfifo is not installed' : message;
      reject(failure(code ?? 'EIO', missing));
    });
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else
        reject(failure('EIO', errorOutput.trim() || `mkfifo ended with ${String(code ?? signal)}`));
    });
  });
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

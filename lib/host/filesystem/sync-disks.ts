import { spawn } from 'node:child_process';
import type { Problem } from '../../model/problem.ts';
import { problem } from '../../model/problem.ts';

/** Milliseconds that it gets however short the time is otherwise: it has to be started, at least. */
const least = 1000;

/**
 * Writes what the system keeps in memory to its disks, with the program `sync`: Node has no call for it. Never rejects: what
 * fails, or is not done in time, is a problem.
 *
 * @param within - Milliseconds that it may take. What hangs in the kernel then cannot be killed, and is waited for no longer.
 */
export async function syncDisks(within: number): Promise<readonly Problem[]> {
  try {
    await run('sync', Math.max(within, least));
    return [];
  } catch (error) {
    const why = `the disks may lack what was written last: ${(error as Error).message}`;
    return [problem('sync-failed', 'sync', why)];
  }
}

function run(program: string, within: number): Promise<void> {
  return new Promise((resolve, reject) => {
    // In a group of its own, so that a Ctrl-C at the terminal is not for it.
    const child = spawn(program, { stdio: 'ignore', detached: true });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      child.unref();
      reject(new Error(`it is not done after ${String(within)} ms`));
    }, within);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`it ended with ${String(code ?? signal)}`));
    });
    const over = (): void => {
      clearTimeout(timer);
    };
    child.once('error', over).once('exit', over);
  });
}

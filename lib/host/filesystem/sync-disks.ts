import { spawn } from 'node:child_process';
import type { Problem } from '../../model/problem.ts';
import { problem } from '../../model/problem.ts';

/** The shortest timeout, in milliseconds: the time that it takes to start the program. */
const least = 1000;

/**
 * Writes cached data to the disks with the program `sync`, since Node has no call for it. Never rejects: a failure or a timeout is a
 * problem.
 *
 * @param within - The timeout in milliseconds. A program that hangs in the kernel then cannot be killed; it is no longer waited for.
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
    // In its own process group, so that a Ctrl-C at the terminal does not reach it.
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

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How a host ended, and what it printed. */
export interface HostEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/** Milliseconds that a host may take. */
const limit = 30_000;

/**
 * Runs one of the scenes of `host.ts` in a process of its own, for what cannot be tried in the test's.
 *
 * @param wrapper - A command line to run it under.
 * @param told - Called with its pid and with all that it has printed so far, at each piece.
 */
export function runHost(
  scene: string,
  wrapper: readonly string[] = [],
  told: (pid: number, output: string) => void = () => undefined,
): Promise<HostEnd> {
  const host = fileURLToPath(new URL('host.ts', import.meta.url));
  const words = [...wrapper, process.execPath, '--import', 'tsx', host, scene];
  const [file = '', ...args] = words;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: limit });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        told(child.pid ?? 0, output);
      });
    }
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code, signal, output });
    });
  });
}

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../container/bundle.ts';
import { unlessInCI } from '../skipping.ts';
import { whoRuns } from './folder.ts';

/** How a host ended, and what it printed. */
export interface HostEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/**
 * A command line that makes a host process 1 of a pid namespace, with its private runtime directory in the temporary
 * directory. It needs root.
 */
export const asProcess1: readonly string[] = [
  ...'unshare --mount sh -c'.split(' '),
  'mount --bind /run /run && mount -o remount,bind,ro /run && exec "$@"',
  'sh',
  ...'unshare --pid --fork --kill-child --mount-proc'.split(' '),
];

/** Why no process can be process 1 here; `false`: it is possible. */
export function whyNoProcess1(): string | false {
  if (whoRuns.root !== false) return whoRuns.root;
  const [file = '', ...words] = asProcess1;
  const { status, stderr, error } = spawnSync(file, [...words, 'true'], { encoding: 'utf8' });
  if (status === 0) return false;
  return unlessInCI(`no PID namespaces here: ${error?.message ?? stderr.trim()}`);
}

/**
 * Runs a scene of `host.ts`, or of another host file beside it, in a process of its own.
 *
 * @param scene - Its name, and further words after blanks.
 * @param wrapper - A command line to run it under.
 * @param onOutput - Called at each piece of output, with the pid and all output so far.
 * @param host - The file of the scene, and its timeout in milliseconds.
 */
export function runHost(
  scene: string,
  wrapper: readonly string[] = [],
  onOutput: (pid: number, output: string) => void = () => undefined,
  host: { readonly file?: string; readonly within?: number } = {},
): Promise<HostEnd> {
  const { file = 'host.ts', within: timeout = 30_000 } = host;
  const path = bundle(new URL(file, import.meta.url));
  const node = [process.execPath, path, ...scene.split(' ')];
  const [program = '', ...args] = [...wrapper, ...node];
  // A host that ends as process 1 removes nothing any more, and neither does a guard in its namespace.
  const temporary =
    wrapper === asProcess1 ? mkdtempSync(join(tmpdir(), 'stagekeeper-host-')) : undefined;
  const env = { ...process.env, ...(temporary !== undefined && { TMPDIR: temporary }) };
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout, env });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        onOutput(child.pid ?? 0, output);
      });
    }
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
      resolve({ code, signal, output });
    });
  });
}

import type { ChildProcess, StdioOptions } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Workshop } from '../workshop.ts';

/** The process of a supervisor. */
export interface Program {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly gone: Promise<unknown>;
}

/** Starts a supervisor in a new session, so that Ctrl-C at the terminal reaches the benchmarks alone. */
export async function begin(
  command: readonly [string, ...string[]],
  workshop: Workshop,
  stdio: StdioOptions = 'ignore',
  variables: NodeJS.ProcessEnv = {},
): Promise<Program> {
  const [file, ...args] = command;
  const child = spawn(file, args, {
    env: { ...workshop.env, ...variables },
    stdio,
    detached: true,
  });
  const gone = once(child, 'exit');
  await once(child, 'spawn');
  return { child, pid: child.pid ?? NaN, gone };
}

/** The reason why a peer from a Debian package cannot take part; undefined if its programs are installed. */
export function notInstalled(pack: string, ...programs: readonly string[]): string | undefined {
  const lacking = programs.filter((program) => !isOnPath(program));
  if (lacking.length === 0) return undefined;
  return `no ${lacking.join(', ')} on the PATH; apt-get install ${pack}`;
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

import { closeSync, constants, openSync, readSync, accessSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import type { HeadFlaw } from '../model/interpreter.ts';
import { headLength, parseHead } from '../model/interpreter.ts';
import type { SpawnFailure } from './spawner.ts';

/** How a script is to be executed. */
export interface Execution {
  /** The words before the script's own path: its interpreter and that one's argument; none for a program. */
  readonly words: readonly string[];
  /** The script as its interpreter is told of it. */
  readonly path: string;
  readonly directory: string;
  /** Whether the script asks for the container environment. */
  readonly containerEnvironment: boolean;
}

/**
 * Finds out how a script is to be executed, from its first bytes as they are now.
 *
 * @throws SpawnFailure when it cannot be.
 */
export function inspectScript(script: string, calledBy: 'name' | 'path'): Execution {
  const head = parseHead(readHead(script));
  if (head.kind !== 'binary' && head.flaw !== undefined && head.flaw !== 'absent') {
    throw failure('ENOEXEC', `${script} cannot be run: ${flaws[head.flaw]}`);
  }
  return {
    words: head.kind === 'line' ? head.line.words : head.kind === 'none' ? ['sh'] : [],
    path: calledBy === 'name' ? `./${basename(script)}` : script,
    directory: dirname(script),
    containerEnvironment: head.kind === 'line' && head.line.containerEnvironment,
  };
}

/** Where a program is, by the PATH that it is to be looked up on; `undefined` when it is nowhere. */
export function findProgram(program: string, path: string, directory: string): string | undefined {
  if (program.includes('/'))
    return canRun(join(program.startsWith('/') ? '' : directory, program)) ? program : undefined;
  for (const folder of path.split(delimiter)) {
    const candidate = join(folder === '' ? directory : folder, program);
    if (canRun(candidate)) return candidate;
  }
  return undefined;
}

/** A failure to spawn, as a value that can be thrown. */
export function failure(code: string, message: string): SpawnFailure {
  return { code, message };
}

const flaws: Readonly<Record<Exclude<HeadFlaw, 'absent'>, string>> = {
  crlf: 'its interpreter line ends in CR LF, so the system looks for an interpreter with a CR in its name. Save it with LF line ends.',
  bom: 'it begins with a byte order mark, so the system finds no interpreter line. Save it as UTF-8 without one.',
  late: 'something stands before its interpreter line. Move the line to the very beginning.',
  empty: 'it is empty.',
};

function readHead(script: string): Uint8Array {
  try {
    if (!statSync(script).isFile()) throw failure('EACCES', `${script} is not a file.`);
    const descriptor = openSync(script, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const head = Buffer.alloc(headLength);
      return head.subarray(0, readSync(descriptor, head, 0, headLength, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!(error instanceof Error)) throw error;
    const known =
      code === 'ENOENT' ? `${script} is not there.` : `${script} cannot be read: ${message}`;
    throw failure(code ?? 'EIO', known);
  }
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

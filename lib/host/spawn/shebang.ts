import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { SpawnFailure } from '../../model/spawn-failure.ts';
import type { InterpreterLine } from '../../model/interpreter.ts';
import { headLength, nameElsewhere, parseHead } from '../../model/interpreter.ts';
import { headFailure, notAFileFailure, openFailure } from '../../model/spawn-failure.ts';
import { notAFile, readBeginning } from '../../system/read-file.ts';

/** How a script is executed. */
export interface Execution {
  /** What is executed: the script's interpreter, or the file itself if it is not a script. */
  readonly file: string;
  /** Its arguments: the argument of the interpreter line, the script's path, the arguments of the script. */
  readonly args: readonly string[];
  /** The working directory: the folder of the script. */
  readonly directory: string;
  /** Whether the script asks for the container environment (`with-contenv`). */
  readonly containerEnvironment: boolean;
}

/**
 * Determines how a script is executed, from its first bytes as they are now: through its interpreter, so that it need not be
 * executable; through `sh` if it has no interpreter line (s6-overlay v3), where an empty script does nothing; by itself if
 * it is binary. An empty script of a service is a failure (s6).
 *
 * A file that cannot be read, or an interpreter line that the kernel would not find or would misread, is a failure.
 */
export function inspectScript(
  script: string,
  calledBy: 'name' | 'path',
  args: readonly string[],
): Execution | SpawnFailure {
  const bytes = readHead(script);
  if (!(bytes instanceof Uint8Array)) return bytes;
  const head = parseHead(bytes);
  const failure = headFailure(script, head, calledBy);
  if (failure !== undefined) return failure;
  const directory = dirname(script);
  const path = calledBy === 'name' ? `./${basename(script)}` : script;
  if (head.kind === 'binary') return { file: path, args, directory, containerEnvironment: false };
  const { words, containerEnvironment } = head.kind === 'line' ? head.line : shell;
  const [interpreter = 'sh', ...argument] = words;
  const file = locate(interpreter);
  return { file, args: [...argument, path, ...args], directory, containerEnvironment };
}

function locate(interpreter: string): string {
  const name = nameElsewhere(interpreter);
  return name === undefined || existsSync(interpreter) ? interpreter : name;
}

const shell: InterpreterLine = { words: ['sh'], containerEnvironment: false };

/** The buffer for the first bytes. New memory is expensive in a process that has just forked. */
const buffer = Buffer.allocUnsafeSlow(headLength);

/** The first bytes of a file; valid until the next call. */
function readHead(path: string): Uint8Array | SpawnFailure {
  try {
    return readBeginning(path, buffer);
  } catch (error) {
    const { code = 'EIO', message } = error as NodeJS.ErrnoException;
    if (code === notAFile || code === 'EISDIR') return notAFileFailure(path);
    return openFailure(path, code, message);
  }
}

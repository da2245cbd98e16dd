import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { SpawnFailure } from '../../engine/spawner.ts';
import type { HeadFlaw, InterpreterLine } from '../../model/interpreter.ts';
import { headLength, nameElsewhere, parseHead } from '../../model/interpreter.ts';
import { notAFile, readBeginning } from '../../system/read-file.ts';

/** How a script is to be executed. */
export interface Execution {
  /** What is executed: the script's interpreter, or the file itself if it is no script. */
  readonly file: string;
  /** Its arguments: that of the interpreter line, the script's path, those of the script. */
  readonly args: readonly string[];
  /** The working directory: the folder that the script is in. */
  readonly directory: string;
  /** Whether the script asks for the container environment (`with-contenv`). */
  readonly containerEnvironment: boolean;
}

/**
 * Finds out how a script is to be executed, from its first bytes as they are now: through its interpreter, so that it need
 * not be executable; through `sh` without an interpreter line (s6-overlay v3), where an empty one does nothing; by itself if
 * it is no text. An empty script of a service is nothing to run (s6).
 *
 * A file that cannot be read, or whose interpreter line the kernel would not see or not take as it is meant, is a failure.
 */
export function inspectScript(
  script: string,
  calledBy: 'name' | 'path',
  args: readonly string[],
): Execution | SpawnFailure {
  const bytes = readHead(script);
  if (!(bytes instanceof Uint8Array)) return bytes;
  const said = parseHead(bytes);
  const flaw = said.kind === 'binary' ? undefined : flawIn(said.flaw, calledBy);
  if (flaw !== undefined) return { code: 'ENOEXEC', message: `${script}: ${flaw}` };
  const directory = dirname(script);
  const path = calledBy === 'name' ? `./${basename(script)}` : script;
  if (said.kind === 'binary') return { file: path, args, directory, containerEnvironment: false };
  const { words, containerEnvironment } = said.kind === 'line' ? said.line : shell;
  const [interpreter = 'sh', ...argument] = words;
  const file = whereItIs(interpreter);
  return { file, args: [...argument, path, ...args], directory, containerEnvironment };
}

function whereItIs(interpreter: string): string {
  const name = nameElsewhere(interpreter);
  return name === undefined || existsSync(interpreter) ? interpreter : name;
}

const shell: InterpreterLine = { words: ['sh'], containerEnvironment: false };

function flawIn(flaw: HeadFlaw | undefined, calledBy: 'name' | 'path'): string | undefined {
  if (flaw === 'empty' && calledBy === 'name') return 'it is empty.';
  return flaws[flaw ?? 'absent'];
}

/** The flaws that keep a script from running; one without an interpreter line runs through `sh`. */
const flaws: Readonly<Record<HeadFlaw, string | undefined>> = {
  crlf: 'its interpreter line ends in CRLF, so the system looks for an interpreter whose name ends in a carriage return. Save it with LF line ends.',
  bom: 'it begins with a byte order mark, so the system sees no interpreter line. Save it as UTF-8 without one.',
  late: 'its interpreter line is not at the very beginning, so the system does not see it. Let its first two bytes be #!.',
  absent: undefined,
  empty: undefined,
};

/** What was read last. Fresh memory is expensive in a process that has just forked. */
const head = Buffer.allocUnsafeSlow(headLength);

/** The first bytes of a file, until the next call. */
function readHead(path: string): Uint8Array | SpawnFailure {
  try {
    return readBeginning(path, head);
  } catch (error) {
    const { code = 'EIO', message } = error as NodeJS.ErrnoException;
    if (code === notAFile || code === 'EISDIR')
      return { code: 'EACCES', message: `${path} is not a file.` };
    return { code, message: `${path} ${reasons[code] ?? `cannot be read: ${message}`}` };
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist, or is a link to what does not.',
  ENOTDIR: 'does not exist: a part of its path is not a folder.',
  EACCES: 'cannot be read: permission denied.',
  ELOOP: 'is a link that leads to itself.',
  ENXIO: 'is not a file.',
};

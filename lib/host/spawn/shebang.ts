import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import type { SpawnFailure } from '../../model/spawn-failure.ts';
import type { InterpreterLine } from '../../model/interpreter.ts';
import { headLength, nameElsewhere, parseHead } from '../../model/interpreter.ts';
import { headFailure, notAFileFailure, openFailure } from '../../model/spawn-failure.ts';
import { imageOf, placeInImage, placeOf } from '../../system/image-path.ts';
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
 * In the tree of an image, `R/etc`, an absolute link to `/Y` is one to `R/Y` if that exists; an interpreter that this machine does
 * not have is taken from the image.
 *
 * A file that cannot be read, or an interpreter line that the kernel would not find or would misread, is a failure.
 */
export function inspectScript(
  script: string,
  calledBy: 'name' | 'path',
  args: readonly string[],
): Execution | SpawnFailure {
  const place = placeOf(script);
  const bytes = readHead(place);
  if (!(bytes instanceof Uint8Array)) return bytes;
  const head = parseHead(bytes);
  const failure = headFailure(script, head, calledBy);
  if (failure !== undefined) return failure;
  const directory = placeOf(dirname(script));
  const path = pathFor(script, place, calledBy, directory);
  if (head.kind === 'binary') return { file: path, args, directory, containerEnvironment: false };
  const { words, containerEnvironment } = head.kind === 'line' ? head.line : shell;
  const [interpreter = 'sh', ...argument] = words;
  const file = locate(interpreter, script);
  return { file, args: [...argument, path, ...args], directory, containerEnvironment };
}

/** The path by which a script is executed: that in the tree, unless the system would follow it to another file than its place. */
function pathFor(
  script: string,
  place: string,
  calledBy: 'name' | 'path',
  directory: string,
): string {
  const name = basename(script);
  const [usual, full] =
    calledBy === 'name' ? [`./${name}`, join(directory, name)] : [script, script];
  return place === script || leadTo(full, place) ? usual : place;
}

function leadTo(path: string, place: string): boolean {
  try {
    return realpathSync(path) === realpathSync(place);
  } catch {
    return false;
  }
}

function locate(interpreter: string, script: string): string {
  if (!isAbsolute(interpreter) || existsSync(interpreter)) return interpreter;
  const image = imageOf(script);
  const inImage = image === undefined ? undefined : placeInImage(image, interpreter);
  return inImage ?? nameElsewhere(interpreter) ?? interpreter;
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

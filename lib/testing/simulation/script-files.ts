import { dirname } from 'node:path';
import type { Entry, Files } from '../../loader/files/files.ts';
import type { Host } from '../../loader/host.ts';
import { headLength, nameElsewhere, parseHead } from '../../model/interpreter.ts';
import type { Command } from '../../model/program.ts';
import type { SpawnFailure } from '../../model/spawn-failure.ts';
import {
  headFailure,
  interpreterInWords,
  notAFileFailure,
  openFailure,
} from '../../model/spawn-failure.ts';

/** Where the scripts of a simulated tree are. */
export interface ScriptPlace {
  /** The folder of the tree. */
  readonly root: string;
  readonly files: Files;
  /** The machine on which the interpreters must exist; `null`: they count as existing. */
  readonly host: Host | null;
  /** Whether a file without a byte stands for any script. */
  readonly emptyRuns: boolean;
}

/**
 * Why the script of a command could not be run with real processes, from its file as it is now; `undefined` when it could, and
 * for programs that are no files of the tree, which are simulated as if they existed.
 */
export function scriptFailure(
  { program, calledBy }: Command,
  { root, files, host, emptyRuns }: ScriptPlace,
): SpawnFailure | undefined {
  if (!('script' in program) || !program.script.startsWith(`${root}/`)) return undefined;
  const { script } = program;
  const entry = files.look(script);
  if (entry.kind !== 'file') return entryFailure(script, entry);
  const content = files.read(script, headLength);
  if (content.kind === 'unreadable') return openFailure(script, content.code, content.code);
  if (emptyRuns && content.bytes.length === 0) return undefined;
  const head = parseHead(content.bytes);
  const failure = headFailure(script, head, calledBy);
  if (failure !== undefined || host === null || head.kind !== 'line') return failure;
  return interpreterFailure(script, head.line.words, host);
}

function entryFailure(
  script: string,
  entry: Exclude<Entry, { readonly kind: 'file' }>,
): SpawnFailure {
  switch (entry.kind) {
    case 'missing':
    case 'dangling':
      return openFailure(script, 'ENOENT', '');
    case 'loop':
      return openFailure(script, 'ELOOP', '');
    case 'unreadable':
      return openFailure(script, entry.code, entry.code);
    case 'folder':
    case 'other':
      return notAFileFailure(script);
  }
}

function interpreterFailure(
  script: string,
  [interpreter = 'sh']: readonly string[],
  host: Host,
): SpawnFailure | undefined {
  const names = [interpreter, nameElsewhere(interpreter)].filter((name) => name !== undefined);
  if (names.some((name) => host.finds(name, dirname(script)))) return undefined;
  const why = interpreter.includes('/') ? 'does not exist' : 'is not on the PATH';
  return { code: 'ENOENT', message: `${interpreterInWords(interpreter, script)} ${why}.` };
}

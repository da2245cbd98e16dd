import { dirname } from 'node:path';
import type { HeadFlaw, InterpreterLine } from '../model/interpreter.ts';
import {
  headLength,
  intendedLine,
  nameElsewhere,
  onlyCommand,
  parseHead,
} from '../model/interpreter.ts';
import type { ProblemCode } from '../model/problem.ts';
import { show } from '../schema/schema.ts';
import { noteAbsolutePrograms, searchedLength } from './absolute-programs.ts';
import { noFile } from './reading.ts';
import type { Reading } from './reading.ts';

/**
 * Examines a script, and reports what keeps it from running or will do so on this machine. It executes nothing.
 *
 * @returns whether there is a file at all.
 */
export function inspectScriptFile(
  reading: Reading,
  path: string,
  ifFolder: 'run-is-a-folder' | 'script-is-a-folder',
): boolean {
  const entry = reading.look(path, 'it cannot be run');
  if (entry.kind === 'folder' || entry.kind === 'other') {
    const code = entry.kind === 'folder' ? ifFolder : 'unreadable';
    reading.tell(code, path, `${noFile(entry.kind)}; it cannot be run`, {
      remedy: 'Put a script in its place.',
    });
  }
  if (entry.kind !== 'file') return false;
  if (!entry.executable) {
    reading.tell('not-executable', path, 'is not executable; its interpreter runs it', {
      remedy: `Make it executable: chmod +x ${path}`,
    });
  }
  const content = reading.files.read(path, searchedLength);
  if (content.kind === 'bytes') {
    examineHead(reading, path, content.bytes.subarray(0, headLength));
    // The library resolves the interpreter line itself.
    noteAbsolutePrograms(reading, path, content.bytes, 'without its interpreter line');
  } else reading.tellUnreadable(path, content.code, 'it cannot be run');
  return true;
}

function examineHead(reading: Reading, path: string, bytes: Uint8Array): void {
  const head = parseHead(bytes);
  if (head.kind === 'binary') return;
  if (head.flaw !== undefined) {
    const { code, says, remedy, line = 1 } = flawOf(head.flaw, bytes);
    reading.tell(code, path, says, { line, remedy });
  }
  if (head.kind === 'line') examineInterpreter(reading, path, head.line);
}

interface Flaw {
  readonly code: ProblemCode;
  readonly says: string;
  readonly remedy: string;
  /** The number of its line. Default: 1. */
  readonly line?: number;
}

/** A flaw with its words; those of a missing interpreter line go by the line that was meant. */
function flawOf(flaw: HeadFlaw, bytes: Uint8Array): Flaw {
  const known = flaws[flaw];
  if (flaw !== 'absent') return known;
  const intended = intendedLine(bytes);
  if (intended === undefined) {
    const command = onlyCommand(bytes);
    if (command === undefined) return known;
    return { ...known, remedy: `Let it have two lines: #!/bin/sh, and then exec ${command}` };
  }
  const { text, line, misspelt } = intended;
  if (text.endsWith('with-contenv') && misspelt === undefined && line === 1)
    return incomplete(text);
  if (misspelt === undefined) {
    return {
      ...known,
      says: `has something before its interpreter line ${show(text)}, so that the system does not see it; sh runs it`,
      remedy: 'Remove what is before it: let the first two bytes of the script be #!.',
      line,
    };
  }
  return {
    ...known,
    says: `begins with ${show(misspelt)}, which is no interpreter line; sh runs it`,
    remedy: `Let its first line be ${text}`,
  };
}

function incomplete(text: string): Flaw {
  const says = `names no interpreter after ${show(text)}; sh runs it`;
  return { ...flaws.absent, says, remedy: `Name one, as in ${text} sh` };
}

const flaws: Readonly<Record<HeadFlaw, Flaw>> = {
  crlf: {
    code: 'interpreter-crlf',
    says: 'has an interpreter line that ends in CRLF, and no interpreter has a name with a CR in it',
    remedy: 'Save the script with LF line ends.',
  },
  bom: {
    code: 'interpreter-bom',
    says: 'begins with a byte order mark, so that the system sees no interpreter line',
    remedy: 'Save the script as UTF-8 without a byte order mark.',
  },
  late: {
    code: 'interpreter-late',
    says: 'has blanks or blank lines before its interpreter line, so that the system does not see it; it cannot be run',
    remedy: 'Remove them: let the first two bytes of the script be #!.',
  },
  absent: {
    code: 'interpreter-absent',
    says: 'names no interpreter; sh runs it',
    remedy: 'Begin it with a line such as #!/bin/sh.',
  },
  empty: {
    code: 'script-empty',
    says: 'is empty; there is nothing to run',
    remedy: 'Write it, or remove it.',
  },
};

const interpreterRemedy =
  'Install it or name another, unless the tree is for another machine that has it.';

function examineInterpreter(reading: Reading, path: string, line: InterpreterLine): void {
  if (reading.host === null) return;
  const folder = dirname(path);
  for (const program of programsOf(line)) {
    const elsewhere = nameElsewhere(program);
    if (reading.host.finds(program, folder)) continue;
    if (elsewhere !== undefined && reading.host.finds(elsewhere, folder)) continue;
    const there = program.includes('/') ? 'is not there or not executable' : 'is not on PATH';
    const where = elsewhere === undefined ? there : `${there}, nor is one on PATH`;
    const words = /[ \t]/.test(program) ? ' (to the system that is one word)' : '';
    const says = `names the interpreter ${show(program)}, which ${where}${words}`;
    reading.tell('interpreter-missing', path, says, { line: 1, remedy: interpreterRemedy });
    return;
  }
}

/** The programs that must exist: the interpreter, and the one that `env` looks up on PATH. */
function programsOf({ words }: InterpreterLine): readonly string[] {
  const [interpreter, argument] = words;
  if (interpreter === undefined) return [];
  const looksUp = /(^|\/)env$/.test(interpreter) && argument !== undefined;
  return looksUp && !/^-|=/.test(argument) ? [interpreter, argument] : [interpreter];
}

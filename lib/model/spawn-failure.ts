import type { HeadFlaw, ScriptHead } from './interpreter.ts';

/** Why a process cannot be run. */
export interface SpawnFailure {
  /** The system's code: `ENOENT`, `EACCES`, `EMFILE` ... */
  readonly code: string;
  /** What is missing or wrong: a sentence with a subject of its own. */
  readonly message: string;
}

/** A failure in words, after the words for what cannot be run: `cannot be run: /bin/none does not exist`. */
export function cannotBeRun({ message }: Pick<SpawnFailure, 'message'>): string {
  // It becomes part of a sentence.
  return `cannot be run: ${message.replace(/\.$/, '')}`;
}

/** The exit code of a program that cannot be run: 127 when it does not exist, else 126 (shells, s6). */
export function exitCodeOfFailure({ code }: Pick<SpawnFailure, 'code'>): number {
  return code === 'ENOENT' ? 127 : 126;
}

/**
 * Why a script with this beginning cannot be run: an interpreter line that the kernel would not find or would misread, or
 * nothing to run. A script without an interpreter line runs through `sh` (s6-overlay v3), where an empty one does nothing; an
 * empty script of a service cannot be run (s6).
 */
export function headFailure(
  script: string,
  head: ScriptHead,
  calledBy: 'name' | 'path',
): SpawnFailure | undefined {
  if (head.kind === 'binary') return undefined;
  const isEmpty = head.flaw === 'empty' && calledBy === 'name';
  const flaw = isEmpty ? 'it is empty.' : flaws[head.flaw ?? 'absent'];
  return flaw === undefined ? undefined : { code: 'ENOEXEC', message: `${script}: ${flaw}` };
}

/** The flaws that keep a script from running. */
const flaws: Readonly<Record<HeadFlaw, string | undefined>> = {
  crlf: 'its interpreter line ends in CRLF, so the system looks for an interpreter whose name ends in a carriage return. Save it with LF line ends.',
  bom: 'it begins with a byte order mark, so the system sees no interpreter line. Save it as UTF-8 without one.',
  late: 'its interpreter line is not at the very beginning, so the system does not see it. Make #! its first two bytes.',
  absent: undefined,
  empty: undefined,
};

/** Why a script cannot be run that the system does not open, by the system's error code and message. */
export function openFailure(script: string, code: string, message: string): SpawnFailure {
  return { code, message: `${script} ${reasons[code] ?? `cannot be read: ${message}`}` };
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist, or is a link without a target.',
  ENOTDIR: 'does not exist: a part of its path is not a folder.',
  EACCES: 'cannot be read: permission denied.',
  ELOOP: 'is a link that leads to itself.',
  ENXIO: 'is not a file.',
};

/** Why a folder, a FIFO or a device cannot be run as a script. */
export function notAFileFailure(script: string): SpawnFailure {
  return { code: 'EACCES', message: `${script} is not a file.` };
}

/** The interpreter of a script, as the subject of a message. */
export function interpreterInWords(interpreter: string, script: string): string {
  return `the interpreter ${interpreter} of ${script}`;
}

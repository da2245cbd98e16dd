import { accessSync, constants, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { basename, delimiter, resolve } from 'node:path';
import type { ExecPlan } from './exec-plan.ts';
import type { SpawnFailure } from '../../model/spawn-failure.ts';
import { longestArgument } from '../../model/argument-limit.ts';
import type { Command } from '../../model/program.ts';
import { interpreterInWords } from '../../model/spawn-failure.ts';

/**
 * Why a spawn failed, in words: the system says only `ENOENT`, not what does not exist. The reason is searched for after the
 * failure, so that a successful spawn costs nothing extra.
 */
export function explainFailure(error: unknown, command: Command, plan: ExecPlan): SpawnFailure {
  const { code = 'EIO', message } = error as NodeJS.ErrnoException;
  const badDirectory = absences.has(code) ? directoryFailure(plan) : undefined;
  if (badDirectory !== undefined) return badDirectory;
  const reason = reasonFor(code, command, plan);
  return { code: systemCodes[code] ?? code, message: reason ?? message };
}

/** A failure of something that a spawn needs; `what` is the subject of the message. */
export function failureOf(what: string, error: unknown): SpawnFailure {
  const { code = 'EIO', message } = error as NodeJS.ErrnoException;
  return { code, message: `${what}: ${message.replace(/\.$/, '')}.` };
}

/** The codes for what does not exist or is not of the right kind. */
const absences: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EACCES']);

/** Node's own codes for arguments that the system would not accept either. */
const systemCodes: Readonly<Record<string, string>> = { ERR_INVALID_ARG_VALUE: 'EINVAL' };

function reasonFor(code: string, command: Command, plan: ExecPlan): string | undefined {
  if (absences.has(code)) return missing(command, plan);
  switch (code) {
    case 'E2BIG':
      return tooLarge(plan);
    case 'EAGAIN':
      return 'the system allows no further process: the limit of processes is reached.';
    case 'EMFILE':
      return 'this process has too many open files.';
    case 'ENFILE':
      return 'the system has too many open files.';
    case 'EBADF':
    case 'EINVAL':
      return beyondLimit(command);
    case 'EPERM':
      return `this process may not run anything as '${command.user ?? ''}'.`;
    case 'ERR_INVALID_ARG_VALUE':
      return 'there is a NUL in its arguments, its environment or its path.';
    default:
      return undefined;
  }
}

function missing({ program }: Command, plan: ExecPlan): string {
  const { file, environment } = plan;
  const isInterpreter = 'script' in program && !isScriptItself(file, program.script);
  const what = isInterpreter ? interpreterInWords(file, program.script) : file;
  const candidates = candidatesOf(plan);
  if (candidates.some(canRun)) {
    return `the interpreter or loader of ${what} does not exist.`;
  }
  if (candidates.some(exists)) return `${what} is not executable.`;
  if (file.includes('/')) return `${what} does not exist.`;
  return environment['PATH'] === undefined
    ? `${what} is not found: its environment has no PATH.`
    : `${what} is not on its PATH ${environment['PATH']}.`;
}

/** The paths where the program of a process is looked for. */
function candidatesOf({ file, directory, environment }: ExecPlan): readonly string[] {
  const folders = (environment['PATH'] ?? '').split(delimiter);
  const places = file.includes('/') ? [''] : folders;
  return places.map((folder) => resolve(directory ?? '.', folder, file));
}

/** Whether the program of a process is nowhere where it is looked for, or cannot be executed there. */
export function isNotFound(plan: ExecPlan): boolean {
  // Without a PATH, each program has a default of its own.
  if (plan.environment['PATH'] === undefined && !plan.file.includes('/')) return false;
  return !candidatesOf(plan).some(canRun);
}

/**
 * What is wrong with the working directory, if anything. A process changes to it before it looks for its program; but along
 * a PATH the search goes on, and the final error may be about something else.
 */
function directoryFailure({ directory }: ExecPlan): SpawnFailure | undefined {
  if (directory === undefined || isFolder(directory)) return undefined;
  const message = `its working directory ${directory} does not exist, or is no folder.`;
  return { code: exists(directory) ? 'ENOTDIR' : 'ENOENT', message };
}

/** Whether the script itself is executed. */
function isScriptItself(file: string, script: string): boolean {
  return file === script || file === `./${basename(script)}`;
}

function beyondLimit({ notificationFd }: Command): string | undefined {
  if (notificationFd === undefined) return undefined;
  return `its notification-fd ${String(notificationFd)} is beyond the limit of open files.`;
}

/** What is too large, and which part of it is the largest. In bytes, as the system counts them: with NUL. */
function tooLarge({ args, environment }: ExecPlan): string {
  const variables = Object.entries(environment).map(([name, text]) => ({
    what: `the variable ${name}`,
    size: Buffer.byteLength(`${name}=${text}`) + 1,
  }));
  const words = args.map((text, index) => ({
    what: `argument ${String(index + 1)}`,
    size: Buffer.byteLength(text) + 1,
  }));
  const parts = [...variables, ...words];
  const { what, size } = parts.reduce((a, b) => (b.size > a.size ? b : a), none);
  if (size > longestArgument) {
    return `${what} is too large: it has ${String(size)} bytes, and the system allows ${String(longestArgument)} for each.`;
  }
  const all = parts.reduce((sum, part) => sum + part.size, 0);
  return `its arguments and its environment are too large: they have ${String(all)} bytes, more than the system allows (Linux: a quarter of the stack limit, at most 6 MiB); the largest of them is ${what} with ${String(size)} bytes.`;
}

const none = { what: 'nothing', size: 0 };

function exists(path: string): boolean {
  return stat(path) !== undefined;
}

function isFolder(path: string): boolean {
  return stat(path)?.isDirectory() ?? false;
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return !isFolder(path);
  } catch {
    return false;
  }
}

function stat(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

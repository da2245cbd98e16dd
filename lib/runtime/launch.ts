import { readFileSync } from 'node:fs';
import type { Environment } from './environment.ts';
import type { RuntimeDirectory } from './runtime-directory.ts';
import type { Execution } from './script.ts';
import { failure, findProgram, inspectScript } from './script.ts';
import { parseAccounts, resolveAccount } from '../model/accounts.ts';
import type { Command } from '../model/program.ts';

/** The variable that leads scripts to the runtime directory, and by which runaways are found. */
export const runtimeVariable = 'STAGEKEEPER_RUNTIME';

/** The PATH of s6-overlay's minimal environment. */
const minimalPath = '/usr/bin:/usr/sbin:/bin:/sbin';

/** What a process is given beside its descriptors. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
}

/** Where the environment of scripts comes from. */
export interface LaunchSource {
  readonly environment: Environment;
  readonly runtimeDirectory: RuntimeDirectory;
  readonly keepEnvironment: boolean;
}

/**
 * Finds out what exactly is to be executed for a command, and in which surroundings, as everything stands now.
 *
 * @throws SpawnFailure when it cannot be executed.
 */
export function prepareLaunch(command: Command, source: LaunchSource): Launch {
  const { program } = command;
  const script = 'script' in program ? inspectScript(program.script, command.calledBy) : undefined;
  const directory =
    script?.directory ?? ('directory' in program ? program.directory : undefined) ?? process.cwd();
  const environment = environmentFor(command, script, source);
  const words =
    'script' in program
      ? [...(script?.words ?? []), script?.path ?? program.script, ...command.args]
      : [...program.command, ...command.args];
  const [file, ...args] = words;
  if (file === undefined) throw failure('EINVAL', `${command.name} has an empty command.`);
  requireProgram(command, file, environment['PATH'] ?? minimalPath, directory);
  return { file, args, directory, environment, ...ownerOf(command) };
}

function environmentFor(
  command: Command,
  script: Execution | undefined,
  { environment, runtimeDirectory, keepEnvironment }: LaunchSource,
): Readonly<Record<string, string>> {
  const minimal = !keepEnvironment && script?.containerEnvironment !== true;
  const base = minimal
    ? { PATH: minimalPath }
    : { ...Object.fromEntries(environment.entries()), [runtimeVariable]: runtimeDirectory.path };
  return { ...base, ...command.environment };
}

/** The system says only that something is missing: say what. */
function requireProgram(command: Command, file: string, path: string, directory: string): void {
  const { program } = command;
  if ('script' in program && file.startsWith('./')) return;
  if (findProgram(file, path, directory) !== undefined) return;
  const where = file.includes('/')
    ? 'is not there or cannot be executed'
    : `is not on the PATH ${path}`;
  const whose = 'script' in program ? `the interpreter of ${program.script}, ${file},` : `${file}`;
  throw failure('ENOENT', `${command.name} cannot be run: ${whose} ${where}.`);
}

function ownerOf({ name, user }: Command): { uid?: number; gid?: number } {
  if (user === undefined) return {};
  const owner = resolveAccount(parseAccounts(readOr('/etc/passwd'), readOr('/etc/group')), user);
  if (owner !== undefined) return owner;
  throw failure('EINVAL', `${name} cannot be run: there is no account '${user}'.`);
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

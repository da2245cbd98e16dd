import type { Environment } from './environment.ts';
import type { RuntimeDirectory } from './runtime-directory.ts';
import { readAccounts } from './read-accounts.ts';
import type { Execution } from './script.ts';
import { inspectScript } from './script.ts';
import { withStandIns } from './stand-ins.ts';
import type { SpawnFailure } from './spawner.ts';
import type { AccountIds } from '../model/accounts.ts';
import { resolveAccount } from '../model/accounts.ts';
import type { Command } from '../model/program.ts';

/** What exactly is executed, and in which surroundings. */
export interface Launch {
  /** The program, looked up on the PATH of `environment` if it has no slash. */
  readonly file: string;
  readonly args: readonly string[];
  /** The working directory; `undefined`: the host's. */
  readonly directory: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** Whom it runs as. Node drops all supplementary groups when it changes the user, and the group stays if none is named. */
  readonly account: AccountIds;
}

/** Where the environment of processes comes from. */
export interface LaunchSource {
  readonly environment: Environment;
  readonly runtimeDirectory: RuntimeDirectory;
  /** Whether commands, and scripts without `with-contenv`, get the container environment too; if not, a PATH alone (s6-overlay). */
  readonly keepEnvironment: boolean;
}

/** The setting by which scripts find the runtime directory, and we find those of our processes that ran away. */
export function markerOf({ runtimeDirectory }: Pick<LaunchSource, 'runtimeDirectory'>): {
  readonly name: string;
  readonly value: string;
} {
  return { name: 'STAGEKEEPER_RUNTIME', value: runtimeDirectory.path };
}

/** Finds out what is to be executed for a command, as everything stands now. */
export function prepareLaunch(command: Command, source: LaunchSource): Launch | SpawnFailure {
  const execution = executionOf(command);
  if ('code' in execution) return execution;
  const account = accountOf(command);
  if (account === undefined) {
    const message = `there is no account '${command.user ?? ''}' on this system.`;
    return { code: 'EINVAL', message };
  }
  const { file, args, directory } = execution;
  return { file, args, directory, environment: environmentOf(command, execution, source), account };
}

type Start = Omit<Execution, 'directory'> & { readonly directory: string | undefined };

function executionOf({ program, calledBy, args }: Command): Start | SpawnFailure {
  if ('script' in program) return inspectScript(program.script, calledBy, args);
  const [file, ...words] = program.command;
  if (file === undefined) return { code: 'EINVAL', message: 'its command has no words.' };
  const { directory } = program;
  return { file, args: [...words, ...args], directory, containerEnvironment: false };
}

/** The PATH that is all the environment of scripts which keep none (s6-overlay). */
const minimalPath = '/usr/bin:/usr/sbin:/bin:/sbin';

function environmentOf(
  command: Command,
  { containerEnvironment }: Start,
  source: LaunchSource,
): Readonly<Record<string, string>> {
  if (!source.keepEnvironment && !containerEnvironment) {
    const path = withStandIns(minimalPath, source.runtimeDirectory);
    return { PATH: path, ...command.environment };
  }
  const { name, value } = markerOf(source);
  const given = Object.fromEntries(source.environment.entries());
  const path = given['PATH'];
  // It stands last: without it, who runs away would not be found.
  return {
    ...given,
    ...(path !== undefined && { PATH: withStandIns(path, source.runtimeDirectory) }),
    ...command.environment,
    [name]: value,
  };
}

function accountOf({ user }: Command): AccountIds | undefined {
  return user === undefined ? {} : resolveAccount(readAccounts(), user);
}

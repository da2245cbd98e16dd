import type { Environment } from '../variables/environment.ts';
import type { Variables } from '../variables/environment-readings.ts';
import { markerName } from '../variables/environment-readings.ts';
import type { RuntimeDirectory } from '../directory/runtime-directory.ts';
import { missingAccounts, readCredentials } from '../os/read-accounts.ts';
import type { AccountChange } from './change-account.ts';
import { AccountChanges } from './change-account.ts';
import type { Execution } from './shebang.ts';
import { inspectScript } from './shebang.ts';
import type { ScriptInterface } from '../script-interface/script-interface.ts';
import { withShims } from '../script-interface/shims.ts';
import { sharesTerminal } from '../os/terminal.ts';
import type { SpawnFailure } from '../../model/spawn-failure.ts';
import type { Command } from '../../model/program.ts';

/** What is executed, and with which account, environment and working directory. */
export interface ExecPlan {
  /** The program, looked up on the PATH of `environment` if it has no slash. */
  readonly file: string;
  readonly args: readonly string[];
  /** The working directory; `undefined`: the host's. */
  readonly directory: string | undefined;
  readonly environment: Variables;
  /** How it gets the account that it runs as; without `ids` and `program` it keeps the host's. */
  readonly account: AccountChange;
  /** Whether it stays in the host's session and process group, to keep the terminal. */
  readonly withHost: boolean;
}

/** What the plans of all processes use. */
export interface ExecPlanSource {
  readonly environment: Environment;
  readonly runtimeDirectory: RuntimeDirectory;
  /**
   * Whether commands, and scripts without `with-contenv`, get the container environment too; if not, they get only PATH
   * (s6-overlay). The host's command always gets it (s6-overlay v2).
   */
  readonly keepEnvironment: boolean;
  /** What else scripts find in the runtime directory. */
  readonly scriptInterface?: ScriptInterface;
  /** How processes change their account. Default: in the usual way, and problems are dropped. */
  readonly accounts?: AccountChanges;
}

/**
 * Determines what is executed for a command, from the files as they are now.
 *
 * @param variables - The container environment for the process, with the shims on PATH and the marker.
 */
export function planExec(
  command: Command,
  source: ExecPlanSource,
  variables: Variables,
): ExecPlan | SpawnFailure {
  const execution = executionOf(command, variables);
  if ('code' in execution) return execution;
  const account = accountOf(command, source);
  if (account === undefined) {
    const missing = missingAccounts();
    const why = missing === undefined ? '' : ` (${missing})`;
    const message = `there is no account '${command.user ?? ''}' on this system${why}.`;
    return { code: 'EINVAL', message };
  }
  const { file, args, directory } = execution;
  const isGiven = source.keepEnvironment || execution.containerEnvironment;
  const environment = environmentOf(command, isGiven ? variables : minimum(source));
  const withHost = command.foreground === true && sharesTerminal();
  return { file, args, directory, environment, account, withHost };
}

type Start = Omit<Execution, 'directory'> & { readonly directory: string | undefined };

function executionOf(
  { program, calledBy, args, foreground = false }: Command,
  variables: Variables,
): Start | SpawnFailure {
  if ('script' in program) return inspectScript(program.script, calledBy, args);
  const first = foreground ? wordsBefore(variables) : [];
  const [file, ...words] = [...first, ...program.command];
  if (file === undefined) return { code: 'EINVAL', message: 'its command has no words.' };
  const { directory } = program;
  return { file, args: [...words, ...args], directory, containerEnvironment: foreground };
}

/** The words before the host's command: split at blanks, without quoting (s6-overlay v3). */
function wordsBefore(variables: Variables): readonly string[] {
  const text = variables['S6_CMD_ARG0']?.trim() ?? '';
  return text === '' ? [] : text.split(/\s+/);
}

/** The whole environment of scripts without the container environment: only PATH (s6-overlay). */
function minimum({ runtimeDirectory }: ExecPlanSource): Variables {
  return { PATH: withShims('/usr/bin:/usr/sbin:/bin:/sbin', runtimeDirectory) };
}

/** The command cannot replace the marker: without it, a daemonized process would not be found. */
function environmentOf({ environment = {} }: Command, variables: Variables): Variables {
  if (Object.keys(environment).length === 0) return variables;
  const marker = variables[markerName];
  return {
    ...variables,
    ...environment,
    ...(marker !== undefined && { [markerName]: marker }),
  };
}

function accountOf(
  { user, name }: Command,
  { accounts = new AccountChanges() }: ExecPlanSource,
): AccountChange | undefined {
  if (user === undefined) return {};
  const wanted = readCredentials(user);
  return wanted && accounts.to(wanted, user, name);
}

import { OptionsError } from '../errors.ts';
import { resolve } from 'node:path';
import type {
  CatchAll,
  ServiceOverrides,
  Timeouts,
  TreeOptions,
} from '../machine/tree/tree-options.ts';
import type { Output } from '../model/program.ts';
import type { Problem } from '../model/problem.ts';
import type { Backoff } from '../model/tree.ts';
import { catchAllName, serviceDefaults } from '../model/tree.ts';
import type { Clock } from '../engine/clock.ts';
import type { Spawner } from '../engine/spawner.ts';
import * as z from '../schema/schema.ts';
import { optionsSchema } from './options-schema.ts';
import type { VariableValues } from './variables.ts';
import { readSettingVariables, readVariablesAgain } from './variables.ts';

/** How a supervisor behaves. Every option is optional. */
export interface SupervisorOptions {
  /**
   * What happens when an init script fails. `continue`: the other scripts and the services still run. `warn`: the same, and
   * the supervisor reports a problem. `stop`: no further script or service starts, the finish stage runs, and the script's exit
   * code becomes the verdict's. Default: the value of `S6_BEHAVIOUR_IF_STAGE2_FAILS` (0, 1, 2), else `continue` (s6-overlay).
   */
  readonly onInitFailure?: 'continue' | 'warn' | 'stop';
  /** Options for single services, by name; a logger's name is `web/log`. Default: none. */
  readonly services?: Readonly<Record<string, ServiceOptions>>;
  /**
   * Where the output of scripts and of services without a logger goes: the host's own stdout and stderr (`inherit`), `output`
   * events line by line (`lines`), or nowhere (`ignore`). Default: `inherit` (s6).
   */
  readonly output?: Output;
  /**
   * Whether a logger catches the output that would otherwise go to the host's own output: that of scripts, of services without
   * a logger, and the stderr of all services. 0: no. 1: yes, except the output of the command of `run()`. 2: all of it. An
   * `output` of `lines` or `ignore` takes precedence. The logger is a service, `s6-svscan-log`, which starts before everything
   * else, stops last, and writes to `loggingDirectory`. Default: the value of `S6_LOGGING`, else 0 (s6-overlay v2).
   */
  readonly logging?: 0 | 1 | 2;
  /**
   * The folder for the caught output. The supervisor makes it if it is missing, and removes what an earlier log left in it.
   * Default: `/var/log/s6-uncaught-logs` (s6-overlay v2).
   */
  readonly loggingDirectory?: string;
  /**
   * The script of s6-log that `logutil-service`, and so the logger of caught output, uses. It sets the variable
   * `S6_LOGGING_SCRIPT` of the container environment. Default: the value of that variable, else `n20 s1000000 T` (s6-overlay v2).
   */
  readonly loggingScript?: string;
  /**
   * The profile to load instead of the tree: the folder `cont-profile.d/<profile>` of its root, a whole tree. A stage that it
   * lacks does not run. For `Supervisor.load()` only. Default: the value of `S6_RUNTIME_PROFILE`, else none (s6-overlay v2).
   */
  readonly profile?: string;
  /**
   * Whether the root is read-only. If it is, the supervisor copies its four folders to the folder `etc` of the runtime
   * directory before it runs anything, runs everything from there, makes the scripts in the copy executable, and removes the
   * copy at the end. Default: the value of `S6_READ_ONLY_ROOT`, else false (s6-overlay v2).
   */
  readonly readOnlyRoot?: boolean;
  /** Whether a tree with warnings is rejected with a TreeError, for tests and CI. Default: false. */
  readonly strict?: boolean;
  /** Whether scripts without `with-contenv` get the environment, too, not a PATH alone (s6-overlay). Default: the value of `S6_KEEP_ENV`, else true. */
  readonly keepEnvironment?: boolean;
  /**
   * The folder for the files of one run (rules: `RuntimeDirectoryError`). Variables in it are readable by root and the host's account
   * alone, but in `/run/s6` (s6-overlay). Default: a private one in `/run` (root), `$XDG_RUNTIME_DIR` (others) or the temporary directory.
   */
  readonly runtimeDirectory?: string;
  /** Time limits, in milliseconds; 0: no limit. Default of each: the `S6_*` variable of the same purpose, else s6-overlay's value. */
  readonly timeouts?: Partial<Timeouts>;
  /** Whether the recursion of `fix-attrs.d` rules includes hidden files. Default: the value of `S6_FIX_ATTRS_HIDDEN`, else false (s6-overlay). */
  readonly fixHiddenAttrs?: boolean;
  /**
   * Whether a guard, a small shell process, ends the tree's processes within a second when a signal ends the host, even KILL.
   * With false, and where no shell can be started, `process.emit` is replaced and every signal that ends a process is listened to
   * while processes live; KILL then leaves them. In a Worker thread the guard always runs: nothing else ends them when the thread
   * is terminated or the process exits. The main thread of process 1 needs none. Default: true (this library).
   */
  readonly guard?: boolean;
  /**
   * Whether the supervisor reaps orphans that are reparented to this process; that needs Linux and the optional package `koffi`.
   * It reports a `zombies` problem when reaping is needed but not possible. Only the main thread can reap: in a Worker thread
   * `true` is an `OptionsError`. Default: true when this process is process 1 or a child subreaper, else false (this library).
   */
  readonly reap?: boolean;
  /**
   * Whether the supervisor synchronises the disks (`sync`) at the very end, after the last process has exited. It waits for that
   * at most `timeouts.kill`, and at least a second. Default: true when `S6_SYNC_DISKS` is 1, else false (s6-overlay v2).
   */
  readonly syncDisks?: boolean;
  /** The port for time. Default: the system's clock. */
  readonly clock?: Clock;
  /**
   * The port for processes, or how real processes are started. `node`: through Node, which blocks the host for longer the more
   * memory the host holds. `native`: through the system's `posix_spawn`, which is faster and independent of the host's memory; it
   * needs Linux, the optional package `koffi` and the main thread (otherwise it is an `OptionsError`), and processes under another
   * `user` are still started through Node, unless it has supplementary groups. Default: `node`, except that the command of `run()` uses `native` where it is
   * available, because Node does not report an exit by a real-time signal.
   */
  readonly spawner?: Spawner | 'native' | 'node';
}

/** Options for one service. They replace what its files say. */
export interface ServiceOptions extends Omit<ServiceOverrides, 'backoff'> {
  /** A delay that grows with each restart in a row. Default: none, which leaves the pause of one second between two starts (s6). */
  readonly backoff?: BackoffOptions;
}

/** A backoff in which every field with a default is optional. */
export type BackoffOptions = Pick<Backoff, 'first'> & Partial<Backoff>;

/** The options with every default filled in. */
export interface Settings extends TreeOptions {
  readonly strict: boolean;
  readonly keepEnvironment: boolean;
  readonly runtimeDirectory: string | undefined;
  readonly fixHiddenAttrs: boolean;
  readonly waitForServices: boolean;
  /** Whether signals go to the command while it runs (`S6_CMD_RECEIVE_SIGNALS`). */
  readonly passSignalsOn: boolean;
  readonly guard: boolean;
  readonly reap: boolean | undefined;
  readonly loggingScript: string | undefined;
  readonly syncDisks: boolean;
  readonly clock: Clock | undefined;
  readonly spawner: Spawner | 'native' | 'node' | undefined;
  /** Reads the late settings from the variables that hold at the time of the call. */
  readonly by: (variables: Variables) => LateSettings;
  /** A problem for each variable with an invalid value; its default applies. */
  readonly problems: readonly Problem[];
}

/** The settings that init scripts can still change through the container environment. An invalid value there changes nothing. */
export type LateSettings = Pick<
  Settings,
  'timeouts' | 'waitForServices' | 'syncDisks' | 'problems'
>;

/** The defaults of the time limits, in milliseconds (s6-overlay v2; `readiness` as in s6-overlay from 3.2.0.0). */
const timeoutDefaults: Timeouts = {
  init: 0,
  readiness: 0,
  services: 3000,
  finish: 5000,
  kill: 3000,
};

type Variables = Readonly<Record<string, string | undefined>>;

type Defaults = Required<
  Pick<SupervisorOptions, 'output' | 'loggingDirectory' | 'strict'> &
    Omit<VariableValues, 'timeouts'>
>;

/** The defaults of the other options (s6-overlay v2, except `keepEnvironment`: this library). */
const defaults: Defaults = {
  onInitFailure: 'continue',
  output: 'inherit',
  logging: 0,
  loggingDirectory: '/var/log/s6-uncaught-logs',
  strict: false,
  keepEnvironment: true,
  fixHiddenAttrs: false,
  waitForServices: false,
  passSignalsOn: false,
  syncDisks: false,
  readOnlyRoot: false,
};

/** Validates the options and fills in the missing ones: from `S6_*` variables first, then from the defaults. */
export function resolveOptions(options: SupervisorOptions, variables: Variables): Settings {
  const parsed = z.parse(optionsSchema(), options, { showInput: true });
  if (!parsed.success) {
    const lines = z.explain(parsed.error).map((line) => `\n  ${line}`);
    throw new OptionsError(`The supervisor's options cannot be used:${lines.join('')}`);
  }
  const read = readSettingVariables(variables);
  const given = present(parsed.data);
  const chosen = { ...defaults, ...read.values, ...given };
  const late = ({ values, problems }: typeof read): LateSettings => ({
    timeouts: { ...timeoutDefaults, ...values.timeouts, ...present(given.timeouts ?? {}) },
    waitForServices: values.waitForServices ?? defaults.waitForServices,
    syncDisks: given.syncDisks ?? values.syncDisks ?? defaults.syncDisks,
    problems,
  });
  return {
    onInitFailure: chosen.onInitFailure,
    output: chosen.output,
    services: Object.fromEntries(given.services ?? []) as Settings['services'],
    ...late(read),
    by: (now) => late(readVariablesAgain(now, variables)),
    strict: chosen.strict,
    keepEnvironment: chosen.keepEnvironment,
    runtimeDirectory: given.runtimeDirectory,
    fixHiddenAttrs: chosen.fixHiddenAttrs,
    passSignalsOn: chosen.passSignalsOn,
    guard: given.guard ?? true,
    reap: given.reap,
    catchAll: catchAllOf(chosen),
    loggingScript: given.loggingScript,
    readOnlyRoot: chosen.readOnlyRoot,
    clock: options.clock,
    spawner: options.spawner,
  };
}

function catchAllOf({ logging, loggingDirectory }: Defaults): CatchAll | undefined {
  if (logging === 0) return undefined;
  const directory = resolve(loggingDirectory);
  const run = { command: ['logutil-service', directory] };
  const spec = { ...serviceDefaults, name: catchAllName, run };
  return { spec, directory, takesCommand: logging === 2 };
}

/**
 * The same for a tree that is given as data and not loaded from a folder.
 *
 * @throws OptionsError also when the options name a profile.
 */
export function resolveOptionsForData(
  ...[options, variables]: Parameters<typeof resolveOptions>
): Settings {
  if (options.profile === undefined) return resolveOptions(options, variables);
  const message = 'A profile is chosen when a tree is loaded: give it to Supervisor.load().';
  throw new OptionsError(message);
}

/** The entries that have a value: an option set to `undefined` counts as missing. */
function present<T extends object>(values: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof T]: Exclude<T[Key], undefined> };
}

import { OptionsError } from './errors.ts';
import { resolve } from 'node:path';
import type { CatchAll, ServiceOverrides, Timeouts, TreeOptions } from './machine/tree-options.ts';
import type { Output } from './model/program.ts';
import type { Problem } from './model/problem.ts';
import type { Backoff } from './model/tree.ts';
import { catchAllName, serviceDefaults } from './model/tree.ts';
import type { Clock } from './runtime/clock.ts';
import type { Spawner } from './runtime/spawner.ts';
import { output, policies, someText } from './loader/policies.ts';
import { isProfileName } from './loader/profile.ts';
import { milliseconds } from './loader/values.ts';
import * as z from './schema.ts';
import type { VariableValues } from './variables.ts';
import { readVariables, readVariablesAgain } from './variables.ts';

/** How a supervisor behaves. Every option may be left out. */
export interface SupervisorOptions {
  /**
   * What a failing init script does. `continue`: the other scripts and the services run all the same; `warn`: so, and a
   * problem is told; `stop`: nothing further starts, the finish stage runs, and the script's exit code is the verdict's.
   * Default: what `S6_BEHAVIOUR_IF_STAGE2_FAILS` says (0, 1, 2), else `continue` (s6-overlay).
   */
  readonly onInitFailure?: 'continue' | 'warn' | 'stop';
  /** What to do differently with single services, by name; a logger's is `web/log`. Default: nothing. */
  readonly services?: Readonly<Record<string, ServiceOptions>>;
  /**
   * Where the output of scripts and of services without a logger goes: the host's own stdout and stderr, `output` events
   * line by line, or nowhere. Default: `inherit` (s6).
   */
  readonly output?: Output;
  /**
   * Whether a logger catches what would be the host's own output otherwise: that of scripts, of services without a logger, and
   * the stderr of all services; 0: no; 1: yes, but for that of the host's command; 2: all of it. Where an `output` is `lines`
   * or `ignore`, that stands. The logger is a service, `s6-svscan-log`: it is there before everything else, ends last of all,
   * and writes to `loggingDirectory`. Default: what `S6_LOGGING` says, else 0 (s6-overlay v2).
   */
  readonly logging?: 0 | 1 | 2;
  /**
   * The folder for what is caught. It is made if it is not there, and what an earlier log has left in it goes first. Default:
   * `/var/log/s6-uncaught-logs` (s6-overlay v2).
   */
  readonly loggingDirectory?: string;
  /**
   * How `logutil-service`, and so what is caught, is written, in s6-log's words; it is the variable `S6_LOGGING_SCRIPT` of the
   * container environment. Default: what that variable says, else `n20 s1000000 T` (s6-overlay v2).
   */
  readonly loggingScript?: string;
  /**
   * The profile to load in the tree's place: the folder `cont-profile.d/<profile>` of its root, which is a whole tree. What it
   * lacks does not run. For `Supervisor.load()` only. Default: what `S6_RUNTIME_PROFILE` says, else none (s6-overlay v2).
   */
  readonly profile?: string;
  /**
   * Whether the root cannot be written to: then its four folders are copied to the folder `etc` of the runtime directory before
   * anything runs, and everything runs from there. What is to be executed is made executable there. The copy is gone at the
   * end. Default: what `S6_READ_ONLY_ROOT` says, else false (s6-overlay v2).
   */
  readonly readOnlyRoot?: boolean;
  /** Whether a tree with warnings is refused, for tests and CI. Default: false. */
  readonly strict?: boolean;
  /**
   * Whether scripts without `with-contenv` see the environment too; if not, they get s6-overlay's minimal one, a PATH.
   * Default: what `S6_KEEP_ENV` says (0: no), else true (ours).
   */
  readonly keepEnvironment?: boolean;
  /** The folder for the container environment and other files of this life. Default: a private one under the system's temporary directory. */
  readonly runtimeDirectory?: string;
  /** Time limits, in milliseconds; 0: no limit. Each default is in the `S6_*` variable that it is named after, else s6-overlay's. */
  readonly timeouts?: Partial<Timeouts>;
  /** Whether the recursion of `fix-attrs.d` rules includes hidden files. Default: what `S6_FIX_ATTRS_HIDDEN` says, else false (s6-overlay). */
  readonly fixHiddenAttrs?: boolean;
  /**
   * Whether a guard, a shell of next to no memory, ends every process of the tree within a second when the host is killed, by
   * KILL even, or its Worker thread is terminated; in a Worker without a guard they live on then, and when the process exits.
   * The main thread of process 1 needs none. Default: true under `run()` and in a Worker, else false (this library).
   */
  readonly guard?: boolean;
  /**
   * Whether orphans that come to this process are reaped; that needs Linux and the optional package `koffi`. A `zombies`
   * problem tells where it is needed and impossible. Only the main thread can reap: in a Worker thread `true` is an
   * `OptionsError`. Default: whether this is process 1 or a child subreaper (this library).
   */
  readonly reap?: boolean;
  /**
   * Whether the disks are synchronised (`sync`) at the very end, after the last process. It may take `timeouts.kill`, and
   * a second at least. Default: whether `S6_SYNC_DISKS` is 1, else false (s6-overlay v2).
   */
  readonly syncDisks?: boolean;
  /** The port to time. Default: the system's clock. */
  readonly clock?: Clock;
  /**
   * The port to processes, or how real ones are started. `node`: as Node does, while the host stands still, and the longer
   * the more memory it holds. `native`: by the system's `posix_spawn`, which is faster, and as fast in a large host; that needs
   * Linux, the optional package `koffi` and the main thread (else it is an `OptionsError`), and a process under another `user`
   * is still started as Node does. Default: `node`, but `native` for the command of `run()` where that can be had, since Node
   * does not tell the end by a real-time signal.
   */
  readonly spawner?: Spawner | 'native' | 'node';
}

/** What to do differently with one service. */
export interface ServiceOptions extends Omit<ServiceOverrides, 'backoff'> {
  /** A growing delay before each restart in a row, instead of s6's throttle of one second. */
  readonly backoff?: BackoffOptions;
}

/** A backoff with its defaults left out. */
export type BackoffOptions = Pick<Backoff, 'first'> & Partial<Backoff>;

/** The options with every default filled in. */
export interface Settings extends TreeOptions {
  readonly strict: boolean;
  readonly keepEnvironment: boolean;
  readonly runtimeDirectory: string | undefined;
  readonly fixHiddenAttrs: boolean;
  readonly waitForServices: boolean;
  /** Whether signals go to the command while it runs. */
  readonly passSignalsOn: boolean;
  readonly guard: boolean | undefined;
  readonly reap: boolean | undefined;
  readonly loggingScript: string | undefined;
  readonly syncDisks: boolean;
  readonly clock: Clock | undefined;
  readonly spawner: Spawner | 'native' | 'node' | undefined;
  /** What is looked at when it is used, as it is where the variables are these by then. */
  readonly by: (variables: Variables) => Late;
  /** Variables that have a value which they cannot have; their defaults hold. */
  readonly problems: readonly Problem[];
}

/** The settings that init scripts may still change, by the container environment. What makes no sense in it changes none. */
export type Late = Pick<Settings, 'timeouts' | 'waitForServices' | 'syncDisks' | 'problems'>;

/** The defaults of the time limits, in milliseconds (s6-overlay v2). */
const timeoutDefaults: Timeouts = {
  init: 0,
  readiness: 5000,
  services: 3000,
  finish: 5000,
  kill: 3000,
};

type Variables = Readonly<Record<string, string | undefined>>;

type Defaults = Required<
  Pick<SupervisorOptions, 'output' | 'loggingDirectory' | 'strict'> &
    Omit<VariableValues, 'timeouts'>
>;

/** The defaults of all else that has one (s6-overlay v2, but for `keepEnvironment`). */
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

/** Validates the options and fills in what they leave out, from `S6_*` variables first, then from the defaults. */
export function settle(options: SupervisorOptions, variables: Variables): Settings {
  const parsed = z.examine(schema(), options, { showInput: true });
  if (!parsed.success) {
    const lines = z.explain(parsed.error).map((line) => `\n  ${line}`);
    throw new OptionsError(`The supervisor's options cannot be used:${lines.join('')}`);
  }
  const read = readVariables(variables);
  const given = present(parsed.data);
  const chosen = { ...defaults, ...read.values, ...given };
  const late = ({ values, problems }: typeof read): Late => ({
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
    guard: given.guard,
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
 * The same for a tree that is given as data, which is not looked for anywhere.
 *
 * @throws OptionsError when a profile of it is asked for.
 */
export function settleForData(...[options, variables]: Parameters<typeof settle>): Settings {
  if (options.profile === undefined) return settle(options, variables);
  const message = 'A profile is chosen when a tree is loaded: give it to Supervisor.load().';
  throw new OptionsError(message);
}

const serviceOptions = z.lazily(() =>
  z.strict({
    ...policies(),
    killTimeout: z.optional(milliseconds()),
    finishTimeout: z.optional(milliseconds()),
  }),
);

const clockMethods = ['now', 'at'];
const spawnerMethods = ['spawn', 'closePipe', 'close'];

function hasMethods(value: unknown, methods: readonly string[]): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    methods.every((name) => typeof Reflect.get(value, name) === 'function')
  );
}

const clock = z.lazily(() =>
  z.custom<Clock>(
    (value) => hasMethods(value, clockMethods),
    `expected an object with the methods ${clockMethods.join(', ')}`,
  ),
);

const spawner = z.lazily(() =>
  z.custom<SupervisorOptions['spawner']>(
    (value) => value === 'native' || value === 'node' || hasMethods(value, spawnerMethods),
    `expected 'native', 'node' or an object with the methods ${spawnerMethods.join(', ')}`,
  ),
);

/** A record by its own entries, whatever their names: `__proto__` is a name like any other. */
function entriesOf(value: unknown): unknown {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord ? new Map(Object.entries(value)) : value;
}

const schema = z.lazily(() =>
  z.strict({
    onInitFailure: z.optional(z.enum(['continue', 'warn', 'stop'])),
    services: z.optional(z.pipe(z.transform(entriesOf), z.map(z.string(), serviceOptions()))),
    output: z.optional(output()),
    logging: z.optional(z.union([z.literal(0), z.literal(1), z.literal(2)])),
    loggingDirectory: z.optional(someText()),
    loggingScript: z.optional(someText()),
    profile: z.optional(
      z.string().check(z.refine(isProfileName, 'expected a name that is one component of a path')),
    ),
    strict: z.optional(z.boolean()),
    keepEnvironment: z.optional(z.boolean()),
    runtimeDirectory: z.optional(someText()),
    timeouts: z.optional(
      z.partial(
        z.strict({
          init: milliseconds(),
          readiness: milliseconds(),
          services: milliseconds(),
          finish: milliseconds(),
          kill: milliseconds(),
        }),
      ),
    ),
    fixHiddenAttrs: z.optional(z.boolean()),
    guard: z.optional(z.boolean()),
    reap: z.optional(z.boolean()),
    syncDisks: z.optional(z.boolean()),
    readOnlyRoot: z.optional(z.boolean()),
    clock: z.optional(clock()),
    spawner: z.optional(spawner()),
  }),
);

/** The entries that have a value: an option given as `undefined` is not given. */
function present<T extends object>(values: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof T]: Exclude<T[Key], undefined> };
}

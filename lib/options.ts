import { OptionsError } from './errors.ts';
import type { ServiceOverrides, Timeouts, TreeOptions } from './machine/state.ts';
import type { Output } from './model/program.ts';
import type { Problem } from './model/problem.ts';
import type { Backoff } from './model/tree.ts';
import type { Clock } from './runtime/clock.ts';
import type { Spawner } from './runtime/spawner.ts';
import { output, policies, someText } from './loader/policies.ts';
import { milliseconds } from './loader/values.ts';
import { explain, strict, z } from './schema.ts';
import { readVariables } from './variables.ts';

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
  /** The port to time. Default: the system's clock. */
  readonly clock?: Clock;
  /** The port to processes. Default: real ones. */
  readonly spawner?: Spawner;
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
  readonly clock: Clock | undefined;
  readonly spawner: Spawner | undefined;
  /** Variables that have a value which they cannot have; their defaults hold. */
  readonly problems: readonly Problem[];
}

/** The defaults of the time limits, in milliseconds (s6-overlay v2). */
const timeoutDefaults: Timeouts = {
  init: 0,
  readiness: 5000,
  services: 3000,
  finish: 5000,
  kill: 3000,
};

/** Validates the options and fills in what they leave out, from `S6_*` variables first, then from the defaults. */
export function settle(
  options: SupervisorOptions,
  variables: Readonly<Record<string, string | undefined>>,
): Settings {
  const parsed = schema.safeParse(options, { reportInput: true });
  if (!parsed.success) {
    const lines = explain(parsed.error).map((line) => `\n  ${line}`);
    throw new OptionsError(`The supervisor's options cannot be used:${lines.join('')}`);
  }
  const { values, problems } = readVariables(variables);
  const given = parsed.data;
  return {
    onInitFailure: given.onInitFailure ?? values.onInitFailure ?? 'continue',
    output: given.output ?? 'inherit',
    services: Object.fromEntries(given.services ?? []) as Settings['services'],
    timeouts: { ...timeoutDefaults, ...values.timeouts, ...present(given.timeouts ?? {}) },
    strict: given.strict ?? false,
    keepEnvironment: given.keepEnvironment ?? values.keepEnvironment ?? true,
    runtimeDirectory: given.runtimeDirectory,
    fixHiddenAttrs: given.fixHiddenAttrs ?? values.fixHiddenAttrs ?? false,
    clock: options.clock,
    spawner: options.spawner,
    problems,
  };
}

const serviceOptions = strict({
  ...policies,
  killTimeout: milliseconds.optional(),
  finishTimeout: milliseconds.optional(),
});

const port = <Port>(...methods: readonly string[]) =>
  z.custom<Port>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      methods.every((name) => typeof Reflect.get(value, name) === 'function'),
    { message: `expected an object with the methods ${methods.join(', ')}` },
  );

/** A record by its own entries, whatever their names: `__proto__` is a name like any other. */
function entriesOf(value: unknown): unknown {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord ? new Map(Object.entries(value)) : value;
}

const schema = strict({
  onInitFailure: z.enum(['continue', 'warn', 'stop']).optional(),
  services: z.preprocess(entriesOf, z.map(z.string(), serviceOptions)).optional(),
  output: output.optional(),
  strict: z.boolean().optional(),
  keepEnvironment: z.boolean().optional(),
  runtimeDirectory: someText.optional(),
  timeouts: strict({
    init: milliseconds,
    readiness: milliseconds,
    services: milliseconds,
    finish: milliseconds,
    kill: milliseconds,
  })
    .partial()
    .optional(),
  fixHiddenAttrs: z.boolean().optional(),
  clock: port<Clock>('now', 'at').optional(),
  spawner: port<Spawner>('spawn', 'closePipe', 'close').optional(),
});

/** The entries that have a value: an option given as `undefined` is not given. */
function present<T extends object>(values: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof T]: Exclude<T[Key], undefined> };
}

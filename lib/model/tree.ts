import type { Output, Program } from './program.ts';

/**
 * A whole service tree: what runs in the three stages. Plain, frozen data; `JSON.parse(JSON.stringify(tree))` is a tree
 * again.
 */
export interface Tree {
  /**
   * The folder that the tree was loaded from; absent in a tree made in code. If it is given, `services.d` is read again
   * after the init stage, and the control files of a service each time that they are used (s6).
   */
  readonly root?: string;
  /** The ownership and mode rules of `fix-attrs.d`, in order; applied before the first init script. */
  readonly fixAttrs: readonly FixAttrsRule[];
  /** The scripts of `cont-init.d`, in byte order. */
  readonly init: readonly ScriptSpec[];
  /** The services of `services.d`, in byte order of their names. */
  readonly services: readonly ServiceSpec[];
  /** The scripts of `cont-finish.d`, in byte order. */
  readonly finish: readonly ScriptSpec[];
}

/** One script of the init or the finish stage. */
export interface ScriptSpec {
  /** The file name; unique in its stage. */
  readonly name: string;
  /** What is executed. */
  readonly run: Program;
}

/** One service, from its directory (the control files of s6) or made in code. */
export interface ServiceSpec {
  /** The name of the service's directory; a logger's is its producer's name followed by `/log`. */
  readonly name: string;
  /** The program that is kept alive, in the foreground (`run`). */
  readonly run: Program;
  /** The program that runs after every end of `run`, before the next start (`finish`). */
  readonly finish?: Program;
  /** The service that reads this one's stdout on its stdin (`log/`). */
  readonly logger?: ServiceSpec;
  /**
   * Whether the service waits for a `start()` of its own instead of starting with its stage (`down`). Default: false.
   */
  readonly down: boolean;
  /**
   * The descriptor on which the service announces its readiness with a newline (`notification-fd`). Default: it
   * announces nothing.
   */
  readonly notificationFd?: number;
  /**
   * Milliseconds from the stop signal to KILL; 0: never (`timeout-kill`). Default: 10 000 (this library; s6: never).
   */
  readonly killTimeout?: number;
  /** Milliseconds that `finish` may take before KILL; 0: no limit (`timeout-finish`). Default: 5000 (s6). */
  readonly finishTimeout: number;
  /** Milliseconds to come up; kept for s6-rc, without effect in `services.d`, as in s6 (`timeout-up`). */
  readonly upTimeout?: number;
  /** Milliseconds to go down; kept for s6-rc, without effect in `services.d`, as in s6 (`timeout-down`). */
  readonly downTimeout?: number;
  /** The signal that asks the service to exit (`down-signal`). Default: SIGTERM (s6). */
  readonly downSignal: NodeJS.Signals;
  /** The signal that asks the service to read its configuration again (`reload-signal`). Default: SIGHUP. */
  readonly reloadSignal: NodeJS.Signals;
  /** How many ends of `run` are kept for s6's programs, 0 to 4096 (`max-death-tally`). Default: 100 (s6). */
  readonly maxDeathTally: number;
  /** Whether `flag-timeout-killpg` exists. It has no effect: this library kills the whole group in any case. */
  readonly flagTimeoutKillpg: boolean;
  /** The descriptor of `lock-fd`; accepted, without effect: two runs of a service never run at the same time here. */
  readonly lockFd?: number;
  /** When a `run` that ended by itself is started again. Default: `'always'` (s6). */
  readonly restart: RestartPolicy;
  /**
   * Whether the end of this service for good ends the supervisor, with the service's exit code. Default: false (this
   * library).
   */
  readonly essential: boolean;
  /** How long to wait before a restart. Default: s6's throttle of one second. */
  readonly backoff?: Backoff;
  /** Where stdout (without a logger) and stderr go. Default: what the supervisor's `output` option says. */
  readonly output?: Output;
  /**
   * The account to run as: `name`, `uid`, `uid:gid` or `name:group`. A name, or the uid of an account, gives all groups of which
   * `/etc/group` lists the account as a member; a uid without an account gives the group with the same number; a group that is
   * named is the only one. HOME, USER and LOGNAME stay as they are, as with `s6-setuidgid`: set them in `environment` if the
   * program uses them. Default: the host's own account.
   */
  readonly user?: string;
  /** Variables that override the environment that the service gets otherwise. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** When a `run` that ended by itself is started again: always, only when it ended with a code other than 0 or by a signal, or never. */
export type RestartPolicy = 'always' | 'on-failure' | 'never';

/** A growing delay before each restart in a row: `first`, then `factor` times as long each time, up to `cap`. */
export interface Backoff {
  /** The first delay, in milliseconds. */
  readonly first: number;
  /** The factor by which each further delay is longer; at least 1. Default: 2. */
  readonly factor: number;
  /** The longest delay, in milliseconds. Default: 60 000. */
  readonly cap: number;
  /** After how many milliseconds of running the next delay is `first` again. Default: 60 000. */
  readonly reset: number;
  /**
   * When to stop restarting: the service fails once it died `deaths` times in `within` milliseconds. An attempt to start it
   * that fails because its program cannot be run counts as a death. Default: never.
   */
  readonly limit?: DeathLimit;
}

/** How many deaths in how much time are too many. */
export interface DeathLimit {
  /** The number of deaths at which the service fails; at least 1. */
  readonly deaths: number;
  /** The period in which these deaths occur, in milliseconds. */
  readonly within: number;
}

/** One line of a file in `fix-attrs.d`. */
export interface FixAttrsRule {
  /** The file that contains the line. */
  readonly source: string;
  /** The line's number, from 1. */
  readonly line: number;
  /**
   * The path, a pattern as glob(3) has it in the C locale, where characters are bytes: `*`, `?`, `[...]`, `[!...]` and `[^...]`
   * with ranges and classes (`[:digit:]`) within one path segment, and a backslash before what is meant as it is. A leading dot
   * is found only if it is written. `.` and `..` are found by no wildcard (this library).
   */
  readonly path: string;
  /** Whether the rule also applies to everything below a folder. */
  readonly recurse: boolean;
  /**
   * The owner: `name`, `uid:gid` or a mix, optionally followed by `,uid:gid`: the fallback for what cannot be resolved.
   */
  readonly account: string;
  /** The mode for files; absent: unchanged. */
  readonly fileMode?: number;
  /** The mode for folders; absent: unchanged. */
  readonly folderMode?: number;
}

/** The default of a service field that neither a control file nor the host's code gives. */
export const serviceDefaults = {
  down: false,
  finishTimeout: 5000,
  downSignal: 'SIGTERM',
  reloadSignal: 'SIGHUP',
  maxDeathTally: 100,
  flagTimeoutKillpg: false,
  restart: 'always',
  essential: false,
} as const satisfies Partial<ServiceSpec>;

/** The defaults of the backoff fields other than `first`. */
export const backoffDefaults = {
  factor: 2,
  cap: 60_000,
  reset: 60_000,
} as const satisfies Partial<Backoff>;

/** The name of the logger that may read the output of everything without a logger of its own (s6-overlay v2). */
export const catchAllName = 's6-svscan-log';

/** The name of the logger of a service. */
export function loggerName(producer: string): string {
  return `${producer}/log`;
}

/** The service of which a logger reads the stdout; `undefined` for a service that is no logger. */
export function producerOf(name: string): string | undefined {
  return name.endsWith('/log') ? name.slice(0, -'/log'.length) : undefined;
}

/** The services of a list, each preceded by its logger: the order in which they are spawned. */
export function withLoggers(services: readonly ServiceSpec[]): readonly ServiceSpec[] {
  return services.flatMap((spec) => (spec.logger === undefined ? [spec] : [spec.logger, spec]));
}

/** The service of this name, which may be a logger. */
export function serviceIn({ services }: Tree, name: string): ServiceSpec | undefined {
  const producer = producerOf(name);
  if (producer === undefined) return services.find((spec) => spec.name === name);
  return services.find((spec) => spec.name === producer)?.logger;
}

/** The tree with another spec for the service of the same name, which may be a logger. */
export function withService(tree: Tree, spec: ServiceSpec): Tree {
  const producer = producerOf(spec.name);
  const services = tree.services.map((known) => {
    if (known.name === spec.name) return spec;
    return known.name === producer ? { ...known, logger: spec } : known;
  });
  return deepFreeze({ ...tree, services });
}

/** Freezes a value and everything in it, and returns it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}

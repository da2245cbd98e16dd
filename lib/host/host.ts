import { join, resolve } from 'node:path';
import { AccountChanges } from './spawn/change-account.ts';
import { AdoptedOrphans } from './orphans/adopted-orphans.ts';
import { FailureCollector } from '../engine/clean-up.ts';
import { openLogDirectory } from './filesystem/logging-directory.ts';
import { applyFixAttrs } from './filesystem/fix-attrs.ts';
import { copyRoot } from './filesystem/copy-root.ts';
import type { TreeReading, World } from '../engine/world.ts';
import { Guard } from './orphans/guard.ts';
import type { RequestHandler } from '../engine/request-handler.ts';
import { ScriptInterface } from './script-interface/script-interface.ts';
import { Environment } from './variables/environment.ts';
import { nodeSpawner } from './spawn/node-spawner.ts';
import { pipesAtHand } from './pipes/pipe-ends.ts';
import type { PosixSpawn } from './native/posix-spawn.ts';
import { openPosixSpawn } from './native/posix-spawn.ts';
import { makesLinks } from './directory/outside-links.ts';
import { Reaper, isReaperNeeded } from './orphans/reaper.ts';
import { RuntimeDirectory } from './directory/runtime-directory.ts';
import type { Spawner } from '../engine/spawner.ts';
import { TerminalProbe } from './spawn/terminal-probe.ts';
import { sharesTerminal } from './os/terminal.ts';
import { syncDisks } from './filesystem/sync-disks.ts';
import type { Thread } from '../system/thread.ts';
import { OptionsError, RuntimeDirectoryError, UnsupportedRuntimeError } from '../errors.ts';
import type { LateOptions } from '../machine/tree/tree-options.ts';
import type { Problem } from '../model/problem.ts';

export type { Environment, ScriptInterface, TerminalProbe };

/** The settings of a supervisor that concern its host. */
export interface HostSettings {
  readonly runtimeDirectory: string | undefined;
  readonly keepEnvironment: boolean;
  readonly fixHiddenAttrs: boolean;
  /** A spawner to use instead of real processes, or the way in which these are started; `undefined`: as Node does. */
  readonly spawner: Spawner | 'native' | 'node' | undefined;
  /** Whether orphans are reaped; `undefined`: if this process becomes their parent. */
  readonly reap: boolean | undefined;
  /** The thread of the supervisor. */
  readonly thread: Thread;
  /** The initial container environment. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The value of `S6_LOGGING_SCRIPT` in it; `undefined`: that of the variables. */
  readonly loggingScript: string | undefined;
  /** The problems of the variables that are already reported. */
  readonly problems: readonly Problem[];
  /** The settings that scripts may change, from the present container environment. */
  readonly by: (variables: Readonly<Record<string, string>>) => LateOptions & {
    readonly syncDisks: boolean;
    readonly problems: readonly Problem[];
  };
}

/** Reads a tree; `formerly` is the root where it was read before. */
type Reread = (root: string, formerly?: string) => Promise<TreeReading>;

/** The functions of the world that the caller provides. */
type Parts = Pick<World, 'rereadService'> & Partial<World> & { readonly reread: Reread };

/** The terminal of the host and of the command of `run()`. */
export interface HostTerminal {
  /** Whether the command shares it. */
  readonly isShared: () => boolean;
  /** Starts a probe that finds out whether a signal was typed at it. */
  readonly probe: () => TerminalProbe;
}

/** The host of a supervisor: the implementations of the ports, and the parts that run beside them. */
export interface ComposedHost {
  readonly world: World;
  readonly spawner: Spawner;
  readonly environment: Environment;
  readonly scriptInterface: ScriptInterface;
  /** Guards real processes once it is enabled. */
  readonly guard: Guard;
  /** The orphans that become children of this process, until a supervisor claims them. */
  readonly adopted: AdoptedOrphans;
  /** The terminal that the host shares with the command of `run()`. */
  readonly terminal: HostTerminal;
  /**
   * Takes the runtime directory, before the first input that can start a process.
   *
   * @throws RuntimeDirectoryError when it cannot be used.
   */
  readonly prepare: () => void;
}

/**
 * Composes the host of a supervisor; `parts` replace functions of the real world.
 *
 * @throws OptionsError when processes are to be started natively and cannot be.
 * @throws UnsupportedRuntimeError when real processes are to be started, and the runtime is not Node.
 */
export function composeHost(
  settings: HostSettings,
  parts: Parts,
  handler: RequestHandler,
): ComposedHost {
  const { keepEnvironment, spawner, reap, variables, loggingScript, thread } = settings;
  if (typeof spawner !== 'object') requireNode();
  if (reap === true) requireMainThread(thread);
  const onProblem = (problem: Problem): void => {
    handler.onProblem(problem);
  };
  const directory = new RuntimeDirectory(settings.runtimeDirectory, onProblem);
  const environment = new Environment(directory, variables, onProblem);
  if (loggingScript !== undefined) environment.set('S6_LOGGING_SCRIPT', loggingScript);
  const scriptInterface = new ScriptInterface(directory, handler);
  const guard = new Guard({ runtimeDirectory: directory, onProblem, thread });
  const reaper = new Reaper({ reap, onProblem, thread });
  const adopted = new AdoptedOrphans(() =>
    isReaperNeeded(reap === false ? noNative : undefined, thread),
  );
  const accounts = new AccountChanges(onProblem);
  const surroundings = { environment, runtimeDirectory: directory, keepEnvironment, accounts };
  const collaborators = { scriptInterface, guard, reaper, adopted, onProblem };
  const source = { ...surroundings, ...collaborators, ...startFunctions(spawner) };
  const world = worldOf({ settings, directory, environment, scriptInterface, parts });
  const given = typeof spawner === 'object' ? spawner : undefined;
  const prepare =
    given === undefined ? () => takeRuntimeDirectory(scriptInterface) : () => undefined;
  const terminal: HostTerminal = {
    isShared: () => given === undefined && sharesTerminal(),
    probe: () => new TerminalProbe(),
  };
  const composed = { world, environment, scriptInterface, guard, adopted, terminal, prepare };
  return { ...composed, spawner: given ?? nodeSpawner(source) };
}

/** What a supervisor with this runtime directory adds to the machine while it runs: programs, and the links to them. */
export function additionsOf(given: string | undefined): {
  readonly programs: string;
  readonly makesLinks: boolean;
} {
  // No link leads to a private one: its name differs each time.
  const path = given === undefined ? '' : resolve(given);
  return { programs: join(path, 'bin'), makesLinks: makesLinks(path) };
}

/** Takes the runtime directory; ignores a temporary failure, which is reported with each process that cannot be started. */
function takeRuntimeDirectory(scriptInterface: ScriptInterface): void {
  try {
    scriptInterface.take();
  } catch (error) {
    if (error instanceof RuntimeDirectoryError) throw error;
  }
}

/** With `reap: false` no native code is loaded for orphans. */
function noNative(): undefined {
  return undefined;
}

/** Other runtimes have Node's version in `process.versions`, too, beside their own. */
function requireNode(): void {
  for (const runtime of ['bun', 'deno']) {
    const version = process.versions[runtime];
    if (version !== undefined) throw new UnsupportedRuntimeError(runtime, version);
  }
}

function requireMainThread(thread: Thread): void {
  if (thread === 'main') return;
  throw new OptionsError(
    'The option reap is true, and a Worker thread can reap no orphan: they become children of the main thread. ' +
      'Make a supervisor with this option there, or leave the option out.',
  );
}

interface WorldParts {
  readonly settings: HostSettings;
  readonly directory: RuntimeDirectory;
  readonly environment: Environment;
  readonly scriptInterface: ScriptInterface;
  readonly parts: Parts;
}

function worldOf({ settings, directory, environment, scriptInterface, parts }: WorldParts): World {
  const reported = new Set(settings.problems.map(({ message }) => message));
  const late = (): ReturnType<HostSettings['by']> =>
    settings.by(Object.fromEntries(environment.entries()));
  return {
    async copyRoot(root) {
      const { copy, problems } = await copyRoot(root, directory);
      if (copy === undefined) return { tree: null, problems };
      const found = await parts.reread(copy, root);
      return { ...found, problems: [...problems, ...found.problems] };
    },
    prepare: (rules) => applyFixAttrs(rules, { hidden: settings.fixHiddenAttrs }),
    openLog: openLogDirectory,
    exitCode: () => scriptInterface.readExitCode(),
    recordExitCode: (code, replaces) => scriptInterface.recordExitCode(code, replaces),
    async release(grace) {
      const unsynced = directory.inUse && late().syncDisks ? await syncDisks(grace) : [];
      const cleanUp = new FailureCollector(directory.path);
      await cleanUp.part(() => {
        environment.release();
      });
      await cleanUp.part(() => scriptInterface.release());
      return [...unsynced, ...cleanUp.problems, ...directory.remove()];
    },
    ...parts,
    async reread(root) {
      const found = await parts.reread(root);
      scriptInterface.scan.refresh();
      const { timeouts, waitForServices, problems } = late();
      const unreported = problems.filter(({ message }) => !reported.has(message));
      for (const { message } of unreported) reported.add(message);
      return { ...found, timeouts, waitForServices, problems: [...found.problems, ...unreported] };
    },
  };
}

/** The ways to start processes that the option allows. */
function startFunctions(option: HostSettings['spawner']) {
  return {
    posix: option === 'native' ? posixSpawn() : undefined,
    posixForCommand: option === undefined ? posixIfAny : undefined,
    pipeMaker: pipesAtHand,
  };
}

function posixIfAny(): PosixSpawn | undefined {
  const opened = openPosixSpawn();
  return 'posix' in opened ? opened.posix : undefined;
}

function posixSpawn(): PosixSpawn {
  const opened = openPosixSpawn();
  if ('posix' in opened) return opened.posix;
  throw new OptionsError(
    `The option spawner is 'native', and processes cannot be started natively here: ${opened.why}. ` +
      `${opened.remedy}, or leave the option out.`,
  );
}

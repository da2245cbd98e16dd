import { TreeError } from '../errors.ts';
import { additionsOf } from '../host/host.ts';
import type { Files } from '../loader/files/files.ts';
import type { Host } from '../loader/host.ts';
import { thisHost } from '../loader/host.ts';
import { load } from '../loader/load.ts';
import type { ChangesOf } from './changed-files.ts';
import { changedFiles } from './changed-files.ts';
import { rereadService } from '../loader/reread-service.ts';
import { isNameTaken, nameTaken } from '../machine/tree/units.ts';
import { didYouMean, nearest } from '../model/nearest.ts';
import type { Problem } from '../model/problem.ts';
import { describeProblem, problem } from '../model/problem.ts';
import type { Tree } from '../model/tree.ts';
import { withLoggers } from '../model/tree.ts';
import type { Settings } from '../options/options.ts';
import type { TreeReading, World } from '../engine/world.ts';
import type { RequestHandler } from '../engine/request-handler.ts';
import type { Thread } from '../system/thread.ts';

/** What a supervisor takes from its host, apart from the ports among its options. Default of each: the host's own. */
export interface SupervisorDependencies {
  /** The problems found when the tree was loaded. */
  readonly problems?: readonly Problem[];
  /** The initial environment, including `S6_*` variables. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** Replaces the disk. */
  readonly world?: Partial<World>;
  /** Called with the request handler, for tests that make the requests of scripts. */
  readonly onRequestHandler?: (handler: RequestHandler) => void;
  /** The thread of the supervisor; `main` for a simulation, which uses no real processes or signals. */
  readonly thread?: Thread;
}

/** How a tree is read again: the whole tree, or one service. */
export interface TreeReader extends Required<Pick<World, 'reread' | 'rereadService'>> {
  /** @param formerly - Where the tree was read before: a problem known from there is not reported again. */
  reread(root: string, formerly?: string): Promise<TreeReading>;
}

/** Where a tree is read again, and what scripts and the supervisor add to it. */
export interface ReaderOptions {
  /** Returns the replacement for the host's disk at the time of the call. Default: none. */
  readonly disk?: () => Files | undefined;
  /** What scripts have changed of the control files of a service, without a change of the tree. Default: nothing. */
  readonly changesOf?: ChangesOf;
  /** The supervisor's runtime directory. Default: a private one. */
  readonly runtimeDirectory?: string | undefined;
}

/**
 * Reads a tree again and returns the problems that were not reported before. What would be an error on the first load becomes
 * one problem here, and the tree stays as it is.
 */
export function treeReader(
  known: readonly Problem[],
  { disk = () => undefined, changesOf = () => new Map(), runtimeDirectory }: ReaderOptions = {},
): TreeReader {
  let reported = new Set(known.map(describeProblem));
  const unreportedIn = (problems: readonly Problem[]): readonly Problem[] =>
    problems.filter((it) => !reported.has(describeProblem(it)));
  return {
    async reread(root, formerly = root) {
      try {
        reported = new Set([...reported].map((line) => line.replaceAll(formerly, root)));
        const replaced = disk();
        const { tree, problems } =
          replaced === undefined
            ? await load(root, changedFiles(root, changesOf), hostWith(runtimeDirectory))
            : await load(root, replaced, null);
        const news = unreportedIn(problems);
        reported = new Set(problems.map(describeProblem));
        return { tree, problems: news };
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return { tree: null, problems: [problem('rescan-failed', root, why)] };
      }
    },
    rereadService(root, before) {
      const look = rereadService(root, before, disk() ?? changedFiles(root, changesOf));
      if (look === undefined) return undefined;
      const { spec } = look;
      const problems = unreportedIn(look.problems);
      for (const it of problems) reported.add(describeProblem(it));
      const same = problems.length === 0 && JSON.stringify(spec) === JSON.stringify(before);
      return same ? undefined : { spec, problems };
    },
  };
}

/** This machine, with what a supervisor with this runtime directory adds to it. */
export function hostWith(runtimeDirectory: string | undefined): Host {
  return thisHost(additionsOf(runtimeDirectory));
}

/**
 * All problems of a tree and of the options for it: those found while loading, and names that do not fit.
 *
 * @throws TreeError when there is any under `strict`.
 */
export function problemsOf(
  tree: Tree,
  settings: Settings,
  found: readonly Problem[],
): readonly Problem[] {
  const problems = [...found, ...settings.problems, ...unknownNames(tree, settings)];
  if (settings.strict && problems.length > 0) {
    throw new TreeError(tree.root ?? 'made in code', problems);
  }
  return Object.freeze(problems);
}

/** The problems of names: overrides without a service, and a service with a reserved name. */
function unknownNames(tree: Tree, settings: Settings): readonly Problem[] {
  const taken = isNameTaken(tree, settings) ? [nameTaken()] : [];
  return [...unknownOverrides(tree, settings), ...taken];
}

/** A problem for each override that names a service which the tree lacks. An init script may still create the service. */
function unknownOverrides(tree: Tree, { services, catchAll }: Settings): readonly Problem[] {
  const known = withLoggers(tree.services).map(({ name }) => name);
  if (catchAll !== undefined) known.push(catchAll.spec.name);
  return Object.keys(services)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const guess = nearest(name, known);
      const hint = didYouMean(guess);
      const message = 'the options name a service that the tree does not have (yet).';
      return problem('override-unknown', name, `${message}${hint}`);
    });
}

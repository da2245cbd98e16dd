import type { Files } from './loader/files.ts';
import type { Loaded } from './loader/load.ts';
import { load } from './loader/load.ts';
import { lookAgain } from './loader/look-again.ts';
import { isNameTaken, nameTaken } from './machine/units.ts';
import { nearest } from './model/nearest.ts';
import type { Problem } from './model/problem.ts';
import { describeProblem, problem } from './model/problem.ts';
import type { Tree } from './model/tree.ts';
import { withLoggers } from './model/tree.ts';
import type { Settings } from './options.ts';
import type { Found, World } from './runtime/world.ts';
import type { Landlord } from './runtime/premises.ts';
import type { Thread } from './runtime/thread.ts';

/** What a supervisor finds around it, beside the ports among its options. Default, for each: the host's own. */
export interface Surroundings {
  /** What was wrong with the tree when it was loaded. */
  readonly problems?: readonly Problem[];
  /** The environment that it begins with, `S6_*` variables among it. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** What stands in the place of the disk. */
  readonly world?: Partial<World>;
  /** Called with the one who answers the scripts, for whoever wants to speak in their place. */
  readonly meet?: (landlord: Landlord) => void;
  /** The thread that it is in; `main` where a simulation has neither processes nor signals of the system. */
  readonly thread?: Thread;
}

/** The ways to read a tree again: all of it, or one service. */
export interface Sources extends Required<Pick<World, 'reread' | 'lookAgain'>> {
  /** @param formerly - Where the same tree was read until now: what was known there is known. */
  reread(root: string, formerly?: string): Promise<Found>;
}

/**
 * Reads a tree again, and tells the problems that were not known. What would be an error at the first time is one problem
 * more, and leaves the tree as it is.
 *
 * @param disk - What stands in the place of the host's disk, as it is then. Default: nothing does.
 */
export function sourcesOf(
  known: readonly Problem[],
  disk: () => Files | undefined = () => undefined,
): Sources {
  let told = new Set(known.map(describeProblem));
  const newsIn = (problems: readonly Problem[]): readonly Problem[] =>
    problems.filter((it) => !told.has(describeProblem(it)));
  return {
    async reread(root, formerly = root) {
      try {
        told = new Set([...told].map((line) => line.replaceAll(formerly, root)));
        const { tree, problems } = await read(root, disk());
        const news = newsIn(problems);
        told = new Set(problems.map(describeProblem));
        return { tree, problems: news };
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return { tree: null, problems: [problem('rescan-failed', root, why)] };
      }
    },
    lookAgain(root, before) {
      const look = lookAgain(root, before, disk());
      if (look === undefined) return undefined;
      const { spec } = look;
      const problems = newsIn(look.problems);
      for (const it of problems) told.add(describeProblem(it));
      const same = problems.length === 0 && JSON.stringify(spec) === JSON.stringify(before);
      return same ? undefined : { spec, problems };
    },
  };
}

/** Reads a tree from the host's disk, for this machine, or from what stands in its place, for any. */
function read(root: string, disk: Files | undefined): Promise<Loaded> {
  return disk === undefined ? load(root) : load(root, disk, null);
}

/** The names that go with nothing, or with too much. */
export function namesAmiss(tree: Tree, settings: Settings): readonly Problem[] {
  const taken = isNameTaken(tree, settings) ? [nameTaken()] : [];
  return [...unknownOverrides(tree, settings), ...taken];
}

/** The overrides that name a service which the tree does not have; an init script may still make it. */
function unknownOverrides(tree: Tree, { services, catchAll }: Settings): readonly Problem[] {
  const known = withLoggers(tree.services).map(({ name }) => name);
  if (catchAll !== undefined) known.push(catchAll.spec.name);
  return Object.keys(services)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const guess = nearest(name, known);
      const hint = guess === undefined ? '' : ` Did you mean '${guess}'?`;
      const message = 'the options name a service that the tree does not have (yet).';
      return problem('override-unknown', name, `${message}${hint}`);
    });
}

import type { Loaded } from './loader/load.ts';
import { load } from './loader/load.ts';
import { nearest } from './model/nearest.ts';
import type { Problem } from './model/problem.ts';
import { describeProblem, problem } from './model/problem.ts';
import type { Tree } from './model/tree.ts';
import { withLoggers } from './model/tree.ts';
import type { Settings } from './options.ts';
import type { World } from './runtime/engine.ts';

/** What a supervisor finds around it, beside the ports among its options. Default, for each: the host's own. */
export interface Surroundings {
  /** What was wrong with the tree when it was loaded. */
  readonly problems?: readonly Problem[];
  /** The environment that it begins with, `S6_*` variables among it. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** What stands in the place of the disk. */
  readonly world?: Partial<World>;
}

/**
 * A way to read a tree again, which tells the problems that were not there the last time. What would be an error at the
 * first time is one problem more, and leaves the tree as it is.
 */
export function rereading(
  known: readonly Problem[],
  read: (root: string) => Promise<Loaded> = load,
): World['reread'] {
  let told = new Set(known.map(describeProblem));
  return async (root) => {
    try {
      const { tree, problems } = await read(root);
      const news = problems.filter((it) => !told.has(describeProblem(it)));
      told = new Set(problems.map(describeProblem));
      return { tree, problems: news };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { tree: null, problems: [problem('rescan-failed', root, why)] };
    }
  };
}

/** The overrides that name a service which the tree does not have; an init script may still make it. */
export function unknownOverrides(tree: Tree, { services }: Settings): readonly Problem[] {
  const known = withLoggers(tree.services).map(({ name }) => name);
  return Object.keys(services)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const guess = nearest(name, known);
      const hint = guess === undefined ? '' : ` Did you mean '${guess}'?`;
      const message = 'the options name a service that the tree does not have (yet).';
      return problem('override-unknown', name, `${message}${hint}`);
    });
}

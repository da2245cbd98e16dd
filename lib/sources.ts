import { load } from './loader/load.ts';
import { nearest } from './model/nearest.ts';
import type { Problem } from './model/problem.ts';
import { problem } from './model/problem.ts';
import type { Tree } from './model/tree.ts';
import { withLoggers } from './model/tree.ts';
import type { Settings } from './options.ts';

/** The tree read again; what was an error at the first time leaves the tree as it is. */
export async function reload(
  root: string,
): Promise<{ tree: Tree | null; problems: readonly Problem[] }> {
  try {
    const { tree } = await load(root);
    return { tree, problems: [] };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { tree: null, problems: [problem('rescan-failed', root, why)] };
  }
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

import { TreeError } from '../../errors.ts';
import type { Problem } from '../../model/problem.ts';
import type { TreeSource } from './tree-source.ts';
import { readSource, sorted } from './tree-source.ts';

/** How `check()` checks a tree. */
export interface CheckOptions {
  /**
   * Whether the tree has to run on this machine, so that its interpreters and accounts must exist here. Default: true for a
   * folder, false for a literal.
   */
  readonly host?: boolean;
  /** The profile to check instead of the tree (`cont-profile.d`). Default: none. */
  readonly profile?: string;
}

/**
 * Returns every problem of a tree, errors and warnings, in the order in which the loader finds them. Runs nothing, and does not
 * reject for a problem: `assert.deepEqual(await check('rootfs/etc'), [])` is a complete test.
 */
export async function check(
  source: TreeSource,
  options: CheckOptions = {},
): Promise<readonly Problem[]> {
  try {
    const { problems } = await readSource(sorted(source), options);
    return problems;
  } catch (error) {
    if (error instanceof TreeError) return error.problems;
    throw error;
  }
}

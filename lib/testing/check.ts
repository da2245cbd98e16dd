import { TreeError } from '../errors.ts';
import type { Problem } from '../model/problem.ts';
import type { TreeSource } from './tree-source.ts';
import { readSource, sorted } from './tree-source.ts';

/** How a tree is checked. */
export interface CheckOptions {
  /**
   * Whether it is to run on this machine, so that its interpreters and accounts must be there. Default: true for a folder,
   * false for a literal.
   */
  readonly host?: boolean;
  /** The profile that stands in the tree's place (`cont-profile.d`). Default: none. */
  readonly profile?: string;
}

/**
 * Everything that is wrong with a tree, errors and warnings, in the order in which they are met. Nothing is run, and it never
 * rejects for what it finds: `assert.deepEqual(await check('rootfs/etc'), [])` is a whole test.
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

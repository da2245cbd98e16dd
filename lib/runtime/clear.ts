import { CleanUp } from './clean-up.ts';
import type { Spawner } from './spawner.ts';
import type { Problem } from '../model/problem.ts';

/** What a script has written to end with, and what was wrong with it. */
export interface Outcome {
  readonly exitCode?: number;
  readonly problems: readonly Problem[];
}

/** Whom the last clean-up is about. */
interface Cleared {
  /** The root of the tree, if it has one. */
  readonly root: string | undefined;
  readonly spawner: Pick<Spawner, 'close'>;
  readonly world: {
    readonly exitCode?: () => Outcome;
    release(grace: number): Promise<readonly Problem[]>;
  };
}

/**
 * The last clean-up: whatever any process left behind goes, the spawner closes, and what was taken is given back. Never
 * rejects: whatever fails is told, and the end comes.
 *
 * @param sweep - Ends what is left behind, and says when it has.
 */
export async function clear(
  { spawner, world, root = '/' }: Cleared,
  grace: number,
  sweep: (done: () => void) => void,
): Promise<Outcome> {
  const cleanUp = new CleanUp(root);
  await cleanUp.part(() => new Promise<void>(sweep));
  await cleanUp.part(() => spawner.close());
  const written = await cleanUp.part(() => world.exitCode?.());
  const unreleased = await cleanUp.part(() => world.release(grace));
  const problems = [...(written?.problems ?? []), ...(unreleased ?? []), ...cleanUp.problems];
  return { ...written, problems };
}

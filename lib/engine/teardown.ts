import { FailureCollector } from './clean-up.ts';
import type { Spawner } from './spawner.ts';
import type { World } from './world.ts';
import type { KilledLeftover } from '../machine/tree/tree-state.ts';
import type { Problem } from '../model/problem.ts';

/** What has come of the last clean-up: the exit code that a script has written, what went wrong, and who had to be killed. */
export interface TeardownOutcome {
  readonly exitCode?: number;
  readonly problems: readonly Problem[];
  readonly killed: readonly KilledLeftover[];
}

/** Whom the last clean-up is about. */
interface Cleared {
  /** The root of the tree, if it has one. */
  readonly root: string | undefined;
  readonly spawner: Pick<Spawner, 'close'>;
  readonly world: Pick<World, 'exitCode' | 'release'>;
}

/**
 * The last clean-up: whatever any process left behind goes, the spawner closes, and what was taken is given back. Never
 * rejects: whatever fails is told, and the end comes.
 *
 * @param sweep - Ends what is left behind, and says when it has, and whom it had to kill.
 */
export async function tearDown(
  { spawner, world, root = '/' }: Cleared,
  grace: number,
  sweep: (done: (killed: readonly KilledLeftover[]) => void) => void,
): Promise<TeardownOutcome> {
  const cleanUp = new FailureCollector(root);
  const killed = await cleanUp.part(() => new Promise<readonly KilledLeftover[]>(sweep));
  await cleanUp.part(() => spawner.close(grace));
  const written = await cleanUp.part(() => world.exitCode?.());
  const unreleased = await cleanUp.part(() => world.release(grace));
  const problems = [...(written?.problems ?? []), ...(unreleased ?? []), ...cleanUp.problems];
  return { ...written, problems, killed: killed ?? [] };
}

import { FailureCollector } from './clean-up.ts';
import type { Spawner } from './spawner.ts';
import type { World } from './world.ts';
import type { KilledLeftover } from '../machine/tree/tree-state.ts';
import type { Problem } from '../model/problem.ts';

/**
 * The result of the last clean-up: the exit code that a script has written, the problems, and the processes that had to be
 * killed.
 */
export interface TeardownOutcome {
  readonly exitCode?: number;
  readonly problems: readonly Problem[];
  readonly killed: readonly KilledLeftover[];
}

/** What the last clean-up uses. */
interface TeardownParts {
  /** The root of the tree, if it has one. */
  readonly root: string | undefined;
  readonly spawner: Pick<Spawner, 'close'>;
  readonly world: Pick<World, 'exitCode' | 'release'>;
}

/**
 * The last clean-up: ends the leftovers of all processes, closes the spawner, and releases what was taken. Never rejects: a
 * failure becomes a problem, and the clean-up goes on.
 *
 * @param sweep - Ends the leftovers, and calls `done` with the processes that had to be killed.
 */
export async function tearDown(
  { spawner, world, root = '/' }: TeardownParts,
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

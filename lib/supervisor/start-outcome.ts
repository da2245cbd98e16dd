import { InitFailedError, InterruptedError } from '../errors.ts';
import { aliveIn } from '../machine/tree/alive.ts';
import type { TreeState } from '../machine/tree/tree-state.ts';
import { isDescending, isOver } from '../machine/tree/tree-state.ts';

/**
 * Whether the start is complete: the phase is `running` and the services' stage is over. `undefined` while it is not.
 *
 * @throws InitFailedError once the supervisor has ended because an init script failed.
 * @throws InterruptedError when the supervisor stops for any other reason before the start is complete.
 */
export function startOutcome(state: TreeState): true | undefined {
  const { phase, services, ending, verdict } = state;
  if (phase === 'running' && isOver(services.status)) return true;
  if (!isDescending(state)) return undefined;
  if (ending?.reason !== 'init-failed') {
    throw new InterruptedError(`The start was called off: ${ending?.reason ?? 'stopped'}.`);
  }
  if (verdict !== null) throw new InitFailedError(verdict);
  return undefined;
}

/** The names of what the start waits for: the services that are not up yet, or the script that runs. */
export function awaitedIn(state: TreeState): readonly string[] {
  return state.phase === 'starting' ? state.services.awaited : aliveIn(state);
}

import { InitFailedError, InterruptedError } from './errors.ts';
import { aliveIn } from './machine/alive.ts';
import type { TreeState } from './machine/state.ts';
import { isDescending, isOver } from './machine/state.ts';

/**
 * Whether the start has come to where it leads: everything runs.
 *
 * @throws InitFailedError once everything has ended because an init script failed.
 * @throws InterruptedError when it will not come because something else asks for the end.
 */
export function arrivalOf(state: TreeState): true | undefined {
  const { phase, services, ending, verdict } = state;
  if (phase === 'running' && isOver(services.status)) return true;
  if (!isDescending(state)) return undefined;
  if (ending?.reason !== 'init-failed') {
    throw new InterruptedError(`The start was called off: ${ending?.reason ?? 'stopped'}.`);
  }
  if (verdict !== null) throw new InitFailedError(verdict);
  return undefined;
}

/** Who the start waits for: the script that runs, or the services that are not up yet. */
export function awaitedIn(state: TreeState): readonly string[] {
  return state.phase === 'starting' ? state.services.awaited : aliveIn(state);
}

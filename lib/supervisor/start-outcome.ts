import { InitFailedError, InterruptedError, StartFailedError } from '../errors.ts';
import { aliveIn } from '../machine/tree/alive.ts';
import type { TreeState } from '../machine/tree/tree-state.ts';
import { isDescending, isOver } from '../machine/tree/tree-state.ts';
import { startFailureInWords } from '../machine/tree/explain.ts';
import type { StageResult } from './stage.ts';
import { servicesResult } from './stage.ts';

/**
 * The outcome of the start, once the phase is `running` and the services' stage is over; `undefined` before.
 *
 * @throws StartFailedError when a service did not come up, unless failures are allowed.
 * @throws InitFailedError once the supervisor has ended because an init script failed.
 * @throws InterruptedError when the supervisor stops for any other reason before the start is complete.
 */
export function startOutcome(state: TreeState, allowFailures: boolean): StageResult | undefined {
  const { phase, services, ending, verdict } = state;
  const isComplete = phase === 'running' && isOver(services.status);
  const isDueToFailure = isDescending(state) && ending?.reason === 'essential';
  if ((isComplete && !allowFailures) || isDueToFailure) refuseFailures(state);
  if (isComplete) return servicesResult(state);
  if (!isDescending(state)) return undefined;
  if (ending?.reason !== 'init-failed') {
    throw new InterruptedError(`The start was called off: ${ending?.reason ?? 'stopped'}.`);
  }
  if (verdict !== null) throw new InitFailedError(verdict);
  return undefined;
}

function refuseFailures({ services: { failures }, units }: TreeState): void {
  if (failures.length === 0) return;
  throw new StartFailedError(
    failures,
    failures.map((failure) => startFailureInWords(failure, units.get(failure.name)?.state)),
  );
}

/** The names of what the start waits for: the services that are not up yet, or the script that runs. */
export function awaitedIn(state: TreeState): readonly string[] {
  return state.phase === 'starting' ? state.units.awaited : aliveIn(state);
}

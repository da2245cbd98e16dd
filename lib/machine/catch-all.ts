/*
 * The catch-all logger: a service beside those of the tree, which reads what would be the host's own output otherwise.
 *
 * It comes before everything else and goes after everything else, so no stage waits for it.
 */
import { isAtRest } from './longrun.ts';
import type { CatchAllEnd, ServiceState } from './machine.ts';
import type { TreeState, Unit } from './state.ts';
import { catchAllName } from '../model/tree.ts';

/** The catch-all logger, if there is one. */
export function catchAllIn({ units }: Pick<TreeState, 'units'>): Unit | undefined {
  const unit = units.get(catchAllName);
  return unit?.catchesAll === true ? unit : undefined;
}

/** The names of the services that have not come to rest. The catch-all logger counts once it is its turn to end. */
export function restlessIn({ units }: Pick<TreeState, 'units'>): readonly string[] {
  return [...units].flatMap(([name, unit]) => (isRestless(unit) ? [name] : []));
}

/** Whether there is any such service. */
export function isAnyRestless({ units }: Pick<TreeState, 'units'>): boolean {
  for (const unit of units.values()) if (isRestless(unit)) return true;
  return false;
}

function isRestless({ state, catchesAll, released }: Unit): boolean {
  return !isAtRest(state) && (catchesAll !== true || released);
}

/** The end of its pipe that a process gets which is started now; `unit`: the service that it belongs to. */
export function catchAllEnd(state: TreeState, now: number, unit?: Unit): CatchAllEnd | undefined {
  if (unit?.catchesAll === true) return 'read';
  const logger = catchAllIn(state);
  return logger !== undefined && isReading(logger.state, now) ? 'write' : undefined;
}

/** Milliseconds that a logger which has died must be up again until it is relied on (ours). */
const steadyAfter = 1000;

/** Whether the logger may be relied on: nobody is to write where nobody reads, since a full pipe makes its writers wait. */
export function isReading(state: ServiceState, now: number): boolean {
  if (isAtRest(state) || state.goal === 'down' || state.flaw !== null) return false;
  if (state.deaths === 0) return true;
  return state.status === 'up' && now - state.run.startedAt >= steadyAfter;
}

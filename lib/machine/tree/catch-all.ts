/*
 * The catch-all logger: a service beside those of the tree. It reads the output that would otherwise go to the host's
 * stdout and stderr.
 *
 * It starts before everything else and ends after everything else, so no stage waits for it.
 */
import { isAtRest } from '../service/lifecycle.ts';
import type { CatchAllEnd, ServiceState } from '../service/service-state.ts';
import type { TreeState } from './tree-state.ts';
import type { Unit } from './unit-map.ts';
import { isRestless } from './unit-map.ts';
import { catchAllName } from '../../model/tree.ts';

/** The catch-all logger, if there is one. */
export function catchAllIn({ units }: Pick<TreeState, 'units'>): Unit | undefined {
  const unit = units.get(catchAllName);
  return unit?.catchesAll === true ? unit : undefined;
}

/**
 * The names of the services that are not at rest. The catch-all logger counts from the moment at which it is to end.
 */
export function restlessIn({ units }: Pick<TreeState, 'units'>): readonly string[] {
  return [...units].flatMap(([name, unit]) => (isRestless(unit) ? [name] : []));
}

/**
 * The end of the catch-all logger's pipe that a process started now gets. `unit`: the service that the process belongs
 * to.
 */
export function catchAllEnd(state: TreeState, now: number, unit?: Unit): CatchAllEnd | undefined {
  if (unit?.catchesAll === true) return 'read';
  const logger = catchAllIn(state);
  return logger !== undefined && isReading(logger.state, now) ? 'write' : undefined;
}

/**
 * Milliseconds that a catch-all logger which has died must be up before processes get its pipe again (this library).
 */
const steadyAfter = 1000;

/**
 * Whether the catch-all logger reads its pipe reliably. No process may write to a pipe without a reader, since a full
 * pipe blocks its writers.
 */
export function isReading(state: ServiceState, now: number): boolean {
  if (isAtRest(state) || state.goal === 'down' || state.spawnFailure !== null) return false;
  if (state.deaths === 0) return true;
  return state.status === 'up' && now - state.run.startedAt >= steadyAfter;
}

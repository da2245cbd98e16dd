import { isResting } from './draft.ts';
import type { LifecycleInput } from '../service/service-state.ts';
import type { MachineInput, TreeState } from './tree-state.ts';
import type { Unit } from './unit-map.ts';
import { isDescending, reaches } from './tree-state.ts';
import { loggerName } from '../../model/tree.ts';

/**
 * The services of which the control files decide what an input leads to. s6 reads each control file when it uses it:
 * `notification-fd` at a start, `timeout-kill` and `down-signal` at a stop, `finish` and `timeout-finish` at an end.
 * The engine therefore reads the directories of these services before it applies the input. A tree that does not come
 * from a folder has none.
 */
export function servicesToReread(
  state: TreeState,
  input: MachineInput,
  now: number,
): readonly string[] {
  if (state.tree.root === undefined) return [];
  switch (input.type) {
    case 'service':
      return servicesReadFor(input.input, input.service, state);
    case 'refreshSpec':
      return [input.service];
    case 'deadline':
      return state.units
        .due(now)
        .filter(comesBack)
        .map(({ spec }) => spec.name);
    case 'advance':
      if (input.skipInit === true && state.services.status === 'pending')
        return namesOf(state, () => true);
      return reaches(input.target, 'stopped') ? goingDown(state) : [];
    case 'end':
      return goingDown(state);
    case 'command':
    case 'signal':
    case 'shorten':
    case 'problem':
    case 'script':
    case 'copied':
    case 'prepared':
    case 'reread':
    case 'specChanged':
    case 'swept':
    case 'cleared':
      return [];
  }
}

function servicesReadFor(
  input: LifecycleInput,
  name: string,
  { units }: TreeState,
): readonly string[] {
  switch (input.type) {
    case 'start':
    case 'once':
    case 'restart':
      return [loggerName(name), name].filter((one) => units.has(one));
    case 'stop':
    case 'unspawnable':
    case 'exited':
      return [name];
    case 'spawned':
      // Only a service that was asked to stop before its process existed gets its stop signal now.
      return units.get(name)?.state.goal === 'down' ? [name] : [];
    case 'drain':
    case 'signal':
    case 'shorten':
    case 'forget':
    case 'announced':
    case 'deadline':
      return [];
  }
}

/** Whether a service of which the deadline has passed starts again. */
function comesBack({ state }: Unit): boolean {
  return state.status === 'backoff';
}

function goingDown(state: TreeState): readonly string[] {
  return isDescending(state) ? [] : namesOf(state, (unit) => !isResting(unit));
}

function namesOf({ units }: TreeState, which: (unit: Unit) => boolean): readonly string[] {
  return [...units].filter(([, unit]) => which(unit)).map(([name]) => name);
}

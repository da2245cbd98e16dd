/*
 * What the start or the end waits for at present, so that a wait without a limit is not silent.
 */
import { pathOf } from './scripts.ts';
import type { TreeState } from './tree-state.ts';
import { lasting } from '../../model/duration.ts';
import type { Problem } from '../../model/problem.ts';
import { problem } from '../../model/problem.ts';

/** A wait of the start or the end. */
export interface StageWait {
  /** Equal for the same wait. */
  readonly key: string;
  /** When it began. */
  readonly since: number;
}

/** The wait for the script that runs, else for the services that have not come up; `undefined` when there is none. */
export function stageWaitOf({ init, finish, services, units }: TreeState): StageWait | undefined {
  const running = init.running ?? finish.running;
  if (running !== null) {
    const { script, startedAt } = running;
    return { key: `${script} ${String(startedAt)}`, since: startedAt };
  }
  const { startedAt } = services;
  return startedAt === null || units.sums.awaited === 0
    ? undefined
    : { key: 'services', since: startedAt };
}

/** The problem that reports such a wait. */
export function stillWaiting(state: TreeState, { since }: StageWait, now: number): Problem {
  const took = lasting(now - since);
  for (const stage of ['init', 'finish'] as const) {
    const { running } = state[stage];
    if (running === null) continue;
    const message = `the ${stage} script has not ended after ${took}, and the ${stage} stage waits for it`;
    const remedy = `See what it does, or set timeouts.${stage}.`;
    return problem('still-waiting', pathOf(state, stage, running.script), message, { remedy });
  }
  const { awaited } = state.units;
  const [subject, verb] = awaited.length === 1 ? ['the service', 'is'] : ['the services', 'are'];
  const message = `${subject} ${verb} not up and ready after ${took}, and the start waits`;
  const remedy = 'See explain() of each, or set timeouts.readiness to go on without.';
  return problem('still-waiting', listed(awaited), message, { remedy });
}

/** The names that a problem lists at most. */
const mostNames = 10;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, mostNames).join(', ');
  const rest = names.length - mostNames;
  return rest > 0 ? `${shown} and ${String(rest)} more` : shown;
}

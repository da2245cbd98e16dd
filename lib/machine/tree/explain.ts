import { isReady } from '../service/lifecycle.ts';
import type {
  FailureReason,
  Goal,
  ServiceStateIn,
  ServiceState,
} from '../service/service-state.ts';
import type { Unit } from './unit-map.ts';
import { lasting } from '../../model/duration.ts';
import { describeExit } from '../../model/exit.ts';
import type { SpawnFailure } from '../../model/spawn-failure.ts';
import { cannotBeRun } from '../../model/spawn-failure.ts';
import type { StartFailure } from '../../model/start-failure.ts';
import type { ServiceSpec } from '../../model/tree.ts';

/** One sentence that says why a service is in its present state. */
export function explainService({ spec, state, leaving }: Unit, now: number): string {
  const sentence = describe(state, spec, now);
  const ready = state.status !== 'up' || isReady(state) ? '' : ', not ready yet';
  const gone = leaving ? '; it is gone from services.d' : '';
  return `${spec.name} ${sentence}${ready}${gone}.`;
}

/** A sentence for a service that did not come up with the stage; `state` is its present one, if it still exists. */
export function startFailureInWords(
  { name, reason, exit }: StartFailure,
  state: ServiceState | undefined,
): string {
  const last = exit === undefined ? 'it has not exited yet' : `last it ${describeExit(exit)}`;
  switch (reason) {
    case 'unspawnable':
      return `${name}: ${cannotRun(state?.spawnFailure ?? null)}.`;
    case 'timeout':
      return `${name}: it was not ready in time; ${last}.`;
    case 'crash-looping':
      return `${name}: it died again and again before it was ready; ${last}.`;
    case 'exit':
      return `${name}: it ended before it was ready; ${last}.`;
    case 'finish':
      return `${name}: its finish script said so (exit code 125); ${last}.`;
    case 'limit':
      return `${name}: it died as often as its backoff.limit allows; ${last}.`;
    case 'policy':
      return `${name}: it died, and its restart policy is never; ${last}.`;
  }
}

function describe(state: ServiceState, spec: ServiceSpec, now: number): string {
  const since = lasting(now - state.since);
  switch (state.status) {
    case 'down':
      return `is down: ${whyDown(state)}`;
    case 'starting':
      return `is being started, ${aims[state.goal]}`;
    case 'up':
      return `is up for ${since} as pid ${String(state.run.pid)}, ${aims[state.goal]}`;
    case 'stopping':
      return `is stopping for ${since}: ${whyStopping(state, now)}`;
    case 'finishing':
      return `runs its finish script for ${since}, since run ${lastEnd(state)}${inVain(state)}; then ${whatNext(state, spec)}`;
    case 'backoff':
      return `waits ${lasting(Math.max(0, state.deadline - now))} for its restart: ${whyWaiting(state)}`;
    case 'failed':
      return `has failed: ${failures[state.why](state)}; it is not started again by itself`;
  }
}

const aims: Readonly<Record<Goal, string>> = {
  up: 'wanted up',
  once: 'not restarted when it ends',
  drain: 'to read the rest of its pipe',
  down: 'wanted down',
};

function inVain({ kills }: ServiceStateIn<'finishing'>): string {
  return kills > 0 ? ', and KILL was sent to it' : '';
}

function whatNext({ goal, ended }: ServiceStateIn<'finishing'>, { restart }: ServiceSpec): string {
  const isAsked = goal === 'up' && ended.death && !ended.restart && restart !== 'always';
  return isAsked ? `its restart policy (${restart}) decides` : next[goal];
}

const next: Readonly<Record<Goal, string>> = {
  up: 'it comes back',
  once: 'it stays down',
  drain: 'it reads the rest of its pipe',
  down: 'it stays down',
};

function whyDown(state: ServiceStateIn<'down'>): string {
  if (state.why === 'untouched') return 'it has not been started yet';
  if (state.why === 'asked') return 'it was asked to stop';
  if (state.spawnFailure !== null) return cannotRun(state.spawnFailure);
  return `it ${lastEnd(state)}, and nothing asks for another start`;
}

function whyStopping(state: ServiceStateIn<'stopping'>, now: number): string {
  const pid = `pid ${String(state.run.pid)}`;
  if (state.kills > 0) return `${pid} does not end, and KILL was sent`;
  const limit =
    state.deadline === null
      ? 'without a limit'
      : `KILL in ${lasting(Math.max(0, state.deadline - now))}`;
  return state.restart ? `for a restart, ${pid} is to end, ${limit}` : `${pid} is to end, ${limit}`;
}

function whyWaiting(state: ServiceStateIn<'backoff'>): string {
  if (state.why === 'unspawnable') return cannotRun(state.spawnFailure);
  const count = state.deaths === 0 ? '' : ` (${deaths(state)})`;
  return `it ${lastEnd(state)}${count}`;
}

const failures: Readonly<Record<FailureReason, (state: ServiceState) => string>> = {
  finish: (state) => `its finish script said so (exit code 125) after run ${lastEnd(state)}`,
  limit: (state) =>
    state.spawnFailure === null
      ? `it died too often, last when it ${lastEnd(state)} (${deaths(state)})`
      : `${cannotRun(state.spawnFailure)}, as often as its limit of deaths allows`,
  policy: (state) => `it ${lastEnd(state)}, and its restart policy is never`,
  unspawnable: (state) => cannotRun(state.spawnFailure),
};

function lastEnd(state: ServiceState): string {
  return state.lastExit === null ? 'has not run' : describeExit(state.lastExit);
}

function deaths(state: ServiceState): string {
  return state.deaths === 1 ? '1 death' : `${String(state.deaths)} deaths`;
}

function cannotRun(flaw: SpawnFailure | null): string {
  return flaw === null ? 'it cannot be run' : `it ${cannotBeRun(flaw)}`;
}

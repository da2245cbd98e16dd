import { crashLoop } from './crash-loop.ts';
import { isReady } from './lifecycle.ts';
import type { ServiceState } from './service-state.ts';
import type { StartFailure, StartFailureReason } from '../../model/start-failure.ts';

/** Why a service that is to come up has not, and cannot for now; `undefined` while it may, and once it is up and ready. */
export function startFailureOf(name: string, state: ServiceState): StartFailure | undefined {
  const reason = reasonOf(state);
  return reason === undefined ? undefined : startFailure(name, state, reason);
}

/** The record of a service that did not come up. */
export function startFailure(
  name: string,
  { lastExit }: ServiceState,
  reason: StartFailureReason,
): StartFailure {
  return { name, reason, ...(lastExit !== null && { exit: lastExit }), chain: [name] };
}

function reasonOf(state: ServiceState): StartFailureReason | undefined {
  if (isReady(state)) return undefined;
  const isRefused = state.spawnFailure !== null;
  switch (state.status) {
    case 'failed':
      return isRefused ? 'unspawnable' : state.why;
    case 'down':
      if (state.why !== 'ended') return undefined;
      return isRefused ? 'unspawnable' : 'exit';
    case 'backoff':
      if (state.why === 'unspawnable') return 'unspawnable';
      break;
    case 'starting':
    case 'up':
    case 'stopping':
    case 'finishing':
  }
  return state.goal === 'up' && state.deathsInRow >= crashLoop ? 'crash-looping' : undefined;
}

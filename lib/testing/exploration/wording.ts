import { isAtRest } from '../../machine/service/lifecycle.ts';
import type { TreeState } from '../../machine/tree/tree-state.ts';

/** A duration as text: `340 ms`, `3.5 s`. */
export function lasting(ms: number): string {
  return ms < 1000 && ms !== 0 ? `${String(ms)} ms` : `${String(Math.round(ms / 10) / 100)} s`;
}

/** The status of the tree and its services as text: `running: web up, web/log up`. */
export function standingOf({ phase, init, units }: TreeState): string {
  if (init.running !== null) return `${phase}: ${init.running.script} runs`;
  const services = [...units].map(([name, { state }]) => {
    const rests = isAtRest(state) && 'why' in state && state.why !== 'untouched';
    return `${name} ${state.status}${rests ? ` (${state.why})` : ''}`;
  });
  return [phase, services.join(', ')].filter((part) => part !== '').join(': ');
}

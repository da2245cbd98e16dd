import { restlessIn } from './catch-all.ts';
import type { TreeState } from './tree-state.ts';

/** The names of the services and scripts that are not at rest. */
export function aliveIn(state: TreeState): readonly string[] {
  const scripts = [state.init, state.command, state.finish].flatMap(({ running }) =>
    running === null ? [] : [running.script],
  );
  return [...scripts, ...restlessIn(state)];
}

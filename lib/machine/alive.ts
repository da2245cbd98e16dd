import { isAtRest } from './longrun.ts';
import type { TreeState } from './state.ts';

/** The names of the services and scripts that are not at rest. */
export function aliveIn({ units, init, command, finish }: TreeState): readonly string[] {
  const scripts = [init, command, finish].flatMap(({ running }) =>
    running === null ? [] : [running.script],
  );
  const services = [...units].flatMap(([name, { state }]) => (isAtRest(state) ? [] : [name]));
  return [...scripts, ...services];
}

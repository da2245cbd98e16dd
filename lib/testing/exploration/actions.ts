import type { Step } from './findings.ts';
import type { Situation } from './explored-state.ts';
import type { Input } from '../../machine/service/service-state.ts';
import type { ScriptInput, ScriptStageName, TreeInput } from '../../machine/tree/tree-state.ts';
import type { Exit } from '../../model/exit.ts';
import { describeExit } from '../../model/exit.ts';

/** Something that may happen in a situation. */
export interface Deed {
  /** The situation, prepared for the deed. */
  readonly situation: Situation;
  /** The input to the tree; `null`: only time passes. */
  readonly input: TreeInput | null;
  /** Milliseconds that pass for everything of which the time is counted. */
  readonly after: number;
  /** Milliseconds that the deed adds to a way. */
  readonly took: number;
  /** What happens, as reported to the user. */
  readonly says: readonly Said[];
}

/** A step without its moment. */
export type Said = Omit<Step, 'at'>;

/** A deed that takes no time. */
export function deed(situation: Situation, input: TreeInput, says: Said): Deed {
  return { situation, input, after: 0, took: 0, says: [says] };
}

/** An input to a service. */
export function toService(service: string, input: Input): TreeInput {
  return { type: 'service', service, input };
}

/** An input to the script that a stage runs. */
export function toScript(stage: ScriptStageName, input: ScriptInput): TreeInput {
  return { type: 'script', stage, input };
}

/** A process is spawned. */
export function rises(who: string): Said {
  return { who, what: 'starts' };
}

/** A process cannot be run. */
export function cannotRun(who: string, why: string): Said {
  return { who, what: `cannot be run: ${why}`, does: { unspawnable: 'ENOENT' } };
}

/** A process exits by itself. */
export function exits(who: string, code: number, more = ''): Said {
  const exit = exitWith(code);
  return { who, what: `${describeExit(exit)}${more}`, does: { exit } };
}

/** An exit with a code. */
export function exitWith(code: number): Exit {
  return { code, signal: null };
}

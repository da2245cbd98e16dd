import type { ExploredStep } from './findings.ts';
import type { ExploredState } from './explored-state.ts';
import type { LifecycleInput } from '../../machine/service/service-state.ts';
import type {
  ScriptProcessInput,
  ScriptStageName,
  MachineInput,
} from '../../machine/tree/tree-state.ts';
import type { Exit } from '../../model/exit.ts';
import { describeExit } from '../../model/exit.ts';

/** Something that may happen in a state. */
export interface Action {
  /** The state, prepared for the action. */
  readonly explored: ExploredState;
  /** The input to the tree; `null`: only time passes. */
  readonly input: MachineInput | null;
  /** Milliseconds that pass for everything of which the time is counted. */
  readonly after: number;
  /** Milliseconds that the action adds to a way. */
  readonly took: number;
  /** What happens, as reported to the user. */
  readonly steps: readonly StepWithoutTime[];
}

/** A step without its moment. */
export type StepWithoutTime = Omit<ExploredStep, 'at'>;

/** An action that takes no time. */
export function actionOf(
  explored: ExploredState,
  input: MachineInput,
  step: StepWithoutTime,
): Action {
  return { explored, input, after: 0, took: 0, steps: [step] };
}

/** An input to a service. */
export function toService(service: string, input: LifecycleInput): MachineInput {
  return { type: 'service', service, input };
}

/** An input to the script that a stage runs. */
export function toScript(stage: ScriptStageName, input: ScriptProcessInput): MachineInput {
  return { type: 'script', stage, input };
}

/** A process is spawned. */
export function starts(name: string): StepWithoutTime {
  return { who: name, what: 'starts' };
}

/** A process cannot be run. */
export function cannotRun(name: string, why: string): StepWithoutTime {
  return { who: name, what: `cannot be run: ${why}`, does: { unspawnable: 'ENOENT' } };
}

/** A process exits by itself. */
export function exits(name: string, code: number): StepWithoutTime {
  const exit = exitWith(code);
  return { who: name, what: describeExit(exit), does: { exit } };
}

/** An exit with a code. */
export function exitWith(code: number): Exit {
  return { code, signal: null };
}

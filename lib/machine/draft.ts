import { catchAllEnd } from './catch-all.ts';
import { isAtRest, isReady, transition } from './longrun.ts';
import type { Input, ServiceState } from './machine.ts';
import type {
  Effect,
  ScriptStageName,
  ScriptsState,
  ServicesState,
  TreeSetting,
  TreeState,
  TreeStep,
  Unit,
} from './state.ts';
import { isDescending } from './state.ts';
import type { Cause, Change, Phase } from '../model/event.ts';
import type { ProblemCode } from '../model/problem.ts';
import { problem } from '../model/problem.ts';
import type { Ending } from '../model/verdict.ts';

/** What a change says, without what brought it about. */
export type Said<C extends Change = Change> = C extends Change ? Omit<C, 'cause'> : never;

/** One step of the tree in the making: a private copy of the state, and what has come of it so far. */
export class Draft {
  state: TreeState;
  /** What all that this step changes is put down to. */
  cause: Cause;
  readonly setting: TreeSetting;
  readonly #effects: Effect[] = [];
  readonly #changes: Change[] = [];
  /** The services that this step has put somewhere else. */
  readonly moved = new Set<string>();
  #ownUnits: Map<string, Unit> | undefined;

  constructor(state: TreeState, cause: Cause, setting: TreeSetting) {
    this.state = state;
    this.cause = cause;
    this.setting = setting;
  }

  finished(): TreeStep {
    return { state: this.state, effects: this.#effects, changes: this.#changes };
  }

  effect(effect: Effect): void {
    this.#effects.push(effect);
  }

  say(change: Said): void {
    this.#changes.push({ ...change, cause: this.cause });
  }

  warn(code: ProblemCode, path: string, message: string, remedy?: string): void {
    const more = remedy === undefined ? {} : { remedy };
    this.say({ type: 'problem', problem: problem(code, path, message, more) });
  }

  enter(phase: Phase): void {
    this.say({ type: 'phase', from: this.state.phase, to: phase });
    this.state = { ...this.state, phase };
  }

  end(ending: Ending, grace = this.state.grace): void {
    this.state = { ...this.state, target: 'ended', grace, ending: this.state.ending ?? ending };
  }

  scripts(stage: ScriptStageName, patch: Partial<ScriptsState>): void {
    this.state = { ...this.state, [stage]: { ...this.state[stage], ...patch } };
  }

  services(patch: Partial<ServicesState>): void {
    this.state = { ...this.state, services: { ...this.state.services, ...patch } };
  }

  killed(name: string): void {
    if (!isDescending(this.state) || this.state.killed.includes(name)) return;
    this.state = { ...this.state, killed: [...this.state.killed, name] };
  }

  unit(name: string): Unit | undefined {
    return this.state.units.get(name);
  }

  put(name: string, unit: Unit): void {
    this.#units().set(name, unit);
    this.moved.add(name);
  }

  drop(name: string): void {
    this.#units().delete(name);
  }

  replaceUnits(units: ReadonlyMap<string, Unit>): void {
    this.#ownUnits = new Map(units);
    this.state = { ...this.state, units: this.#ownUnits };
  }

  /** Hands an input to one service: its next state, its effects, and the events that follow from both. */
  feed(name: string, input: Input): void {
    const unit = this.unit(name);
    if (unit === undefined) return;
    const { spec, state: before } = unit;
    const { now, options } = this.setting;
    const { hurry } = this.state;
    const catchAll = catchAllEnd(this.state, now, unit);
    const setting = { spec, now, output: options.output, hurry, catchAll };
    const { state, effects } = transition(before, input, setting);
    if (state !== before) this.put(name, { ...unit, state });
    this.#tell(name, before, state);
    for (const effect of effects) {
      if (effect.type === 'sweep') this.sweep(name);
      else this.effect({ ...effect, owner: { service: name } });
    }
  }

  /** Ends what the runs of a service left behind. */
  sweep(name: string, what?: 'everything' | 'writers'): void {
    this.services({ sweeping: [...this.state.services.sweeping, name] });
    this.effect({ type: 'sweep', service: name, grace: this.killGrace, ...(what && { what }) });
  }

  /** Milliseconds between TERM and KILL for what processes leave behind. */
  get killGrace(): number {
    return Math.min(this.state.timeouts.kill, this.state.hurry ?? Infinity);
  }

  #tell(name: string, before: ServiceState, after: ServiceState): void {
    if (after.status !== before.status) {
      const pid = 'run' in after ? after.run.pid : undefined;
      const ended = 'run' in before && !('run' in after) ? after.lastExit : null;
      this.say({
        type: 'service',
        service: name,
        from: before.status,
        to: after.status,
        ...(pid !== undefined && { pid }),
        ...(ended !== null && { exit: ended }),
      });
    }
    if (
      after.status === 'up' &&
      before.status === 'up' &&
      after.run.readyAt !== before.run.readyAt
    ) {
      const duration = this.setting.now - after.run.startedAt;
      this.say({ type: 'ready', service: name, pid: after.run.pid, duration });
    }
  }

  #units(): Map<string, Unit> {
    if (this.#ownUnits === undefined) this.replaceUnits(this.state.units);
    return this.#ownUnits as Map<string, Unit>;
  }
}

/** A rule moves something and returns true, or returns false. */
export type Rule = (draft: Draft) => boolean;

/** Whether a service has arrived where the stage wants it: up, and ready if it announces. */
export function hasArrived(unit: Unit): boolean {
  return isReady(unit.state);
}

/** Whether a service stands still. */
export function rests(unit: Unit): boolean {
  return isAtRest(unit.state);
}

import { catchAllEnd } from './catch-all.ts';
import { isAtRest, isReady, transition } from '../service/lifecycle.ts';
import type { LifecycleInput, ServiceState, ServiceStep } from '../service/service-state.ts';
import type {
  Effect,
  ScriptStageName,
  ScriptsState,
  ServicesState,
  TreeSetting,
  TreeState,
  TreeStep,
} from './tree-state.ts';
import type { Unit, UnitMap } from './unit-map.ts';
import { isDescending } from './tree-state.ts';
import type { Cause, Change, Phase } from '../../model/event.ts';
import type { ProblemCode } from '../../model/problem.ts';
import { problem } from '../../model/problem.ts';
import { loggerName, producerOf } from '../../model/tree.ts';
import type { EndReason, Ending } from '../../model/verdict.ts';

/** A change without its cause. */
export type ChangeWithoutCause<C extends Change = Change> = C extends Change
  ? Omit<C, 'cause'>
  : never;

/**
 * One step of the tree under construction: a private copy of the state, with the effects and changes collected so far.
 */
export class Draft {
  state: TreeState;
  /** The cause of every change that this step makes. */
  cause: Cause;
  readonly setting: TreeSetting;
  readonly #effects: Effect[] = [];
  readonly #changes: Change[] = [];
  /** The services of which this step has changed the state. */
  readonly moved = new Set<string>();
  readonly #before: TreeState;
  /** The services that this step has moved, swept or removed. */
  readonly #touched = new Set<string>();
  #isReplaced = false;

  constructor(state: TreeState, cause: Cause, setting: TreeSetting) {
    this.state = state;
    this.#before = state;
    this.cause = cause;
    this.setting = setting;
  }

  finished(): TreeStep {
    return { state: this.state, effects: this.#effects, changes: this.#changes };
  }

  effect(effect: Effect): void {
    this.#effects.push(effect);
  }

  report(change: ChangeWithoutCause): void {
    this.#changes.push({ ...change, cause: this.cause });
  }

  warn(code: ProblemCode, path: string, message: string, remedy?: string): void {
    const more = remedy === undefined ? {} : { remedy };
    this.report({ type: 'problem', problem: problem(code, path, message, more) });
  }

  enter(phase: Phase): void {
    this.report({ type: 'phase', from: this.state.phase, to: phase });
    this.state = { ...this.state, phase };
  }

  /** Requests the end; the first reason applies. */
  end(ending: Ending, grace = this.state.grace): void {
    const replaces = recordedReasons.get(ending.reason);
    if (this.state.ending === null && replaces !== undefined)
      this.effect({ type: 'recordExitCode', exitCode: ending.exitCode, replaces });
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
    this.#replace(name, unit);
    this.moved.add(name);
  }

  /** Changes what the tree knows about a service, not the service's own state. */
  mark(name: string, patch: Partial<Pick<Unit, 'awaited' | 'sweeps'>>): void {
    const unit = this.unit(name);
    if (unit !== undefined) this.#replace(name, { ...unit, ...patch });
  }

  drop(name: string): void {
    this.#replace(name, undefined);
  }

  replaceUnits(units: UnitMap): void {
    this.#isReplaced = true;
    this.state = { ...this.state, units };
  }

  /**
   * The services to which a rule may apply after this step: those that the step has touched, each with its logger and
   * its producer; all services if the step has changed something that holds for all. The rules examine no others, so a
   * step costs as much as it changes, not as much as there is.
   */
  concerned(): readonly string[] {
    const { units, phase, grace } = this.state;
    const isForAll =
      this.#isReplaced || phase !== this.#before.phase || grace !== this.#before.grace;
    if (isForAll) return [...units.keys()];
    const names = new Set<string>();
    for (const name of this.#touched) {
      for (const one of [loggerName(name), producerOf(name)]) {
        if (one !== undefined && units.has(one)) names.add(one);
      }
      names.add(name); // a removed service, too: rules may wait for its removal
    }
    return [...names];
  }

  /**
   * Gives an input to one service: updates its state, and collects its effects and the events that follow from both.
   */
  feed(name: string, input: LifecycleInput): void {
    const unit = this.unit(name);
    if (unit === undefined) return;
    const before = unit.state;
    const { state, effects } = this.outcome(unit, input);
    if (state !== before) this.put(name, { ...unit, state });
    this.#reportChanges(name, before, state);
    for (const effect of effects) {
      if (effect.type === 'sweep') this.sweep(name);
      else this.effect({ ...effect, owner: { service: name } });
    }
  }

  /** What an input to a service leads to; changes nothing. */
  outcome(unit: Unit, input: LifecycleInput): ServiceStep {
    const { now, options } = this.setting;
    const { stopLimit } = this.state;
    const catchAll = catchAllEnd(this.state, now, unit);
    const { spec, state } = unit;
    return transition(state, input, { spec, now, output: options.output, stopLimit, catchAll });
  }

  /** Ends what the runs of a service left behind. */
  sweep(name: string, what?: 'everything' | 'writers'): void {
    this.mark(name, { sweeps: (this.unit(name)?.sweeps ?? 0) + 1 });
    this.effect({ type: 'sweep', service: name, grace: this.killGrace, ...(what && { what }) });
  }

  /** Records that one sweep of a service's leftovers is over. */
  swept(name: string): void {
    const sweeps = this.unit(name)?.sweeps ?? 0;
    if (sweeps > 0) this.mark(name, { sweeps: sweeps - 1 });
  }

  /** Milliseconds between TERM and KILL for leftovers. */
  get killGrace(): number {
    return Math.min(this.state.timeouts.kill, this.state.stopLimit ?? Infinity);
  }

  #reportChanges(name: string, before: ServiceState, after: ServiceState): void {
    if (after.status !== before.status) {
      const pid = 'run' in after ? after.run.pid : undefined;
      const ended = 'run' in before && !('run' in after) ? after.lastExit : null;
      this.report({
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
      this.report({ type: 'ready', service: name, pid: after.run.pid, duration });
    }
  }

  #replace(name: string, unit: Unit | undefined): void {
    this.state = { ...this.state, units: this.state.units.with(name, unit) };
    this.#touched.add(name);
  }
}

/**
 * The reasons of which the exit code is recorded for scripts, and whether it replaces one that a script has written: as under
 * s6-overlay for the command and the init stage; the finish script of an essential service may have chosen another.
 */
const recordedReasons: ReadonlyMap<EndReason, boolean> = new Map([
  ['command', true],
  ['init-failed', true],
  ['essential', false],
]);

/** A rule changes something and returns true, or returns false. */
export type Rule = (draft: Draft) => boolean;

/** Whether a service is in the state that the stage wants: up, and ready if it announces its readiness. */
export function hasArrived(unit: Unit): boolean {
  return isReady(unit.state);
}

/** Whether a service is at rest. */
export function isResting(unit: Unit): boolean {
  return isAtRest(unit.state);
}

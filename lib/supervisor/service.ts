import type { SupervisorHandle } from './waits.ts';
import { Emitter } from '../emitter.ts';
import { InterruptedError, ServiceFailedError } from '../errors.ts';
import type { ServiceEvents } from './events.ts';
import { inspectService } from './inspect.ts';
import type { ServiceReport } from './status.ts';
import { reportOf } from './status.ts';
import { isAtRest, isReady } from '../machine/service/lifecycle.ts';
import { startFailureOf } from '../machine/service/start-failure.ts';
import { explainService } from '../machine/tree/explain.ts';
import type { LifecycleInput, ServiceState } from '../machine/service/service-state.ts';
import type { Unit } from '../machine/tree/unit-map.ts';
import type { ServiceStatus } from '../model/event.ts';
import type { Exit } from '../model/exit.ts';
import type { ServiceSpec } from '../model/tree.ts';
import { loggerName } from '../model/tree.ts';
import type { StopOptions, WaitOptions } from '../options/wait-options.ts';
import {
  validateServiceEvent,
  validateSignal,
  validateStatus,
  validateStop,
  validateWait,
} from '../options/wait-options.ts';

/**
 * One supervised service: its specification, its state, and the commands to it. It emits the events that concern it.
 *
 * A command may be given at any time and in any state; the last command applies.
 */
export class Service extends Emitter<ServiceEvents> {
  /** The service's name; a logger's name is that of its producer followed by `/log`. */
  readonly name: string;
  readonly #control: SupervisorHandle;
  readonly #find: (name: string) => Service | undefined;
  #last: Unit;

  /** @internal */
  constructor(
    name: string,
    control: SupervisorHandle,
    find: (name: string) => Service | undefined,
  ) {
    super(validateServiceEvent);
    this.name = name;
    this.#control = control;
    this.#find = find;
    this.#last = control.unit(name) as Unit;
  }

  /** The service's specification, with the overrides of `SupervisorOptions.services` applied. */
  get spec(): ServiceSpec {
    return this.#unit.spec;
  }

  /** The service that reads this one's stdout; `undefined` without one. */
  get logger(): Service | undefined {
    return this.#find(loggerName(this.name));
  }

  /** The status of the service. */
  get status(): ServiceStatus {
    return this.#state.status;
  }

  /** Whether the service is up and, if it has a `notification-fd`, has announced its readiness (s6). */
  get ready(): boolean {
    return isReady(this.#state);
  }

  /** Whether the service is meant to be up, so that it is restarted when it exits. */
  get wanted(): boolean {
    return this.#state.goal === 'up';
  }

  /** The pid of `run` while it is alive; also the id of its process group. */
  get pid(): number | undefined {
    return 'run' in this.#state ? this.#state.run.pid : undefined;
  }

  /** When the current status began, in epoch milliseconds, by the wall clock as it is set now. */
  get since(): number {
    return this.#control.timeOfDay(this.#state.since);
  }

  /** How `run` last exited; `undefined` before its first exit. */
  get lastExit(): Exit | undefined {
    return this.#state.lastExit ?? undefined;
  }

  /** How many times `run` exited without having been asked to. */
  get deaths(): number {
    return this.#state.deaths;
  }

  /**
   * Starts the service, without the rest of a restart delay, and keeps it up. Resolves when the service is up and, if it
   * announces readiness, ready.
   *
   * @throws ServiceFailedError when it fails for good, its program cannot be run, or it has died five times in a row before it
   * was ready; in the last two cases the supervisor keeps trying.
   * @throws InterruptedError when another command stops it first.
   * @throws OrderError when the supervisor stops or has ended.
   * @throws RuntimeDirectoryError when the runtime directory cannot be used.
   */
  async start(options?: WaitOptions): Promise<void> {
    await this.#come({ type: 'start' }, `The start of '${this.name}'`, validateWait(options));
  }

  override once<Name extends keyof ServiceEvents>(
    event: Name,
    listener: ServiceEvents[Name],
    context?: unknown,
  ): this;
  /**
   * Starts the service but does not restart it when it exits (`s6-svc -o`). A service that is up continues to run until it
   * exits. A service that is stopping or finishing stays down (s6), and the promise rejects with an InterruptedError. Otherwise
   * the promise resolves and rejects as that of `start()` does.
   */
  override once(options?: WaitOptions): Promise<void>;
  override once<Name extends keyof ServiceEvents>(
    first?: Name | WaitOptions,
    listener?: ServiceEvents[Name],
    context?: unknown,
  ): this | Promise<void> {
    if (typeof first === 'string') {
      return super.once(first, listener as never, context);
    }
    return this.#once(first);
  }

  /**
   * Stops the service: sends its stop signal and CONT, then KILL to its process group after its kill timeout. Resolves when the
   * service is down and its finish script has exited.
   *
   * @throws InterruptedError when another command starts it again.
   */
  async stop(options: StopOptions = {}): Promise<void> {
    const killTimeout = validateStop(options).killTimeout;
    this.#input({ type: 'stop', ...(killTimeout !== undefined && { killTimeout }) });
    await this.#control.until(
      () => {
        if (isAtRest(this.#state) && !this.#isSweeping()) return true;
        if (this.#state.goal === 'up') throw this.#interrupted('was started again');
        return undefined;
      },
      { what: `The stop of '${this.name}'`, pending: () => [this.name] },
      options,
    );
  }

  /**
   * Stops the service and starts it again without a delay. Resolves when it is up again and, if it announces
   * readiness, ready. Starts a service that is down.
   *
   * @throws ServiceFailedError, InterruptedError, OrderError as `start()` does.
   */
  async restart(options: StopOptions = {}): Promise<void> {
    const killTimeout = validateStop(options).killTimeout;
    const input = { type: 'restart', ...(killTimeout !== undefined && { killTimeout }) } as const;
    await this.#come(input, `The restart of '${this.name}'`, options);
  }

  /**
   * Sends a signal to `run`: at once, or after the spawn if the service is starting. Does nothing while `run` is not alive
   * (s6-svc).
   *
   * @throws OptionsError when there is no such signal.
   */
  signal(signal: NodeJS.Signals): void {
    this.#input({ type: 'signal', signal: validateSignal(signal) });
  }

  /**
   * Resolves when the service next has this status; at once if it has it already. `'ready'`: it is up and, if it announces
   * readiness, has announced it.
   *
   * @throws InterruptedError when the supervisor ends first.
   * @throws OptionsError when there is no such status.
   */
  async when(state: ServiceStatus | 'ready', options?: WaitOptions): Promise<void> {
    validateStatus(state);
    await this.#control.until(
      () => ((state === 'ready' ? this.ready : this.status === state) ? true : undefined),
      { what: `The state '${state}' of '${this.name}'`, pending: () => [this.name] },
      validateWait(options),
    );
  }

  /** One sentence that says why the service has its status. */
  explain(): string {
    return explainService(this.#unit, this.#control.now);
  }

  /** What `JSON.stringify(service)` writes: its entry in `supervisor.status()`. */
  toJSON(): ServiceReport {
    return reportOf(this.#unit, this.#control);
  }

  /** The name and the state in one line: what `console.log(service)` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return inspectService(this.name, this.#unit);
  }

  async #once(options?: WaitOptions): Promise<void> {
    await this.#come({ type: 'once' }, `One run of '${this.name}'`, validateWait(options));
  }

  async #come(input: LifecycleInput, what: string, options?: WaitOptions): Promise<void> {
    this.#control.refuseOnTheWayDown(what);
    this.#control.prepare();
    const before = this.#state;
    this.#input(input);
    if (input.type === 'once' && (before.status === 'stopping' || before.status === 'finishing')) {
      throw new InterruptedError(
        `The service '${this.name}' is ${before.status}: once() does not start a service that is on its way down.`,
      );
    }
    const isOld = (state: ServiceState): boolean =>
      input.type === 'restart' && 'run' in before && 'run' in state && state.run === before.run;
    await this.#control.until(
      () => this.#arrival(isOld),
      { what, pending: () => [this.name] },
      options,
    );
  }

  /** Whether the service has come up; throws when it no longer can. */
  #arrival(isOld: (state: ServiceState) => boolean): true | undefined {
    const state = this.#state;
    if (isReady(state) && !isOld(state)) return true;
    const failure = startFailureOf(this.name, state);
    if (failure !== undefined) throw new ServiceFailedError(failure, this.explain());
    if (state.goal === 'down' && state.status !== 'up') throw this.#interrupted('was stopped');
    return undefined;
  }

  #interrupted(how: string): InterruptedError {
    return new InterruptedError(`The service '${this.name}' ${how} by another command meanwhile.`);
  }

  #isSweeping(): boolean {
    return (this.#control.unit(this.name)?.sweeps ?? 0) > 0;
  }

  #input(input: LifecycleInput): void {
    this.#control.input({ type: 'service', service: this.name, input });
  }

  get #state(): ServiceState {
    return this.#unit.state;
  }

  /** The unit's current state; after it has left the tree, its last state. */
  get #unit(): Unit {
    const unit = this.#control.unit(this.name);
    if (unit !== undefined) this.#last = unit;
    return this.#last;
  }
}

import type { Control } from './control.ts';
import { Emitter } from './emitter.ts';
import { InterruptedError, ServiceFailedError } from './errors.ts';
import type { ServiceEvents } from './events.ts';
import { isAtRest, isReady } from './machine/longrun.ts';
import { explainService } from './machine/explain.ts';
import type { Input, ServiceState } from './machine/machine.ts';
import type { Unit } from './machine/state.ts';
import type { ServiceStatus } from './model/event.ts';
import type { Exit } from './model/exit.ts';
import type { ServiceSpec } from './model/tree.ts';
import { loggerName } from './model/tree.ts';
import type { StopOptions, WaitOptions } from './wait-options.ts';
import { soundSignal, soundStop, soundWait } from './wait-options.ts';

/**
 * One supervised service: what it is, how it stands, and the commands to it.
 *
 * Commands may be given at any time and in any state; the last one holds. It emits the events that concern it.
 */
export class Service extends Emitter<ServiceEvents> {
  /** The service's name; a logger's is that of its producer with `/log` behind it. */
  readonly name: string;
  readonly #control: Control;
  readonly #find: (name: string) => Service | undefined;
  #last: Unit;

  /** @internal */
  constructor(name: string, control: Control, find: (name: string) => Service | undefined) {
    super();
    this.name = name;
    this.#control = control;
    this.#find = find;
    this.#last = control.unit(name) as Unit;
  }

  /** What the service is, with the host's overrides laid over it. */
  get spec(): ServiceSpec {
    return this.#unit.spec;
  }

  /** The service that reads this one's stdout, if there is one. */
  get logger(): Service | undefined {
    return this.#find(loggerName(this.name));
  }

  /** Where the service stands. */
  get status(): ServiceStatus {
    return this.#state.status;
  }

  /** Whether it is up, and has announced so if it announces (`notification-fd`). */
  get ready(): boolean {
    return isReady(this.#state);
  }

  /** Whether it is meant to be up and is restarted when it dies. */
  get wanted(): boolean {
    return this.#state.goal === 'up';
  }

  /** The pid of `run`, which is also its process group, while it lives. */
  get pid(): number | undefined {
    return 'run' in this.#state ? this.#state.run.pid : undefined;
  }

  /** When the present status began: epoch milliseconds. */
  get since(): number {
    return this.#state.since;
  }

  /** How `run` ended last; `undefined` before its first end. */
  get lastExit(): Exit | undefined {
    return this.#state.lastExit ?? undefined;
  }

  /** How often `run` ended without being asked to. */
  get deaths(): number {
    return this.#state.deaths;
  }

  /**
   * Starts the service, skipping a delay that it may be in, and keeps it up. Resolves when it is up, and ready if it
   * announces readiness.
   *
   * @throws ServiceFailedError when it fails for good or cannot be run; it is tried again all the same.
   * @throws InterruptedError when another command takes it down again.
   * @throws OrderError when everything is being stopped.
   */
  async start(options?: WaitOptions): Promise<void> {
    await this.#come({ type: 'start' }, `The start of '${this.name}'`, soundWait(options));
  }

  override once<Name extends keyof ServiceEvents>(
    event: Name,
    listener: ServiceEvents[Name],
    context?: unknown,
  ): this;
  /**
   * Starts the service but does not restart it when it ends. A service that is up is left to run to its end; one that is
   * on its way down stays down (s6), and the promise rejects. Otherwise it resolves and rejects as `start()` does.
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
   * Takes the service down: its stop signal and CONT, then KILL to its process group when its kill timeout is over.
   * Resolves when it is down and its finish script has ended.
   *
   * @throws InterruptedError when another command starts it again.
   */
  async stop(options: StopOptions = {}): Promise<void> {
    const patience = soundStop(options).killTimeout;
    this.#input({ type: 'stop', ...(patience !== undefined && { patience }) });
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
   * Takes the service down and brings it up again, without a delay. Resolves when it is up again, and ready if it
   * announces readiness. A service that is down is started.
   *
   * @throws ServiceFailedError InterruptedError OrderError as `start()` does.
   */
  async restart(options: StopOptions = {}): Promise<void> {
    const patience = soundStop(options).killTimeout;
    const input = { type: 'restart', ...(patience !== undefined && { patience }) } as const;
    await this.#come(input, `The restart of '${this.name}'`, options);
  }

  /**
   * Sends a signal to `run`: at once, or as soon as it is there if it is just being started. Without effect while it does not
   * live (s6-svc).
   *
   * @throws OptionsError when there is no such signal.
   */
  signal(signal: NodeJS.Signals): void {
    this.#input({ type: 'signal', signal: soundSignal(signal) });
  }

  /**
   * Resolves when the service is next in this state, at once if it is already. `'ready'` is up, and announced if it
   * announces.
   *
   * @throws InterruptedError when the supervisor ends without the service getting there.
   */
  async when(state: ServiceStatus | 'ready', options?: WaitOptions): Promise<void> {
    await this.#control.until(
      () => ((state === 'ready' ? this.ready : this.status === state) ? true : undefined),
      { what: `The state '${state}' of '${this.name}'`, pending: () => [this.name] },
      soundWait(options),
    );
  }

  /** One sentence: why it stands as it does. */
  explain(): string {
    return explainService(this.#unit, this.#control.now);
  }

  async #once(options?: WaitOptions): Promise<void> {
    await this.#come({ type: 'once' }, `One run of '${this.name}'`, soundWait(options));
  }

  async #come(input: Input, what: string, options?: WaitOptions): Promise<void> {
    this.#control.refuseOnTheWayDown(what);
    const before = this.#state;
    this.#input(input);
    if (input.type === 'once' && (before.status === 'stopping' || before.status === 'finishing')) {
      throw new InterruptedError(
        `The service '${this.name}' is ${before.status}: once() brings nothing back that is on its way down.`,
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

  /** Whether the service has come up; throws when it will not. */
  #arrival(isOld: (state: ServiceState) => boolean): true | undefined {
    const state = this.#state;
    if (isReady(state) && !isOld(state)) return true;
    const cannotRun = state.status === 'backoff' && state.why === 'unspawnable';
    if (state.status === 'failed' || cannotRun) {
      throw new ServiceFailedError(this.name, this.explain(), this.lastExit);
    }
    const calledOff = state.goal === 'down' && state.status !== 'up';
    if (!calledOff) return undefined;
    if (state.status === 'down' && state.why === 'ended') {
      throw new ServiceFailedError(this.name, this.explain(), this.lastExit);
    }
    throw this.#interrupted('was stopped');
  }

  #interrupted(how: string): InterruptedError {
    return new InterruptedError(`The service '${this.name}' ${how} by another command meanwhile.`);
  }

  #isSweeping(): boolean {
    return this.#control.state.services.sweeping.has(this.name);
  }

  #input(input: Input): void {
    this.#control.input({ type: 'service', service: this.name, input });
  }

  get #state(): ServiceState {
    return this.#unit.state;
  }

  /** The unit as it is, or as it was when it left the tree. */
  get #unit(): Unit {
    const unit = this.#control.unit(this.name);
    if (unit !== undefined) this.#last = unit;
    return this.#last;
  }
}

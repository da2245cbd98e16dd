import { onAbort } from './abort.ts';
import { InterruptedError, OrderError, TimeoutError } from '../errors.ts';
import type { MachineInput, TreeState } from '../machine/tree/tree-state.ts';
import type { Unit } from '../machine/tree/unit-map.ts';
import type { Problem } from '../model/problem.ts';
import { isDescending } from '../machine/tree/tree-state.ts';
import { WaitReminder } from './wait-reminder.ts';
import type { Clock } from '../engine/clock.ts';
import { timeOfDay } from '../engine/clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { WaitOptions } from '../options/wait-options.ts';

/** What a promise waits for: `what` describes it for error messages, `pending` names what has not finished yet. */
export interface Awaited {
  readonly what: string;
  readonly pending?: () => readonly string[];
}

/** The part that Supervisor, Stage and Service share: the engine, and the promises that wait for a state of the engine. */
export class SupervisorHandle {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #waits = new Set<() => void>();
  readonly #prepare: () => void;

  constructor(clock: Clock, engine: (stepped: () => void) => Engine, prepare: () => void) {
    this.#clock = clock;
    this.#prepare = prepare;
    const report = (problem: Problem): void => {
      this.input({ type: 'problem', problem });
    };
    const reminder = new WaitReminder(clock, () => this.state, report);
    this.#engine = engine(() => {
      for (const check of this.#waits) check();
      reminder.follow();
    });
  }

  get state(): TreeState {
    return this.#engine.state;
  }

  get now(): number {
    return this.#clock.now();
  }

  /** A moment of the state by the wall clock, in epoch milliseconds. */
  timeOfDay(moment: number): number {
    return timeOfDay(this.#clock, moment);
  }

  input(input: MachineInput): void {
    this.#engine.input(input);
  }

  /**
   * Prepares the host for processes; call it before an input that can start the first one.
   *
   * @throws RuntimeDirectoryError when the runtime directory cannot be used.
   */
  prepare(): void {
    if (this.state.phase !== 'ended') this.#prepare();
  }

  unit(name: string): Unit | undefined {
    return this.state.units.get(name);
  }

  /** @throws OrderError when the supervisor stops or has ended; `what` is the subject of the message. */
  refuseOnTheWayDown(what: string): void {
    if (!isDescending(this.state)) return;
    const { phase } = this.state;
    const when = phase === 'ended' ? 'the supervisor has ended' : 'everything is being stopped';
    throw new OrderError(
      `${what} cannot be done: ${when}. To start again, create a new Supervisor.`,
    );
  }

  /**
   * Resolves with the first value other than `undefined` that `test` returns; calls `test` now and after every step. Rejects
   * with what `test` throws, with the reason of `options.signal`, with a TimeoutError after `options.timeout`, and with an
   * InterruptedError when the supervisor has ended.
   */
  until<T>(test: () => T | undefined, awaited: Awaited, options: WaitOptions = {}): Promise<T> {
    const { signal, timeout } = options;
    const undo: (() => void)[] = [];
    const answer = new Promise<T>((resolve, reject) => {
      const check = (): void => {
        try {
          const found = test();
          if (found !== undefined) resolve(found);
          else if (this.state.phase === 'ended') reject(tooLate(awaited));
        } catch (error) {
          reject(asError(error));
        }
      };
      const abort = (): void => {
        // An abort reason can be any value; the promise rejects with it unchanged.
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors
        reject(signal?.reason);
      };
      const cancelTimeout = this.after(timeout, (ms) => {
        reject(new TimeoutError(awaited.what, ms, awaited.pending?.() ?? []));
      });
      undo.push(cancelTimeout, onAbort(signal, abort), () => this.#waits.delete(check));
      if (signal?.aborted === true) abort();
      this.#waits.add(check);
      check();
    });
    return answer.finally(() => {
      for (const step of undo) step();
    });
  }

  /** Calls `act` after `timeout` milliseconds; does nothing without a timeout. Returns a function that cancels the call. */
  after(timeout: number | undefined, act: (ms: number) => void): () => void {
    if (timeout === undefined) return () => undefined;
    return this.#clock.at(this.#clock.now() + timeout, () => {
      act(timeout);
    });
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}

function tooLate({ what }: Awaited): InterruptedError {
  return new InterruptedError(`${what} did not come: the supervisor has ended.`);
}

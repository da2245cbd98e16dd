import { InterruptedError, OrderError, TimeoutError } from './errors.ts';
import type { TreeInput, TreeState, Unit } from './machine/state.ts';
import { isDescending } from './machine/state.ts';
import type { Clock } from './runtime/clock.ts';
import type { Engine } from './runtime/engine.ts';

/** How long to wait. Giving up ends only the waiting: what was asked for goes on. A signal that has aborted before asks for nothing. */
export interface WaitOptions {
  /** Ends the waiting when it aborts; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which the waiting ends with a `TimeoutError`. Default: no limit. */
  readonly timeout?: number;
}

/** How to stop, and how long to wait for it. */
export interface StopOptions extends WaitOptions {
  /** Milliseconds from the stop signal to KILL; 0: never. Default: the service's `timeout-kill`, else 10 000. */
  readonly killTimeout?: number;
}

/** What is waited for: in words, for errors, with who is still awaited. */
export interface Awaited {
  readonly what: string;
  readonly pending?: () => readonly string[];
}

/** What the façade's classes share: the engine, and the promises that wait for what it will come to. */
export class Control {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #waits = new Set<() => void>();

  constructor(clock: Clock, engine: (stepped: () => void) => Engine) {
    this.#clock = clock;
    this.#engine = engine(() => {
      for (const check of this.#waits) check();
    });
  }

  get state(): TreeState {
    return this.#engine.state;
  }

  get now(): number {
    return this.#clock.now();
  }

  input(input: TreeInput): void {
    this.#engine.input(input);
  }

  unit(name: string): Unit | undefined {
    return this.state.units.get(name);
  }

  /** Throws when it is too late for what is asked. */
  refuseOnTheWayDown(what: string): void {
    if (!isDescending(this.state)) return;
    const { phase } = this.state;
    const when = phase === 'ended' ? 'the supervisor has ended' : 'everything is being stopped';
    throw new OrderError(`${what} cannot be done: ${when}. Load the tree again for a new life.`);
  }

  /**
   * Resolves with the first answer that `test` gives; it is asked now and after every step. What it throws rejects.
   */
  until<T>(test: () => T | undefined, awaited: Awaited, options: WaitOptions = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const { signal, timeout } = options;
      let cancelTimeout: (() => void) | undefined;
      const leave = (): void => {
        this.#waits.delete(check);
        cancelTimeout?.();
        signal?.removeEventListener('abort', abort);
      };
      const give = (settle: () => void): void => {
        leave();
        settle();
      };
      const abort = (): void => {
        give(() => {
          reject(signal?.reason as Error);
        });
      };
      const check = (): void => {
        try {
          const answer = test();
          if (answer !== undefined) give(() => resolve(answer));
          else if (this.state.phase === 'ended') throw tooLate(awaited);
        } catch (error) {
          give(() => reject(error as Error));
        }
      };
      if (signal?.aborted === true) return abort();
      signal?.addEventListener('abort', abort, { once: true });
      if (timeout !== undefined) {
        cancelTimeout = this.#clock.at(this.#clock.now() + timeout, () => {
          const pending = awaited.pending?.() ?? [];
          give(() => reject(new TimeoutError(awaited.what, timeout, pending)));
        });
      }
      this.#waits.add(check);
      check();
    });
  }
}

function tooLate({ what }: Awaited): InterruptedError {
  return new InterruptedError(`${what} did not come: the supervisor has ended.`);
}

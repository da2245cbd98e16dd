import { InterruptedError, OrderError, TimeoutError } from './errors.ts';
import type { TreeInput, TreeState, Unit } from './machine/state.ts';
import { isDescending } from './machine/state.ts';
import type { Clock } from './runtime/clock.ts';
import type { Engine } from './runtime/engine.ts';
import type { WaitOptions } from './wait-options.ts';

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
        // The reason may be anything, and is handed on as it is.
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors
        reject(signal?.reason);
      };
      const cancelTimeout = this.after(timeout, (ms) => {
        reject(new TimeoutError(awaited.what, ms, awaited.pending?.() ?? []));
      });
      undo.push(cancelTimeout, () => {
        this.#waits.delete(check);
        signal?.removeEventListener('abort', abort);
      });
      signal?.addEventListener('abort', abort, { once: true });
      if (signal?.aborted === true) abort();
      this.#waits.add(check);
      check();
    });
    return answer.finally(() => {
      for (const step of undo) step();
    });
  }

  /** Acts once so many milliseconds are over, if there is such a limit; the function that it returns calls that off. */
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

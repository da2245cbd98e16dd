import type { Clock } from '../engine/clock.ts';
import type { StageWait } from '../machine/tree/still-waiting.ts';
import { stageWaitOf, stillWaiting } from '../machine/tree/still-waiting.ts';
import type { TreeState } from '../machine/tree/tree-state.ts';
import type { Problem } from '../model/problem.ts';

/** Milliseconds after which a wait is reported for the first time; then after twice as many, and so on. */
const firstReminder = 10_000;

/**
 * Reports what the start or the end waits for, after 10, 20, 40 s and so on (this library). Its timer keeps no host alive and
 * is no event of the tree.
 */
export class WaitReminder {
  readonly #clock: Clock;
  readonly #state: () => TreeState;
  readonly #report: (problem: Problem) => void;
  #wait: StageWait | undefined;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, state: () => TreeState, report: (problem: Problem) => void) {
    this.#clock = clock;
    this.#state = state;
    this.#report = report;
  }

  /** Follows the state; called after each step. */
  follow(): void {
    const wait = stageWaitOf(this.#state());
    if (wait?.key === this.#wait?.key) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#wait = wait;
    if (wait !== undefined) this.#arm(wait, firstReminder);
  }

  #arm(wait: StageWait, after: number): void {
    const at = wait.since + after;
    const remind = (): void => {
      this.#arm(wait, 2 * after);
      this.#report(stillWaiting(this.#state(), wait, at));
    };
    this.#cancel = this.#clock.at(at, remind, { background: true });
  }
}

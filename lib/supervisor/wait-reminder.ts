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
  readonly #report: (problem: Problem) => void;
  #wait: StageWait | undefined;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, report: (problem: Problem) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Follows the state; called after each step. */
  follow(state: () => TreeState): void {
    const wait = stageWaitOf(state());
    if (wait?.key === this.#wait?.key) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#wait = wait;
    if (wait !== undefined) this.#arm(state, wait, firstReminder);
  }

  #arm(state: () => TreeState, wait: StageWait, after: number): void {
    const at = wait.since + after;
    const remind = (): void => {
      this.#arm(state, wait, 2 * after);
      this.#report(stillWaiting(state(), wait, at));
    };
    this.#cancel = this.#clock.at(at, remind, { background: true });
  }
}

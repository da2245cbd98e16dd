import { Queue } from '../../model/queue.ts';

/**
 * Milliseconds of one turn of the host's loop that are spent on the output of processes. A request to a server in the host takes
 * several turns; a few of them must fit into 20 ms.
 */
export const turnBudget = 2;

/** Work that is divided into steps. */
export interface Work {
  /** Whether it precedes other work. Urgent work must be bounded. */
  readonly isUrgent: boolean;
  /** Does the next step. Returns whether there is more to do now. */
  step(): boolean;
}

/** The clock and the event loop. */
interface Loop {
  readonly now: () => number;
  /** Calls `act` in the next turn, after timers and input. */
  readonly nextTurn: (act: () => void) => void;
  /** Calls `act` in this turn, after the pending promise callbacks. */
  readonly soon: (act: () => void) => void;
}

const hostLoop: Loop = {
  now: () => performance.now(),
  nextTurn: setImmediate,
  soon: queueMicrotask,
};

/**
 * Shares the time of the host's loop: steps of all works alternate until the budget of the turn is spent; the rest is done in the
 * next turns. Urgent work goes first. The time between two steps counts as well, so that the budget includes the code that awaits
 * the results. At least one step is done in each turn, however long it takes.
 *
 * Nothing is scheduled while there is no work.
 */
export class Turns {
  readonly #loop: Loop;
  readonly #urgent = new Queue<Work>();
  readonly #others = new Queue<Work>();
  #end = 0;
  #isUnderWay = false;

  constructor(loop: Loop = hostLoop) {
    this.#loop = loop;
  }

  /** Adds work that is not scheduled yet. Its first step is done in the check phase of this turn, or later. */
  add(work: Work): void {
    this.#enqueue(work);
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    this.#loop.nextTurn(this.#begin);
  }

  readonly #begin = (): void => {
    this.#end = this.#loop.now() + turnBudget;
    this.#next();
  };

  readonly #next = (): void => {
    const work = this.#urgent.shift() ?? this.#others.shift();
    let hasMore = true;
    try {
      hasMore = work?.step() ?? false;
    } finally {
      if (work !== undefined && hasMore) this.#enqueue(work);
      this.#goOn();
    }
  };

  #enqueue(work: Work): void {
    (work.isUrgent ? this.#urgent : this.#others).push(work);
  }

  #goOn(): void {
    if (this.#urgent.length + this.#others.length === 0) this.#isUnderWay = false;
    else if (this.#loop.now() < this.#end) this.#loop.soon(this.#next);
    else this.#loop.nextTurn(this.#begin);
  }
}

/** The turns of this thread: all its supervisors share the budget. */
export const turns = new Turns();

import { Queue } from '../../model/queue.ts';

/**
 * Milliseconds of one turn of the host's loop that are spent on what processes print. What a connection of the host needs
 * takes several turns, so that a few of them are to fit into 20 ms.
 */
export const turnBudget = 2;

/** Work that is done piece by piece. */
export interface Work {
  /** Whether it goes before other work. Such work must be bounded. */
  readonly isUrgent: boolean;
  /** Does the next piece. Returns whether there is more to do now. */
  step(): boolean;
}

/** The clock and the loop that turns are counted by. */
interface Loop {
  readonly now: () => number;
  /** Calls back in the next turn, after timers and input were served. */
  readonly nextTurn: (act: () => void) => void;
  /** Calls back in this turn, after all that is waiting for a promise. */
  readonly soon: (act: () => void) => void;
}

const hostLoop: Loop = {
  now: () => performance.now(),
  nextTurn: setImmediate,
  soon: queueMicrotask,
};

/**
 * Shares the time of the host's loop: works take turns, piece by piece, until the budget of this turn is spent; the rest is
 * done in the turns that follow. Urgent work goes first. The time between two pieces counts as well, so that the budget holds
 * for whatever awaits the results, too. A piece is done in each turn, however long it takes.
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

  /** Adds work that is not under way. Its first piece is done in the check phase of this turn, or later. */
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

/** The turns of this thread: the budget holds for all its supervisors together. */
export const turns = new Turns();

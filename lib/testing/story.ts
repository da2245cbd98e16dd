import type { Test } from './expectation.ts';
import type { LifecycleEvent } from '../model/event.ts';
import type { Supervisor } from '../supervisor.ts';

/** What has come of an expectation: an event that met it, or `true` since it holds. */
export type Met = LifecycleEvent | true;

/** A wait that has begun. */
export interface Wait {
  /** What has come of it so far. */
  met(): Met | undefined;
  /** To be called when nobody waits any more. */
  end(): void;
}

/** Everything that a supervisor has told, and where in it the test stands. */
export class Story {
  /** The events so far, in order. */
  readonly events: LifecycleEvent[] = [];
  readonly #waits = new Set<() => void>();
  /** How many events there were when the test's own code last went on: what its calls bring about comes behind them. */
  #now = 0;
  /** Behind the event that was waited for last, and how many there were then. */
  #last = { behind: 0, events: 0 };
  #turning = false;

  constructor(supervisor: Supervisor) {
    supervisor.on('event', (event) => {
      this.events.push(event);
      this.#takeTurn();
      for (const look of this.#waits) look();
    });
  }

  /**
   * Begins to wait for something.
   *
   * Events count from now on, or all of them with `past`. What the test's own calls have just brought about counts in any
   * case, for it could not begin to wait any earlier, and so does what came in the same moment as the event that was waited
   * for last. What a test throws comes out of `met()`, so that it is nobody's but who waits for it.
   */
  expect({ meets, holds }: Test, past: boolean): Wait {
    let next = past ? 0 : this.#start;
    let found: Met | undefined;
    let thrown: { readonly reason: unknown } | undefined;
    const look = (): void => {
      if (found !== undefined || thrown !== undefined) return;
      try {
        if (holds?.() === true) found = true;
      } catch (reason) {
        thrown = { reason };
      }
    };
    this.#waits.add(look);
    return {
      met: () => {
        look();
        if (thrown !== undefined) throw thrown.reason;
        if (found !== undefined || meets === undefined) return found;
        const place = this.#find(meets, next);
        next = place === -1 ? this.events.length : place + 1;
        if (place === -1) return undefined;
        this.#last = { behind: next, events: this.events.length };
        return (found = this.events[place]);
      },
      end: () => {
        this.#waits.delete(look);
      },
    };
  }

  /** Where the first event from a place on is that meets an expectation; -1 without one. What came before is not gone through. */
  #find(meets: (event: LifecycleEvent) => boolean, from: number): number {
    for (let place = from; place < this.events.length; place += 1) {
      const event = this.events[place];
      if (event !== undefined && meets(event)) return place;
    }
    return -1;
  }

  /** The latest event that would have met an expectation, had it been waited for in time. */
  missed({ meets }: Test): LifecycleEvent | undefined {
    return meets === undefined ? undefined : this.events.findLast((event) => meets(event));
  }

  get #start(): number {
    return this.#now === this.#last.events ? this.#last.behind : this.#now;
  }

  /** The test's code goes on once all is done that belongs to what happens now. */
  #takeTurn(): void {
    if (this.#turning) return;
    this.#turning = true;
    queueMicrotask(() => {
      this.#turning = false;
      this.#now = this.events.length;
    });
  }
}

import type { Test } from './expectation.ts';
import type { LifecycleEvent } from '../../model/event.ts';
import type { Supervisor } from '../../supervisor/supervisor.ts';

/** The result of an expectation: the event that met it, or `true` when its condition holds. */
export type Met = LifecycleEvent | true;

/** A wait under way. */
export interface EventWait {
  /** The result so far; `undefined` when it is not met yet. */
  met(): Met | undefined;
  /** To be called when the wait is over. */
  end(): void;
}

/** Every event of a supervisor, and the position in them from which the test's waits count. */
export class EventLog {
  /** The events so far, in order. */
  readonly events: LifecycleEvent[] = [];
  /** The services of the supervisor, as they are now. */
  readonly services: ReadonlyMap<string, unknown>;
  readonly #waits = new Set<() => void>();
  /** The number of events at the last moment when the test's own code could run: what its calls cause comes after them. */
  #now = 0;
  /** `behind`: the position after the event of the last wait; `events`: the number of events then. */
  #last = { behind: 0, events: 0 };
  #turning = false;

  constructor(supervisor: Supervisor) {
    this.services = supervisor.services;
    supervisor.on('event', (event) => {
      this.events.push(event);
      this.#takeTurn();
      for (const look of this.#waits) look();
    });
  }

  /**
   * Begins to wait for something.
   *
   * Counts the events from now on, or all events with `past`. Also counts the events that the test's own calls have just caused,
   * since the test could not begin to wait earlier, and those at the same moment as the event of the last wait. An error that the
   * expectation throws leaves through `met()`, so that only this wait fails.
   */
  expect({ matches, holds }: Test, past: boolean): EventWait {
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
        if (found !== undefined || matches === undefined) return found;
        const index = this.#find(matches, next);
        next = index === -1 ? this.events.length : index + 1;
        if (index === -1) return undefined;
        this.#last = { behind: next, events: this.events.length };
        return (found = this.events[index]);
      },
      end: () => {
        this.#waits.delete(look);
      },
    };
  }

  /** The position of the first event from `from` on that meets an expectation; -1 without one. */
  #find(matches: (event: LifecycleEvent) => boolean, from: number): number {
    for (let index = from; index < this.events.length; index += 1) {
      const event = this.events[index];
      if (event !== undefined && matches(event)) return index;
    }
    return -1;
  }

  /** The latest event that would have met an expectation if the wait had begun earlier. */
  missed({ matches }: Test): LifecycleEvent | undefined {
    return matches === undefined ? undefined : this.events.findLast((event) => matches(event));
  }

  get #start(): number {
    return this.#now === this.#last.events ? this.#last.behind : this.#now;
  }

  /** Notes the position once everything of the current moment is done, when the test's code can run. */
  #takeTurn(): void {
    if (this.#turning) return;
    this.#turning = true;
    queueMicrotask(() => {
      this.#turning = false;
      this.#now = this.events.length;
    });
  }
}

import { AssertionError } from 'node:assert';
import type { EventPattern, EventType, Expectation, Predicate, Test } from './expectation.ts';
import { testOf } from './expectation.ts';
import type { Met, Story } from './story.ts';
import type { Transcript } from './transcript.ts';
import type { TreeFiles } from '../loader/literal-files.ts';
import type { EventOf } from '../events.ts';
import type { LifecycleEvent } from '../model/event.ts';
import type { SupervisorOptions } from '../options.ts';
import type { Supervisor } from '../supervisor.ts';

/** A tree under test: what a simulation and a trial have in common, so that one test can be made in both worlds. */
export interface Life extends AsyncDisposable {
  /** The tree's supervisor. Nothing has been started yet. */
  readonly supervisor: Supervisor;
  /** Every event so far. */
  readonly events: readonly LifecycleEvent[];
  /** The same as lines, from the beginning. */
  readonly transcript: Transcript;
  /**
   * Goes on until something comes: an event, by its type or by what is in it; something that holds; or the end of a promise,
   * whose outcome is then this one's.
   *
   * Events count from the call on; what the test itself has just brought about counts too, and what came together with the
   * event that was waited for last. With an event it resolves to that event. Whatever needs no further time has happened by then.
   *
   * @throws AssertionError when it does not come within `timeout`, or cannot come any more; the end of the transcript is in its
   * message. What a predicate throws is thrown as it is.
   * @throws RangeError when `timeout` is negative or not a number.
   */
  until: Until;
  /** Adds files to the tree, or replaces them, as an init script may do. They count when `services.d` is next read. */
  write(files: TreeFiles): Promise<void>;
  /** Removes a file, or a folder with all that is in it, from the tree. */
  remove(path: string): Promise<void>;
  /** Stops the supervisor; afterwards nothing of it is left, be it a process, a timer or a file. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Waits for something to come. */
export interface Until {
  <Type extends EventType>(
    expected: Type | EventPattern<Type>,
    options?: UntilOptions,
  ): Promise<EventOf<Type>>;
  (expected: Predicate, options?: UntilOptions): Promise<LifecycleEvent | undefined>;
  <T>(expected: Promise<T>, options?: UntilOptions): Promise<T>;
}

/** How long to wait. */
export interface UntilOptions {
  /** Milliseconds, of virtual time in a simulation. Default: an hour of virtual time, 10 seconds of real time. */
  readonly timeout?: number;
  /** Whether an event that came before counts as well: where real processes race, nobody knows which comes first. Default: false. */
  readonly past?: boolean;
}

/** How the supervisor of a tree under test behaves, and where it begins. */
export interface LifeOptions extends Omit<
  SupervisorOptions,
  'clock' | 'spawner' | 'runtimeDirectory'
> {
  /** Variables of the environment that it begins with; `S6_*` variables, which set defaults, come from here alone. Default: none. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** How one world waits: until `met` answers, `timeout` is over, or nothing further can come. Resolves to why it gave up. */
export type Drive = (
  wait: { met(): Met | undefined },
  timeout: number | undefined,
) => Promise<string | undefined>;

/** Makes the function that waits, of a story and of a way to let it go on. */
export function untilOf(story: Story, transcript: Transcript, drive: Drive): Until {
  const wait = async (test: Test, { timeout, past = false }: UntilOptions): Promise<Met> => {
    if (timeout !== undefined && !(timeout >= 0)) {
      throw new RangeError(`until() waits for 0 or more milliseconds, not for ${String(timeout)}.`);
    }
    const expectation = story.expect(test, past);
    try {
      const why = await drive(expectation, timeout);
      const met = expectation.met();
      if (met === undefined) throw failure(test, why ?? 'it did not come', story, transcript);
      return met;
    } finally {
      expectation.end();
    }
  };
  const until = async (
    expected: Expectation | Promise<unknown>,
    options: UntilOptions = {},
  ): Promise<unknown> => {
    if (!(expected instanceof Promise)) {
      const met = await wait(testOf(expected), options);
      return met === true ? undefined : met;
    }
    let isSettled = false;
    const settled = (): void => {
      isSettled = true;
    };
    expected.then(settled, settled);
    await wait({ words: 'the end of the promise', holds: () => isSettled }, options);
    return expected;
  };
  return until as Until;
}

function failure(test: Test, why: string, story: Story, transcript: Transcript): AssertionError {
  const message = [`until(${test.words}): ${why}.`];
  const missed = story.missed(test);
  if (missed !== undefined) {
    const place = `event ${String(missed.sequence)}`;
    message.push(`It came before, as ${place}, which counts with \`past: true\` only.`);
  }
  const last = transcript.lines.slice(-shownLines).map((line) => `  ${line}`);
  message.push(last.length === 0 ? 'Nothing has happened yet.' : 'What came last:', ...last);
  return new AssertionError({ message: message.join('\n'), operator: 'until' });
}

/** How many lines of the transcript a failure shows. */
const shownLines = 20;

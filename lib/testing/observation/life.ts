import { AssertionError } from 'node:assert';
import type { EventPattern, EventType, Expectation, Predicate, Test } from './expectation.ts';
import { testOf } from './expectation.ts';
import type { Met, EventLog } from './event-log.ts';
import type { Transcript } from './transcript.ts';
import type { TreeNames } from './tree-names.ts';
import type { TreeFiles } from '../../loader/files/literal-files.ts';
import type { EventOf } from '../../supervisor/events.ts';
import { UnknownServiceError } from '../../errors.ts';
import type { LifecycleEvent } from '../../model/event.ts';
import { nearest } from '../../model/nearest.ts';
import type { SupervisorOptions } from '../../options/options.ts';
import type { Supervisor } from '../../supervisor/supervisor.ts';

/** A tree under test. A simulation and a trial share this interface, so that one test can run in both. */
export interface Life extends AsyncDisposable {
  /** The tree's supervisor, not started. */
  readonly supervisor: Supervisor;
  /** Every event so far. */
  readonly events: readonly LifecycleEvent[];
  /** Every event so far, as lines of text. */
  readonly transcript: Transcript;
  /**
   * Waits until an event (given by its type or a part of it) is reported, a condition holds, or a promise settles. Resolves to the
   * event (a condition may be met without one), or settles like the promise. Everything that needs no further time has happened by then.
   *
   * Counts the events after this call, the events that the test's own code has just caused, and those that were reported at the
   * same moment as the event that the last wait resolved to.
   *
   * @throws AssertionError when it is not met within `timeout`, or can no longer be met: at once for an event of a service that the
   * tree does not have, once the init scripts have run. The message contains the end of the transcript. An error that a predicate throws is rethrown unchanged.
   * @throws RangeError when `timeout` is negative or not a number.
   */
  until: Until;
  /** Adds files to the tree, or replaces them, as an init script may do. They take effect when `services.d` is next read. */
  write(files: TreeFiles): Promise<void>;
  /** Removes a file from the tree, or a folder with its contents. */
  remove(path: string): Promise<void>;
  /** Stops the supervisor and removes every process, timer and file of the test. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Waits until an expectation is met; `Life.until` describes it. */
export interface Until {
  <Type extends EventType>(
    expected: Type | EventPattern<Type>,
    options?: UntilOptions,
  ): Promise<EventOf<Type>>;
  (expected: Predicate, options?: UntilOptions): Promise<LifecycleEvent | undefined>;
  <T>(expected: Promise<T>, options?: UntilOptions): Promise<T>;
}

/** How long `until()` waits, and which events it counts. */
export interface UntilOptions {
  /**
   * Milliseconds, virtual ones in a simulation. Default: five minutes of virtual time, and 10,000 events at most; 10 seconds of
   * real time.
   */
  readonly timeout?: number;
  /** Whether events before the call count as well: the order of real processes is not predictable. Default: false. */
  readonly past?: boolean;
}

/** How the supervisor of a tree under test behaves, and its initial environment. */
export interface LifeOptions extends Omit<
  SupervisorOptions,
  'clock' | 'spawner' | 'runtimeDirectory'
> {
  /** The initial environment variables; `S6_*` variables, which set defaults, are taken from here only. Default: none. */
  readonly variables?: Readonly<Record<string, string>>;
  /**
   * The names of services and scripts that the tree does not have yet, because the test or a process adds them later. A name that
   * neither the tree nor this list has is an error in `script()` and `until()`. What `write()` has added needs no entry. Default:
   * none.
   */
  readonly addedLater?: readonly string[];
}

/** How a simulation or a trial waits: until `met` returns a value, `timeout` has passed, or nothing further can happen. Resolves to the reason why it stopped waiting. */
export type Drive = (
  wait: { met(): Met | undefined },
  timeout: number | undefined,
) => Promise<string | undefined>;

/** What has been observed of a tree under test, and the names in it. */
export interface Observed {
  readonly story: EventLog;
  readonly transcript: Transcript;
  readonly names: TreeNames;
}

/** Makes the `until` function from the events so far and the means to let time pass. */
export function untilOf(observed: Observed, drive: Drive): Until {
  const { story } = observed;
  const wait = async (test: Test, { timeout, past = false }: UntilOptions): Promise<Met> => {
    if (timeout !== undefined && !(timeout >= 0)) {
      throw new RangeError(`until() waits for 0 or more milliseconds, not for ${String(timeout)}.`);
    }
    const expectation = story.expect(test, past);
    if (isUnknown(test.service, observed) && expectation.met() === undefined) {
      expectation.end();
      throw failure(test, 'it cannot come', observed);
    }
    const before = story.events.length;
    try {
      const why = await drive(expectation, timeout);
      const met = expectation.met();
      if (met === undefined) {
        const reason = `${why ?? 'it did not come'}${meanwhile(story.events.length - before)}`;
        throw failure(test, reason, observed);
      }
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

/** How much has happened during a wait, where more has happened than the message shows. */
function meanwhile(events: number): string {
  return events > shownLines ? `; ${String(events)} events came meanwhile` : '';
}

/** Whether no service has this name, has had it or can have it. */
function isUnknown(service: string | undefined, { story, names }: Observed): boolean {
  if (service === undefined || names.canHave(service)) return false;
  return !story.events.some((event) => 'service' in event && event.service === service);
}

function failure(test: Test, why: string, { story, transcript, names }: Observed): AssertionError {
  const message = [`until(${test.words}): ${why}.`];
  if (test.service !== undefined && !story.services.has(test.service)) {
    const known = names.services;
    message.push(
      new UnknownServiceError(test.service, known, nearest(test.service, known)).message,
    );
  }
  const missed = story.missed(test);
  if (missed !== undefined) {
    const position = `event ${String(missed.sequence)}`;
    message.push(`It came before, as ${position}, which counts with \`past: true\` only.`);
  }
  const last = transcript.lines.slice(-shownLines).map((line) => `  ${line}`);
  message.push(last.length === 0 ? 'Nothing has happened yet.' : 'What came last:', ...last);
  return new AssertionError({ message: message.join('\n'), operator: 'until' });
}

/** The number of lines of the transcript in the message of a failure. */
const shownLines = 20;

import type { SupervisorOptions } from '../../lib/index.ts';
import type { TreeFiles } from '../../lib/testing/index.ts';

/**
 * A case of conformance, as data: a tree, what is done to it, and what its scripts see.
 *
 * The tree is started, the steps are taken, and the tree is stopped; all this under s6, and under us. The scripts write what
 * they see to a trace.
 */
export type Case = Common & (Alike | Different | OursOnly);

interface Common {
  /** What it shows, in a sentence. */
  readonly title: string;
  /** Its number in the list of edge cases that stood at the beginning of this suite, where it has one. */
  readonly number?: number;
  /** The services: what stands in `services.d`. */
  readonly tree: TreeFiles;
  /** What is done between the start and the stop. */
  readonly steps: readonly Step[];
}

/** Both see the same. */
interface Alike {
  readonly trace: Trace;
}

/** Each sees something else, and that is meant so. */
interface Different {
  readonly s6: Trace;
  readonly ours: Trace;
  readonly why: string;
}

/** What Debian's s6 has no means to show: ours is compared with what was seen elsewhere. */
interface OursOnly {
  readonly ours: Trace;
  /** Where the trace was seen. */
  readonly seen: string;
  /** What stands beside `services.d`. */
  readonly stages?: TreeFiles;
  /** What our supervisor is told. Default: nothing. */
  readonly options?: SupervisorOptions;
}

/**
 * What the scripts have written: the lines in their order; or, where nothing is certain about the order between services,
 * the lines of each by the name that they begin with: `web: ready` is `ready` of `web`.
 */
export type Trace = readonly string[] | Readonly<Record<string, readonly string[]>>;

/** What is done to a tree. No step waits for a time; each waits, within a bound, for what must come. */
export type Step =
  /** Waits until a line stands in the trace so many times. */
  | { readonly do: 'await'; readonly line: string; readonly times: number }
  /** Gives commands to a service, in one go: letters as `s6-svc` takes them. */
  | { readonly do: 'command'; readonly service: string; readonly letters: string }
  /** Waits until a service stands so. */
  | { readonly do: 'see'; readonly service: string; readonly standing: Standing }
  /** Writes files in `services.d`. */
  | { readonly do: 'write'; readonly files: TreeFiles }
  /** Removes something from `services.d`. */
  | { readonly do: 'remove'; readonly path: string }
  /** Lets `services.d` be looked at again: start what is new, stop what is gone. */
  | { readonly do: 'rescan' }
  /** Begins to stop the tree, and goes on. Without this step it is stopped at the end. */
  | { readonly do: 'stop' }
  /**
   * Steps that are about the second after the first start of a service: where the machine takes longer for them, they show
   * nothing, and the case begins anew.
   */
  | { readonly do: 'hurry'; readonly steps: readonly Step[] };

/** How a service stands: what of it runs, whether it is to come back, and whether it has announced its readiness. */
export type Standing =
  | 'down'
  | 'down, wanted'
  | 'up'
  | 'up, wanted'
  | 'up, ready'
  | 'up, wanted, ready'
  | 'finishing'
  | 'finishing, wanted';

export function until(line: string, times = 1): Step {
  return { do: 'await', line, times };
}

export function svc(letters: string, service = 'web'): Step {
  return { do: 'command', service, letters };
}

export function is(standing: Standing, service = 'web'): Step {
  return { do: 'see', service, standing };
}

export function write(files: TreeFiles): Step {
  return { do: 'write', files };
}

export function remove(path: string): Step {
  return { do: 'remove', path };
}

export function hurry(...steps: readonly Step[]): Step {
  return { do: 'hurry', steps };
}

export const rescan: Step = { do: 'rescan' };
export const stop: Step = { do: 'stop' };

/** A shell script that knows the words of `words.sh`. */
export function sh(...lines: readonly string[]): string {
  return ['#!/bin/sh', '. "$WORDS"', ...lines, ''].join('\n');
}

/** A run that says so and stays; a finish that says what it was told. */
export const run = sh('say run', 'stay');
export const finish = sh('say finish $1 $2');

/** A run that dies when it is sent USR1. */
export const mortal = sh('trap "exit 3" USR1', 'say run', 'stay');

/** A run that outlives TERM the first time, and dies of USR1. */
export const stubborn = sh(
  'count starts',
  'if [ $count = 1 ]; then trap "say term" TERM; trap "exit 3" USR1; fi',
  'say run $count',
  'stay',
);

/** A run that dies of USR1 and, when it comes back, says first how long it took; and the finish that it is counted from. */
export const timed = sh(
  'trap "exit 3" USR1',
  'if [ -e moment ]; then ago; say back $ago; fi',
  'say run',
  'stay',
);
export const marking = sh('say finish $1 $2', 'mark');

/** The same as `timed`, but the first time it dies by itself: whoever looks then has not missed the second after its start. */
export const frail = sh(
  'trap "exit 3" USR1',
  'count starts',
  'if [ -e moment ]; then ago; say back $ago; fi',
  'say run',
  'if [ $count = 1 ]; then exit 3; fi',
  'stay',
);

/** A service that is down until it is asked, and then does this, once. */
export function asking(...lines: readonly string[]): TreeFiles {
  return { 'desk/down': '', 'desk/run': sh(...lines) };
}

/** A service that is down until asked, and whose second start shows that a second has passed under the rules of restart. */
export const witness: TreeFiles = {
  'witness/down': '',
  'witness/run': sh('count starts', 'if [ $count = 2 ]; then say "a second later"; stay; fi'),
};

/** Lets a second pass, as supervision counts it: whatever was to be restarted before it has been. */
export const aSecondLater: readonly Step[] = [svc('u', 'witness'), until('a second later')];

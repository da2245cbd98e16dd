import type { SupervisorOptions } from '../../lib/index.ts';
import type { TreeFiles } from '../../lib/testing/index.ts';

/**
 * A case of conformance, as data: a tree, the steps taken with it, and what its scripts observe.
 *
 * The tree is started, the steps are taken, and the tree is stopped, under s6 and under this library. The scripts write what they
 * observe to a trace.
 */
export type Case = Common & (Alike | Different | OursOnly);

interface Common {
  /** What the case shows, in a sentence. */
  readonly title: string;
  /** Its number in the list of edge cases (`edge-cases.test.ts`), if it has one. */
  readonly number?: number;
  /** The services: the content of `services.d`. */
  readonly tree: TreeFiles;
  /** The steps between the start and the stop. */
  readonly steps: readonly Step[];
}

/** Both supervisors give the same trace. */
interface Alike {
  readonly trace: Trace;
}

/** The traces differ on purpose. */
interface Different {
  readonly s6: Trace;
  readonly ours: Trace;
  readonly why: string;
}

/** A feature that Debian's s6 lacks: this library's trace is compared with one observed elsewhere. */
interface OursOnly {
  readonly ours: Trace;
  /** Where the trace was observed. */
  readonly seen: string;
  /** The files beside `services.d`. */
  readonly stages?: TreeFiles;
  /** The options of this library's supervisor. Default: none. */
  readonly options?: SupervisorOptions;
}

/**
 * The lines that the scripts have written, in order. Where the order between services is not certain: the lines of each service by
 * the name that they begin with: `web: ready` is the line `ready` of `web`.
 */
export type Trace = readonly string[] | Readonly<Record<string, readonly string[]>>;

/** A step. No step waits for a fixed time; each waits, within a limit, for an event. */
export type Step =
  /** Waits until these lines are in the trace this many times, all together. */
  | { readonly do: 'await'; readonly lines: readonly string[]; readonly times: number }
  /** Gives commands to a service in one call: letters of `s6-svc`. */
  | { readonly do: 'command'; readonly service: string; readonly letters: string }
  /** Waits until a service has this standing. */
  | { readonly do: 'see'; readonly service: string; readonly standing: Standing }
  /** Writes files in `services.d`. */
  | { readonly do: 'write'; readonly files: TreeFiles }
  /** Removes something from `services.d`. */
  | { readonly do: 'remove'; readonly path: string }
  /** Rescans `services.d`: starts new services, stops removed ones. */
  | { readonly do: 'rescan' }
  /** Begins to stop the tree, and continues. Without this step the tree is stopped at the end. */
  | { readonly do: 'stop' }
  /**
   * Steps that begin with the start of a service, and concern the first second after it. When the machine is too slow for them, they
   * show nothing, and the case starts again.
   */
  | { readonly do: 'hurry'; readonly steps: readonly Step[] };

/** The standing of a service: which process runs, whether the service is wanted, and whether it has announced its readiness. */
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
  return { do: 'await', lines: [line], times };
}

/** Waits for the first of these lines. */
export function untilOneOf(...lines: readonly string[]): Step {
  return { do: 'await', lines, times: 1 };
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

/** A shell script that uses the functions of `words.sh`. */
export function sh(...lines: readonly string[]): string {
  return ['#!/bin/sh', '. "$WORDS"', ...lines, ''].join('\n');
}

/** A run that reports its start and stays; a finish that reports its arguments. */
export const run = sh('say run', 'stay');
export const finish = sh('say finish $1 $2');

/** A run that exits at USR1. */
export const mortal = sh('trap "exit 3" USR1', 'say run', 'stay');

/** A run that survives the first TERM, and exits at USR1. */
export const stubborn = sh(
  'count starts',
  'if [ $count = 1 ]; then trap "say term" TERM; trap "exit 3" USR1; fi',
  'say run $count',
  'stay',
);

/** A run that exits at USR1 and, when it is restarted, first reports after how long; and the finish that starts that time. */
export const timed = sh(
  'trap "exit 3" USR1',
  'if [ -e moment ]; then ago; say back $ago; fi',
  'say run',
  'stay',
);
export const marking = sh('say finish $1 $2', 'mark');

/** Like `timed`, but its first run exits by itself, so that a check after the exit is within the second after the start. */
export const frail = sh(
  'trap "exit 3" USR1',
  'count starts',
  'if [ -e moment ]; then ago; say back $ago; fi',
  'say run',
  'if [ $count = 1 ]; then exit 3; fi',
  'stay',
);

/** A service that is down until a command starts it, and then runs these lines once. */
export function asking(...lines: readonly string[]): TreeFiles {
  return { 'desk/down': '', 'desk/run': sh(...lines) };
}

/** A service that is down until a command starts it; its second start shows that a second has passed by the restart rules. */
export const witness: TreeFiles = {
  'witness/down': '',
  'witness/run': sh('count starts', 'if [ $count = 2 ]; then say "a second later"; stay; fi'),
};

/** Lets a second pass by the restart rules: every restart that was due before it has happened. */
export const aSecondLater: readonly Step[] = [svc('u', 'witness'), until('a second later')];

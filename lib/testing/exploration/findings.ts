import type { Behaviour } from '../simulation/behaviour.ts';

/** One step on a way. */
export interface ExploredStep {
  /** When it happens: milliseconds since the stop, or since the start for what comes before the stop. */
  readonly at: number;
  /** The process that acts, by the name of its fake child: `web`, `web/finish`, a script's file name; or `supervisor`. */
  readonly who: string;
  /** What it does, as text. */
  readonly what: string;
  /** The same as a behaviour of a fake child; absent when time or the supervisor acts. */
  readonly does?: Behaviour;
}

/** A sequence of steps that takes time. */
export interface Way {
  /** Its duration in milliseconds; `Infinity` when it leads to a dead end. */
  readonly duration: number;
  /** The steps, in order. */
  readonly steps: readonly ExploredStep[];
}

/** The longest way from a stop to the end. */
export interface Shutdown extends Way {
  /** The state at the stop, as text. */
  readonly from: string;
  /** A shortest way into that state; its moments leave out how long a service waits for its restart or its finish script. */
  readonly before: readonly ExploredStep[];
}

/** A state in which the start or the stop waits for ever unless a process does something that it need not do. */
export interface DeadEnd {
  /** What waits for ever: the start, or the stop. */
  readonly during: 'start' | 'stop';
  /** The process that it waits for, by the name of its fake child. */
  readonly waitsFor: string;
  /** Why the wait may not end, as text. */
  readonly why: string;
  /** What limits the wait: an option, or a control file. */
  readonly remedy: string;
  /** A shortest way there from the beginning. */
  readonly steps: readonly ExploredStep[];
}

/** A service that is up in no state. */
export interface NeverStart {
  /** The service's name; a logger's is `web/log`. */
  readonly service: string;
  /** Why it never comes up, in a sentence. */
  readonly why: string;
}

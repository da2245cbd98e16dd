import type { Behaviour } from '../behaviour.ts';

/** One thing that happens on a way. */
export interface Step {
  /** When it happens: milliseconds since the stop, or since the start for what comes before the stop. */
  readonly at: number;
  /** Who does it, by the name that a fake child has: `web`, `web/finish`, a script's file name; or `supervisor`. */
  readonly who: string;
  /** What it does, in words. */
  readonly what: string;
  /** The same as a fake child is told it; absent where time or the supervisor does something. */
  readonly does?: Behaviour;
}

/** A way that takes time. */
export interface Way {
  /** How long it takes, in milliseconds; `Infinity` when a dead end lies on it. */
  readonly duration: number;
  /** What happens on it, in order. */
  readonly steps: readonly Step[];
}

/** The longest way from a stop to the end. */
export interface Shutdown extends Way {
  /** The situation that the stop comes in, in words. */
  readonly from: string;
  /** A shortest way into that situation; its moments leave out how long a service waits for its restart or its finish script. */
  readonly before: readonly Step[];
}

/** A point from which nothing goes on unless a process does something that it need not do. */
export interface DeadEnd {
  /** What waits for ever: the start, or the stop. */
  readonly during: 'start' | 'stop';
  /** Who is waited for, by the name that a fake child has. */
  readonly waitsFor: string;
  /** Why there is no end to it, in words. */
  readonly why: string;
  /** What gives it an end: an option, or a control file. */
  readonly remedy: string;
  /** A shortest way there from the very start. */
  readonly steps: readonly Step[];
}

/** A service that is up in no situation. */
export interface NeverStart {
  /** The service's name; a logger's is `web/log`. */
  readonly service: string;
  /** Why that is so, in a sentence. */
  readonly why: string;
}

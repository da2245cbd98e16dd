import type { Workshop } from '../workshop.ts';

/** Somebody who takes part: a supervisor, behind the few things that a figure asks of it. */
export interface Contender {
  readonly name: string;
  /** Whether it lives in a host's process, which has a loop to delay and a memory of its own. */
  readonly isGuest: boolean;
  /** Whether its services may have loggers. */
  readonly hasLoggers: boolean;
  /** The most services that it is asked for. Default: any number. */
  readonly most?: number;
  /** Whether it notices a death within a second only. */
  readonly looksOnceASecond?: true;
  /** Why it cannot take part, and what to do; undefined when it can. */
  absence(workshop: Workshop): Promise<string | undefined>;
  /** Lays the services out in a folder, so that what follows is the start alone. */
  prepare(stand: Stand): Promise<Prepared>;
}

/** What a contender is to keep alive, and where. */
export interface Stand {
  readonly workshop: Workshop;
  /** A folder of its own, empty at first. */
  readonly folder: string;
  readonly services: readonly ServiceFiles[];
  /** Whether a service that died is to come back at once, where that can be had. Default: after its usual delay. */
  readonly atOnce?: boolean;
  /** What the Node of a guest is given before its program. Default: nothing. */
  readonly flags?: readonly string[];
  /** How many megabytes the host of a guest holds. Default: none. */
  readonly ballast?: number;
  /** Whether a guest's host looks at its loop for as long as it lives. Default: only while it starts. */
  readonly watch?: boolean;
}

/** A service: the texts of its scripts. */
export interface ServiceFiles {
  readonly name: string;
  readonly run: string;
  readonly log?: string;
}

/** Laid out, and not started. */
export interface Prepared {
  start(): Promise<Life>;
}

/** A supervisor at work. */
export interface Life {
  /** The processes that supervise, and none that are supervised. */
  supervisors(): readonly number[];
  /** Asks for the end of everything, in the contender's own manner. */
  end(): Promise<void>;
  /** Resolves once the supervisor is gone. */
  readonly gone: Promise<unknown>;
  /** What the host of a guest tells, as soon as it is there. */
  told?(what: Telling): Promise<number>;
}

/**
 * What a host tells: when it called `start()`, in milliseconds of the machine's clock; the 99th percentile of its loop's
 * delay while it started, and from then to its end.
 */
export type Telling = 'begun' | 'startDelay' | 'lifeDelay';

import type { Workshop } from '../workshop.ts';

/** A supervisor that is measured, with the operations that the figures need. */
export interface Contender {
  readonly name: string;
  /** Whether it runs in a host's process, with an event loop that it can delay. */
  readonly isGuest: boolean;
  /** Whether its services may have loggers. */
  readonly hasLoggers: boolean;
  /** The most services that it is measured with. Default: any number. */
  readonly most?: number;
  /** Whether it checks for deaths only once a second. */
  readonly looksOnceASecond?: true;
  /** The reason why it cannot take part, with the remedy; undefined when it can. */
  absence(workshop: Workshop): Promise<string | undefined>;
  /** Writes the services into a folder, so that `start()` measures the start alone. */
  prepare(stand: Stand): Promise<Prepared>;
}

/** The services of a contender and how they are run. */
export interface Stand {
  readonly workshop: Workshop;
  /** A new, empty folder. */
  readonly folder: string;
  readonly services: readonly ServiceFiles[];
  /** Whether a dead service is restarted at once, where the contender can. Default: after its usual delay. */
  readonly atOnce?: boolean;
  /** Flags of Node for the host of a guest. Default: none. */
  readonly flags?: readonly string[];
  /** How many megabytes of memory the host of a guest holds. Default: none. */
  readonly ballast?: number;
  /** Whether a guest's host measures the delay of its loop until its end. Default: only during the start. */
  readonly watch?: boolean;
}

/** A service: the texts of its scripts. */
export interface ServiceFiles {
  readonly name: string;
  readonly run: string;
  readonly log?: string;
}

/** A contender with its services written, not started yet. */
export interface Prepared {
  start(): Promise<Life>;
}

/** A running supervisor. */
export interface Life {
  /** The pids of the supervising processes, without the services. */
  supervisors(): readonly number[];
  /** Requests the stop of everything, by the contender's own command or signal. */
  end(): Promise<void>;
  /** Resolves once the supervisor has exited. */
  readonly gone: Promise<unknown>;
  /** Resolves with a value that the host of a guest prints. */
  told?(what: HostValue): Promise<number>;
}

/**
 * The values that a host prints: when it called `start()`, in milliseconds of the machine's clock; the 99th percentile of the
 * delay of its loop during the start, and from then to its end.
 */
export type HostValue = 'begun' | 'startDelay' | 'lifeDelay';

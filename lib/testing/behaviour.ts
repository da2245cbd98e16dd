import type { Exit } from '../model/exit.ts';

/** What a fake child does by itself. Each field may be left out; what is left out is done in the most natural way. */
export interface Behaviour {
  /** Milliseconds until it announces its readiness, prints or exits, whichever of them this says. Default: 0. */
  readonly after?: number;
  /** It announces its readiness, if it has a descriptor to do so on (`notification-fd`). */
  readonly ready?: boolean;
  /** It prints these lines on stdout. */
  readonly print?: string;
  /** It exits so. */
  readonly exit?: Exit;
  /** It cannot be run, for this reason of the system's. */
  readonly unspawnable?: string;
  /** It takes no notice of these signals, or of the end of the pipe that it reads. KILL cannot be ignored. */
  readonly ignores?: readonly (NodeJS.Signals | 'end-of-file')[];
}

/** A child that exits: with a code, or by a signal; at once, or after so many milliseconds. */
export function exit(how: number | NodeJS.Signals, after = 0): Behaviour {
  const end = typeof how === 'number' ? { code: how, signal: null } : { code: null, signal: how };
  return { exit: end, after };
}

/** A child that announces its readiness: at once, or after so many milliseconds. */
export function ready(after = 0): Behaviour {
  return { ready: true, after };
}

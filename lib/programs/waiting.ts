import type { Supervised } from './supervised.ts';
import { codes } from './words.ts';
import type { Run, ServiceState } from '../machine/service/service-state.ts';

/**
 * A state that a program may wait for, in the letters of s6: `u` up, `U` up and announced, `d` its run has exited, `D`
 * its finish script has ended too, `r` and `R` restarted, up or up and announced.
 */
export type Letter = 'u' | 'U' | 'd' | 'D' | 'r' | 'R';

export function isLetter(text: string): text is Letter {
  return /^[uUdDrR]$/.test(text);
}

/** The states and services to wait for. */
export interface Wait {
  readonly letter: Letter;
  readonly services: readonly string[];
  /** Whether one of the services is enough. */
  readonly any: boolean;
  /** Milliseconds; 0: no limit. */
  readonly timeout: number;
  /** Ends the waiting when it aborts. */
  readonly signal: AbortSignal | undefined;
}

/** A service that is waited for: its state when the wait began, and the outcome. */
interface Candidate {
  readonly name: string;
  readonly run: Run | undefined;
  readonly hadFailed: boolean;
  outcome: 'open' | 'reached' | 'failed';
}

/**
 * Waits, and returns the exit code of s6: 0, 99 when the time is up, or the number of services that will never come up:
 * those that fail for good meanwhile, and those that are gone. Rejects with the reason of a signal that aborts.
 */
export async function waitFor(wait: Wait, supervised: Supervised): Promise<number> {
  const candidates = wait.services.map((name) => candidate(name, supervised));
  const { timeout, signal } = wait;
  try {
    return await supervised.until(
      () => outcomeOf(candidates, wait, supervised),
      { what: `The state '${wait.letter}'` },
      { ...(timeout > 0 && { timeout }), ...(signal !== undefined && { signal }) },
    );
  } catch {
    signal?.throwIfAborted();
    const isOver = supervised.state.phase === 'ended';
    return isOver ? candidates.filter(({ outcome }) => outcome === 'open').length : codes.timedOut;
  }
}

function candidate(name: string, { state }: Supervised): Candidate {
  const service = state.units.get(name)?.state;
  const hadFailed = service?.status === 'failed';
  return { name, run: runIn(service), hadFailed, outcome: 'open' };
}

function outcomeOf(
  candidates: readonly Candidate[],
  { letter, any }: Wait,
  { state }: Supervised,
): number | undefined {
  for (const one of candidates) {
    if (one.outcome === 'open') one.outcome = lookAt(one, letter, state.units.get(one.name)?.state);
  }
  const failed = candidates.filter(({ outcome }) => outcome === 'failed').length;
  const open = candidates.filter(({ outcome }) => outcome === 'open').length;
  if (any && candidates.some(({ outcome }) => outcome === 'reached')) return 0;
  return open === 0 ? failed : undefined;
}

function lookAt(one: Candidate, letter: Letter, state: ServiceState | undefined) {
  return letter === 'd' || letter === 'D' ? lookDown(letter, state) : lookUp(one, letter, state);
}

function lookDown(letter: Letter, state: ServiceState | undefined): Candidate['outcome'] {
  if (runIn(state) !== undefined) return 'open';
  return letter === 'D' && state?.status === 'finishing' ? 'open' : 'reached';
}

function lookUp(
  { run, hadFailed }: Candidate,
  letter: Letter,
  state: ServiceState | undefined,
): Candidate['outcome'] {
  if (state === undefined || (state.status === 'failed' && !hadFailed)) return 'failed';
  const now = runIn(state);
  if (now === undefined) return 'open';
  const isNew = letter.toLowerCase() === 'u' || !isSame(now, run);
  const hasAnnounced = letter === letter.toLowerCase() || now.readyAt !== null;
  return isNew && hasAnnounced ? 'reached' : 'open';
}

function runIn(state: ServiceState | undefined): Run | undefined {
  return state !== undefined && 'run' in state ? state.run : undefined;
}

function isSame(a: Run | undefined, b: Run | undefined): boolean {
  return a?.pid === b?.pid && a?.startedAt === b?.startedAt;
}

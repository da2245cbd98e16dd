import { setTimeout as pause } from 'node:timers/promises';
import type { LogPipe } from '../pipes/log-pipe.ts';
import { writesInto } from '../pipes/pipe-holders.ts';
import type { DaemonizedSource } from './daemonized.ts';
import { endDaemonized } from './daemonized.ts';
import type { Leftover } from '../../model/leftover.ts';

/** Milliseconds that a logger has to come to the end by itself. To look through everybody's descriptors costs the more. */
const firstLookAfter = 50;

/**
 * Ends the runaways that can still write into a pipe that was let go of, and so keep its reader waiting: TERM and CONT, after
 * `grace` milliseconds KILL. It is over as soon as nobody reads any more. Resolves with those that had to be killed.
 */
export async function endWriters(
  pipe: LogPipe,
  grace: number,
  source: DaemonizedSource,
): Promise<readonly Leftover[]> {
  const { identity } = pipe;
  if (identity === undefined) return [];
  const state = { isOver: false };
  const pauseWhileRead = async (ms: number): Promise<void> => {
    const timer = new AbortController();
    const gone = pipe.readerGone().then(() => true);
    const passed = pause(ms, false, { signal: timer.signal }).catch(() => false);
    const isGone = await Promise.race([gone, passed]);
    timer.abort();
    // The next reader of the rest is there already, if there is to be one at once.
    state.isOver ||= pipe.isClosed || (isGone && !pipe.hasReader);
  };
  await pauseWhileRead(firstLookAfter);
  return endDaemonized(grace, source, {
    includes: (pid) => writesInto(pid, identity),
    isOver: () => state.isOver,
    pause: pauseWhileRead,
  });
}

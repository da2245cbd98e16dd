import { setTimeout as pause } from 'node:timers/promises';
import type { LogPipe } from '../pipes/log-pipe.ts';
import { writesInto } from '../pipes/pipe-holders.ts';
import type { DaemonizedSource } from './daemonized.ts';
import { endDaemonized } from './daemonized.ts';
import type { Leftover } from '../../model/leftover.ts';

/**
 * Milliseconds that a logger gets to reach end-of-file by itself, before all descriptors of all processes are searched,
 * which is expensive.
 */
const firstLookAfter = 50;

/**
 * Ends the daemonized processes that still hold the write end of a released pipe, and so keep its reader waiting: sends TERM
 * and CONT, and after `grace` milliseconds KILL. It is over as soon as the pipe has no reader. Resolves with the processes
 * that had to be killed.
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
    // If another reader is to read the rest, it is there by now.
    state.isOver ||= pipe.isClosed || (isGone && !pipe.hasReader);
  };
  await pauseWhileRead(firstLookAfter);
  return endDaemonized(grace, source, {
    includes: (pid) => writesInto(pid, identity),
    isOver: () => state.isOver,
    pause: pauseWhileRead,
  });
}

import { readFileSync } from 'node:fs';
import { setImmediate as breath, setTimeout as pause } from 'node:timers/promises';
import type { ProcessEntry, ProcessTable } from './process-table.ts';
import { send } from './send.ts';
import { firstPause, giveUpAfter, longestPause } from './sweep.ts';
import type { Leftover } from '../model/leftover.ts';

/** Milliseconds between TERM and KILL for runaways: everything else is over by then. */
const grace = 500;

/** Milliseconds of reading after which the host may breathe. */
const breathAfter = 5;

/**
 * Ends the processes that have left their group and session (daemons) but still carry `marker`, a `NAME=value` that only
 * our children were given, in the environment that they were started with: TERM and CONT, then KILL. Resolves with those that
 * had to be killed.
 *
 * To be called when every child is dead. Left alone is who descends from a living process that is not marked, nor ours, nor
 * one that orphans come to: somebody else has started it, and looks after it.
 */
export async function endRunaways(
  marker: string,
  table: ProcessTable,
): Promise<readonly Leftover[]> {
  const begun = performance.now();
  const asked = new Map<number, ProcessEntry>();
  const killed = new Map<number, Leftover>();
  let next = firstPause;
  for (;;) {
    const found = await runaways(marker, table, asked);
    const waited = performance.now() - begun;
    if (found.length === 0 || waited > grace + giveUpAfter) return [...killed.values()];
    for (const entry of found) {
      const { pid, name } = entry;
      if (waited >= grace) {
        send(pid, 'SIGKILL');
        killed.set(pid, { pid, name });
      } else if (!asked.has(pid)) {
        send(pid, 'SIGTERM');
        send(pid, 'SIGCONT');
      }
      asked.set(pid, entry);
    }
    await pause(waited < grace ? Math.max(1, Math.min(next, grace - waited)) : next);
    next = Math.min(next * 2, longestPause);
  }
}

/** Who is to be ended; whoever was asked to before still is, with or without an environment: who is about to die has none. */
async function runaways(
  marker: string,
  table: ProcessTable,
  asked: ReadonlyMap<number, ProcessEntry>,
): Promise<readonly ProcessEntry[]> {
  const everybody = new Map(table.entries()?.map((entry) => [entry.pid, entry]) ?? []);
  const above = lineage(process.pid, everybody);
  const marked = new Set<number>();
  let begun = performance.now();
  for (const entry of everybody.values()) {
    const { pid } = entry;
    if (entry.alive && !above.has(pid)) {
      if (isSame(entry, asked.get(pid)) || carries(pid, marker)) marked.add(pid);
    }
    if (performance.now() - begun < breathAfter) continue;
    await breath();
    begun = performance.now();
  }
  const isOrphaned = (pid: number): boolean => {
    const parent = everybody.get(pid)?.parent ?? 0;
    return parent <= 1 || above.has(parent) || (marked.has(parent) && isOrphaned(parent));
  };
  return [...everybody.values()].filter(({ pid }) => marked.has(pid) && isOrphaned(pid));
}

/** Whether a pid is still the process that it was, as far as can be told. */
function isSame(now: ProcessEntry, then: ProcessEntry | undefined): boolean {
  return then?.session === now.session && then.group === now.group;
}

/** A process and all above it: where orphans come to is among them, or it is process 1. */
function lineage(of: number, everybody: ReadonlyMap<number, ProcessEntry>): ReadonlySet<number> {
  const line = new Set<number>();
  for (let pid = of; pid > 0 && !line.has(pid); pid = everybody.get(pid)?.parent ?? 0)
    line.add(pid);
  return line;
}

/** Whether the marker is in the environment of a process; that of another user cannot be read. */
function carries(pid: number, marker: string): boolean {
  try {
    const environment = readFileSync(`/proc/${String(pid)}/environ`);
    return environment.includes(marker) && environment.toString().split('\0').includes(marker);
  } catch {
    return false;
  }
}

import { readFileSync } from 'node:fs';
import { setImmediate as breath, setTimeout as pause } from 'node:timers/promises';
import type { ProcessEntry, ProcessTable } from './process-table.ts';
import { send } from './send.ts';
import { firstPause, giveUpAfter, longestPause } from './sweep.ts';

/** Milliseconds between TERM and KILL for runaways: everything else is over by then. */
const grace = 500;

/** Milliseconds of reading after which the host may breathe. */
const breathAfter = 5;

/**
 * Ends the processes that have left their group and session (daemons) but still carry `marker`, a `NAME=value` that only
 * our children were given, in the environment that they were started with: TERM and CONT, then KILL.
 *
 * To be called when every child is dead. Left alone is who descends from a living process that is not marked, nor ours, nor
 * one that orphans come to: somebody else has started it, and looks after it.
 */
export async function endRunaways(marker: string, table: ProcessTable): Promise<void> {
  const begun = performance.now();
  const asked = new Set<number>();
  let next = firstPause;
  for (;;) {
    const found = await runaways(marker, table);
    const waited = performance.now() - begun;
    if (found.length === 0 || waited > grace + giveUpAfter) return;
    for (const pid of found) {
      if (waited >= grace) send(pid, 'SIGKILL');
      else if (!asked.has(pid)) {
        send(pid, 'SIGTERM');
        send(pid, 'SIGCONT');
      }
      asked.add(pid);
    }
    await pause(waited < grace ? Math.max(1, Math.min(next, grace - waited)) : next);
    next = Math.min(next * 2, longestPause);
  }
}

async function runaways(marker: string, table: ProcessTable): Promise<readonly number[]> {
  const everybody = new Map(table.entries()?.map((entry) => [entry.pid, entry]) ?? []);
  const above = lineage(process.pid, everybody);
  const marked = new Set<number>();
  let begun = performance.now();
  for (const { pid, alive } of everybody.values()) {
    if (alive && !above.has(pid) && carries(pid, marker)) marked.add(pid);
    if (performance.now() - begun < breathAfter) continue;
    await breath();
    begun = performance.now();
  }
  const isOrphaned = (pid: number): boolean => {
    const parent = everybody.get(pid)?.parent ?? 0;
    return parent <= 1 || above.has(parent) || (marked.has(parent) && isOrphaned(parent));
  };
  return [...marked].filter(isOrphaned);
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

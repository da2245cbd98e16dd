import { setImmediate as breath, setTimeout as pause } from 'node:timers/promises';
import type { AdoptedOrphans } from './adopted-orphans.ts';
import type { LiveProcesses } from './live-processes.ts';
import type { ProcessEntry, ProcessTable } from '../os/process-table.ts';
import { isForbidden, send } from '../os/send.ts';
import { firstPause, giveUpAfter, longestPause } from './sweep.ts';
import type { Leftover } from '../../model/leftover.ts';
import { readWhole } from '../../system/read-file.ts';

/** Milliseconds of reading after which the host may breathe. */
const breathAfter = 5;

/** What those who ran away are found by. */
export interface DaemonizedSource {
  /** A `NAME=value` that only our children were given, in the environment that they were started with; `undefined`: none is. */
  readonly marker: string | undefined;
  /** Those who have run away whatever is in their environment, or cannot be read there. */
  readonly adopted: Pick<AdoptedOrphans, 'pids' | 'isOthers'>;
  readonly table: ProcessTable;
  /** Our children and those who are in their groups and sessions: they have not run away. */
  readonly living: LiveProcesses;
}

/** Those of the runaways who are meant, where not all are. */
export interface Selection {
  /** Whether a process may be one of them. */
  readonly includes: (pid: number) => boolean;
  /** Whether nobody cares any more. */
  readonly isOver: () => boolean;
  /** Lets so many milliseconds pass, or fewer if it may be over. */
  readonly pause: (ms: number) => Promise<void>;
}

/**
 * Ends the processes that have left their group and session (daemons) but are still known by their marker, and orphans that
 * were claimed, with their descendants: TERM and CONT, after `grace` milliseconds KILL (0: at once). Resolves with those that
 * had to be killed.
 *
 * Left alone is who descends from a living process that is not marked, nor ours, nor one that orphans come to: somebody
 * else has started it, and looks after it. What dead children have left in their groups is not ended here either, but waited
 * for if all are meant: it may yet let somebody run away.
 */
export async function endDaemonized(
  grace: number,
  source: DaemonizedSource,
  selection?: Selection,
): Promise<readonly Leftover[]> {
  const { isOver = () => false, pause: wait = pause } = selection ?? {};
  const begun = performance.now();
  const asked = new Map<number, ProcessEntry>();
  const killed = new Map<number, Leftover>();
  let latest = begun;
  let next = firstPause;
  while (!isOver()) {
    const search = { since: latest, asked, selection };
    const { found, mayGrow } = await inTurn(() => (isOver() ? nobody : look(source, search)));
    const waited = performance.now() - begun;
    const nobodyIsLeft = found.length === 0 && (!mayGrow || selection !== undefined);
    if (nobodyIsLeft || isOver() || waited > grace + giveUpAfter) break;
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
    latest = performance.now();
    await wait(waited < grace ? Math.max(1, Math.min(next, grace - waited)) : next);
    next = Math.min(next * 2, longestPause);
  }
  return [...killed.values()];
}

let last: Promise<unknown> = Promise.resolve();

/** One look after the other, with a breath for the host between them: hundreds of loggers may be waiting at the same time. */
function inTurn<T>(act: () => T | Promise<T>): Promise<T> {
  const turn = last.then(() => breath()).then(act);
  last = turn.catch(() => undefined);
  return turn;
}

/** Who is looked for: as they are `since` then, with those who were asked before. */
interface Search {
  readonly since: number;
  readonly asked: ReadonlyMap<number, ProcessEntry>;
  readonly selection: Selection | undefined;
}

/** Who was found; `mayGrow`: somebody is left of a group of ours whose leader is dead. */
interface Found {
  readonly found: readonly ProcessEntry[];
  readonly mayGrow: boolean;
}

const nobody: Found = { found: [], mayGrow: false };

/** Who is to be ended; whoever was asked to before still is, with or without an environment: who is about to die has none. */
async function look(
  { marker, table, living, adopted }: DaemonizedSource,
  { since, asked, selection }: Search,
): Promise<Found> {
  const everybody = new Map(table.entries(since)?.map((entry) => [entry.pid, entry]) ?? []);
  const above = lineage(process.pid, everybody);
  const { stayed, left } = households(living, everybody);
  const orphans = adopted.pids();
  const isCandidate = ({ pid, alive }: ProcessEntry): boolean =>
    alive && !above.has(pid) && !stayed.has(pid) && !left.has(pid);
  const descends = (pid: number): boolean => {
    const entry = everybody.get(pid);
    if (entry === undefined || !isCandidate(entry) || adopted.isOthers(entry.session)) return false;
    return orphans.has(pid) || descends(entry.parent);
  };
  const isMarked = (entry: ProcessEntry | undefined): boolean =>
    entry !== undefined &&
    isCandidate(entry) &&
    (isSame(entry, asked.get(entry.pid)) || descends(entry.pid) || carries(entry.pid, marker));
  const isOrphaned = ({ parent }: ProcessEntry): boolean => {
    // Who has no parent here was let in from outside, and is somebody's there.
    if (parent === 1 || above.has(parent)) return true;
    const entry = everybody.get(parent);
    return entry !== undefined && (left.has(parent) || isMarked(entry)) && isOrphaned(entry);
  };
  const found: ProcessEntry[] = [];
  let begun = performance.now();
  for (const entry of everybody.values()) {
    const isOne = isMarked(entry) && isOrphaned(entry);
    const isMeant = isOne && selection?.includes(entry.pid) !== false;
    // Whom we may not end we need not wait for.
    if (isMeant && !isForbidden(entry.pid)) found.push(entry);
    if (performance.now() - begun < breathAfter) continue;
    await breath();
    begun = performance.now();
  }
  return { found, mayGrow: left.size > 0 };
}

/** Who lives in the groups and sessions of our living children, and of those whose leader is dead while others live. */
function households(
  living: LiveProcesses,
  everybody: ReadonlyMap<number, ProcessEntry>,
): { readonly stayed: ReadonlySet<number>; readonly left: ReadonlySet<number> } {
  const kinds = new Map(living.entries());
  const groups = new Set<number>();
  for (const { group, alive } of everybody.values()) if (alive) groups.add(group);
  const [stayed, left] = [new Set<number>(), new Set<number>()];
  for (const { pid, group, session, alive } of everybody.values()) {
    for (const id of [group, session]) {
      const kind = kinds.get(id);
      if (kind === 'group') stayed.add(pid);
      if (kind === 'leaderless' && alive && groups.has(id)) left.add(pid);
    }
    if (kinds.get(pid) === 'process') stayed.add(pid);
  }
  return { stayed, left };
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

/** The bytes of an environment beyond which it is not searched: a process is started with 6 MiB at most (Linux). */
const longestEnvironment = 8 * 1024 * 1024;

/** Whether the marker is in the environment of a process; that of another user cannot be read. */
function carries(pid: number, marker: string | undefined): boolean {
  if (marker === undefined) return false;
  try {
    const environment = readWhole(`/proc/${String(pid)}/environ`, longestEnvironment);
    return environment.includes(marker) && environment.toString().split('\0').includes(marker);
  } catch {
    return false;
  }
}

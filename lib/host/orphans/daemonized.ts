import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { AdoptedOrphans } from './adopted-orphans.ts';
import type { LiveProcesses } from './live-processes.ts';
import type { ProcessEntry, ProcessTable } from '../os/process-table.ts';
import { isForbidden, send } from '../os/send.ts';
import { firstPause, giveUpAfter, longestPause } from './sweep.ts';
import type { Leftover } from '../../model/leftover.ts';
import { readWhole } from '../../system/read-file.ts';

/** Milliseconds of reading after which the event loop gets a turn. */
const yieldAfter = 5;

/** How daemonized processes are found. */
export interface DaemonizedSource {
  /**
   * A `NAME=value` that only children of this supervisor have in the environment that they were started with; `undefined`:
   * there is none.
   */
  readonly marker: string | undefined;
  /** Orphans: they count as daemonized whatever is in their environment, or if it cannot be read. */
  readonly adopted: Pick<AdoptedOrphans, 'pids' | 'isSessionOfChild'>;
  readonly table: ProcessTable;
  /** The living children, their groups and their sessions: processes in these are not daemonized. */
  readonly living: LiveProcesses;
}

/** Restricts a search to some of the daemonized processes. */
export interface Selection {
  /** Whether this process is selected. */
  readonly includes: (pid: number) => boolean;
  /** Whether the search is no longer needed. */
  readonly isOver: () => boolean;
  /** Waits for this many milliseconds, or less if the search may be over. */
  readonly pause: (ms: number) => Promise<void>;
}

/**
 * Ends the processes that have left their group and session (daemons) but still carry the marker, and claimed orphans, with
 * their descendants: sends TERM and CONT, and after `grace` milliseconds KILL (0: at once). Resolves with the processes that
 * had to be killed.
 *
 * A descendant of a living process is left alone if that process is not marked, not a child of this supervisor and not a
 * process that adopts orphans: another program has started it and is responsible for it. Processes that dead children have
 * left in their groups are not ended here. If nothing is selected, this waits for them, since they may still daemonize.
 */
export async function endDaemonized(
  grace: number,
  source: DaemonizedSource,
  selection?: Selection,
): Promise<readonly Leftover[]> {
  const { isOver = () => false, pause: wait = pause } = selection ?? {};
  const begun = performance.now();
  const signalled = new Map<number, ProcessEntry>();
  const killed = new Map<number, Leftover>();
  let latest = begun;
  let next = firstPause;
  while (!isOver()) {
    const wanted = { since: latest, signalled, selection };
    const { found, mayGrow } = await inTurn(() =>
      isOver() ? nothingFound : search(source, wanted),
    );
    const waited = performance.now() - begun;
    const isFinished = found.length === 0 && (!mayGrow || selection !== undefined);
    if (isFinished || isOver() || waited > grace + giveUpAfter) break;
    for (const entry of found) {
      const { pid, name } = entry;
      if (waited >= grace) {
        send(pid, 'SIGKILL');
        killed.set(pid, { pid, name });
      } else if (!signalled.has(pid)) {
        send(pid, 'SIGTERM');
        send(pid, 'SIGCONT');
      }
      signalled.set(pid, entry);
    }
    latest = performance.now();
    await wait(waited < grace ? Math.max(1, Math.min(next, grace - waited)) : next);
    next = Math.min(next * 2, longestPause);
  }
  return [...killed.values()];
}

let last: Promise<unknown> = Promise.resolve();

/** Runs one search at a time, with a turn of the event loop between them: hundreds of loggers may be waiting at the same time. */
function inTurn<T>(act: () => T | Promise<T>): Promise<T> {
  const turn = last.then(() => nextTurn()).then(act);
  last = turn.catch(() => undefined);
  return turn;
}

/** A search for processes in their state at `since` or later; `signalled`: the processes that were signalled before. */
interface Search {
  readonly since: number;
  readonly signalled: ReadonlyMap<number, ProcessEntry>;
  readonly selection: Selection | undefined;
}

/** The result of a search. `mayGrow`: a group of this supervisor with a dead leader still has members. */
interface Found {
  readonly found: readonly ProcessEntry[];
  readonly mayGrow: boolean;
}

const nothingFound: Found = { found: [], mayGrow: false };

/**
 * The processes to end. A process that was signalled before stays among them even without a readable environment: a process
 * that is exiting has none.
 */
async function search(
  { marker, table, living, adopted }: DaemonizedSource,
  { since, signalled, selection }: Search,
): Promise<Found> {
  const processes = new Map(table.entries(since)?.map((entry) => [entry.pid, entry]) ?? []);
  const ancestors = ancestorsOf(process.pid, processes);
  const { supervised, leaderless } = groupMembers(living, processes);
  const orphans = adopted.pids();
  const isCandidate = ({ pid, alive }: ProcessEntry): boolean =>
    alive && !ancestors.has(pid) && !supervised.has(pid) && !leaderless.has(pid);
  const descends = (pid: number): boolean => {
    const entry = processes.get(pid);
    if (entry === undefined || !isCandidate(entry) || adopted.isSessionOfChild(entry.session))
      return false;
    return orphans.has(pid) || descends(entry.parent);
  };
  const isMarked = (entry: ProcessEntry | undefined): boolean =>
    entry !== undefined &&
    isCandidate(entry) &&
    (isSame(entry, signalled.get(entry.pid)) || descends(entry.pid) || carries(entry.pid, marker));
  const isOrphaned = ({ parent }: ProcessEntry): boolean => {
    // A process without a parent in this pid namespace was started from outside, and belongs to its starter there.
    if (parent === 1 || ancestors.has(parent)) return true;
    const entry = processes.get(parent);
    return entry !== undefined && (leaderless.has(parent) || isMarked(entry)) && isOrphaned(entry);
  };
  const found: ProcessEntry[] = [];
  let begun = performance.now();
  for (const entry of processes.values()) {
    const isOne = isMarked(entry) && isOrphaned(entry);
    const isSelected = isOne && selection?.includes(entry.pid) !== false;
    // There is no point in waiting for a process that cannot be signalled.
    if (isSelected && !isForbidden(entry.pid)) found.push(entry);
    if (performance.now() - begun < yieldAfter) continue;
    await nextTurn();
    begun = performance.now();
  }
  return { found, mayGrow: leaderless.size > 0 };
}

/** The members of the groups and sessions of living children, and those of groups with a dead leader and living members. */
function groupMembers(
  living: LiveProcesses,
  processes: ReadonlyMap<number, ProcessEntry>,
): { readonly supervised: ReadonlySet<number>; readonly leaderless: ReadonlySet<number> } {
  const kinds = new Map(living.entries());
  const groups = new Set<number>();
  for (const { group, alive } of processes.values()) if (alive) groups.add(group);
  const [supervised, leaderless] = [new Set<number>(), new Set<number>()];
  for (const { pid, group, session, alive } of processes.values()) {
    for (const id of [group, session]) {
      const kind = kinds.get(id);
      if (kind === 'group') supervised.add(pid);
      if (kind === 'leaderless' && alive && groups.has(id)) leaderless.add(pid);
    }
    if (kinds.get(pid) === 'process') supervised.add(pid);
  }
  return { supervised, leaderless };
}

/** Whether a pid is still the same process, as far as its session and group show. */
function isSame(now: ProcessEntry, then: ProcessEntry | undefined): boolean {
  return then?.session === now.session && then.group === now.group;
}

/** A process and its ancestors. The process that adopts orphans is among them, or it is process 1. */
function ancestorsOf(
  of: number,
  processes: ReadonlyMap<number, ProcessEntry>,
): ReadonlySet<number> {
  const line = new Set<number>();
  for (let pid = of; pid > 0 && !line.has(pid); pid = processes.get(pid)?.parent ?? 0)
    line.add(pid);
  return line;
}

/** An environment with more bytes than this is not searched: a process is started with 6 MiB at most (Linux). */
const longestEnvironment = 8 * 1024 * 1024;

/** Whether the environment of a process has the marker. The environment of another account's process cannot be read. */
function carries(pid: number, marker: string | undefined): boolean {
  if (marker === undefined) return false;
  try {
    const environment = readWhole(`/proc/${String(pid)}/environ`, longestEnvironment);
    return environment.includes(marker) && environment.toString().split('\0').includes(marker);
  } catch {
    return false;
  }
}

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { send } from './send.ts';

/** A process, from `/proc/PID/stat`. */
export interface ProcessEntry {
  readonly pid: number;
  /** The name of its program: at most 15 characters. */
  readonly name: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Whether it is not a zombie. */
  readonly alive: boolean;
  /** Whether it is stopped (SIGSTOP). */
  readonly stopped: boolean;
}

/**
 * Reads the list of all processes (Linux: `/proc`; not available elsewhere).
 *
 * Reading takes some 20 microseconds for each process of the system, so a list is shared by all callers that need no newer
 * one: hundreds of services that end together do not cause hundreds of readings.
 */
export class ProcessTable {
  #latest: { readonly at: number; readonly entries: readonly ProcessEntry[] } | undefined;

  /**
   * All processes, zombies included, from a list that is not older than `since` (`performance.now()`). Default: from a new
   * one. `undefined` where there is no list.
   */
  entries(since = Infinity): readonly ProcessEntry[] | undefined {
    if (this.#latest !== undefined && this.#latest.at >= since) return this.#latest.entries;
    const at = performance.now();
    const entries = readAll();
    this.#latest = entries === undefined ? undefined : { at, entries };
    return entries;
  }

  /**
   * The living members of the group and the session of a leader that is dead and reaped; none if another process has taken
   * its number since.
   */
  membersOf(leader: number, since?: number): readonly ProcessEntry[] | undefined {
    const entries = this.entries(since);
    if (entries?.some(({ pid }) => pid === leader) === true) return [];
    return entries?.filter(
      ({ group, session, alive }) => alive && (group === leader || session === leader),
    );
  }

  /** Whether a process group has living members although its leader is dead and reaped. */
  isGroupAlive(group: number): boolean {
    if (!send(-group, 0) || send(group, 0)) return false;
    if (this.#hasKnownMember(group)) return true;
    const entries = this.entries();
    return entries === undefined || entries.some((entry) => entry.alive && entry.group === group);
  }

  /** Whether a process of the last list, however old, is still in the group: then no new list is needed. */
  #hasKnownMember(group: number): boolean {
    const known = this.#latest?.entries.filter((entry) => entry.group === group) ?? [];
    return known.some(({ pid }) => {
      const now = readEntry(String(pid));
      return now !== undefined && now.alive && now.group === group;
    });
  }
}

/**
 * The children of the calling thread, zombies included, without those that Worker threads have spawned. Takes little longer
 * for a thousand than for one. On a kernel without the list per thread, all processes are searched, and children of Workers
 * are included.
 */
export function childrenOfThread(): readonly number[] {
  try {
    const list = readFileSync('/proc/thread-self/children', 'latin1');
    return list.split(' ').filter(Boolean).map(Number);
  } catch {
    const entries = readAll() ?? [];
    return entries.filter(({ parent }) => parent === process.pid).map(({ pid }) => pid);
  }
}

/** Whether the kernel keeps a list of children per thread. */
export function listsChildrenOfThread(): boolean {
  return existsSync('/proc/thread-self/children');
}

/** Whether a process is a zombie. */
export function isZombie(pid: number): boolean {
  return readEntry(String(pid))?.alive === false;
}

function readAll(): readonly ProcessEntry[] | undefined {
  try {
    return readdirSync('/proc').flatMap((name) => {
      const entry = /^\d+$/.test(name) ? readEntry(name) : undefined;
      return entry === undefined ? [] : [entry];
    });
  } catch {
    return undefined;
  }
}

/** A process by its pid; `undefined` when it is gone. The name in the file is in parentheses and may contain any character. */
export function readEntry(pid: string): ProcessEntry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 4);
    const [state = '', parent, group, session] = fields;
    return {
      pid: Number(pid),
      name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
      parent: Number(parent),
      group: Number(group),
      session: Number(session),
      alive: state !== 'Z' && state !== 'X',
      stopped: state === 'T',
    };
  } catch {
    return undefined;
  }
}

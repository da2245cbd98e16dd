import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { send } from './send.ts';

/** A process, as `/proc/PID/stat` has it. */
export interface ProcessEntry {
  readonly pid: number;
  /** The name of its program: at most 15 characters. */
  readonly name: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Whether it is more than a zombie, which only waits for its parent to look. */
  readonly alive: boolean;
  /** Whether it stands still (SIGSTOP). */
  readonly stopped: boolean;
}

/**
 * Looks at the processes of the system (Linux: `/proc`; elsewhere there is nothing to see).
 *
 * A look costs some 20 microseconds for each process of the system, so that one is shared by all who ask for none newer:
 * hundreds of services that end together are not hundreds of looks.
 */
export class ProcessTable {
  #look: { readonly at: number; readonly entries: readonly ProcessEntry[] } | undefined;

  /**
   * Everybody, zombies included, by a look that is not older than `since` (`performance.now()`). Default: by a new one.
   * `undefined` where there is nothing to see.
   */
  entries(since = Infinity): readonly ProcessEntry[] | undefined {
    if (this.#look !== undefined && this.#look.at >= since) return this.#look.entries;
    const at = performance.now();
    const entries = lookAround();
    this.#look = entries === undefined ? undefined : { at, entries };
    return entries;
  }

  /**
   * The living members of the group or the session that a process led which is dead and gone; none if its number has gone to
   * somebody else since.
   */
  membersOf(leader: number, since?: number): readonly ProcessEntry[] | undefined {
    const entries = this.entries(since);
    if (entries?.some(({ pid }) => pid === leader) === true) return [];
    return entries?.filter(
      ({ group, session, alive }) => alive && (group === leader || session === leader),
    );
  }

  /** Whether anybody lives in a process group whose leader is dead and gone. */
  isGroupAlive(group: number): boolean {
    if (!send(-group, 0) || send(group, 0)) return false;
    if (this.#knows(group)) return true;
    const entries = this.entries();
    return entries === undefined || entries.some((entry) => entry.alive && entry.group === group);
  }

  /** Whether somebody of the last look, however old, is still in the group: then there is no need for a new one. */
  #knows(group: number): boolean {
    const known = this.#look?.entries.filter((entry) => entry.group === group) ?? [];
    return known.some(({ pid }) => {
      const now = readEntry(String(pid));
      return now !== undefined && now.alive && now.group === group;
    });
  }
}

/**
 * The children of the calling thread, zombies included; those that Worker threads have spawned are not among them. Costs
 * little more for a thousand than for one. A kernel that keeps no such list has us look around, and then they are.
 */
export function childrenOfThread(): readonly number[] {
  try {
    const list = readFileSync('/proc/thread-self/children', 'latin1');
    return list.split(' ').filter(Boolean).map(Number);
  } catch {
    const entries = lookAround() ?? [];
    return entries.filter(({ parent }) => parent === process.pid).map(({ pid }) => pid);
  }
}

/** Whether the kernel keeps such a list. */
export function listsChildrenOfThread(): boolean {
  return existsSync('/proc/thread-self/children');
}

/** Whether a process is dead, and only waits for its parent to look. */
export function isZombie(pid: number): boolean {
  return readEntry(String(pid))?.alive === false;
}

function lookAround(): readonly ProcessEntry[] | undefined {
  try {
    return readdirSync('/proc').flatMap((name) => {
      const entry = /^\d+$/.test(name) ? readEntry(name) : undefined;
      return entry === undefined ? [] : [entry];
    });
  } catch {
    return undefined;
  }
}

/** A process by its pid; `undefined` when it is gone. Its name stands in parentheses and may have anything in it. */
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

import type { ProcessEntry, ProcessTable } from '../os/process-table.ts';
import { readEntry } from '../os/process-table.ts';
import { isForbidden, send } from '../os/send.ts';
import type { Leftover } from '../../model/leftover.ts';

/** Milliseconds until the first check for what is left; the pause doubles from check to check, up to the longest. */
export const firstPause = 5;
export const longestPause = 50;

/**
 * Milliseconds after KILL until a process that does not die is given up: it hangs in the kernel, or belongs to another
 * account.
 */
export const giveUpAfter = 2000;

/**
 * Ends the leftovers of a dead process in its group and its session: sends TERM and CONT, and after `grace` milliseconds
 * KILL (0: at once). Calls `done` with the processes that had to be killed when nothing is left: synchronously if there was
 * nothing.
 *
 * Where `/proc` does not show the members of the session, only the group is ended. A number that another process has taken
 * since is left alone.
 */
export function sweep(
  leader: number,
  grace: number,
  table: ProcessTable,
  done: (killed: readonly Leftover[]) => void,
): void {
  new Sweep(leader, grace, table, done).begin();
}

class Sweep {
  readonly #leader: number;
  readonly #grace: number;
  readonly #table: ProcessTable;
  readonly #done: (killed: readonly Leftover[]) => void;
  readonly #begun = performance.now();
  /** What TERM was sent to: the group (its negative id), and members of the session outside the group. */
  readonly #signalled = new Set<number>();
  readonly #killed = new Map<number, Leftover>();
  #latest = 0;
  #pause = firstPause;

  constructor(
    leader: number,
    grace: number,
    table: ProcessTable,
    done: (killed: readonly Leftover[]) => void,
  ) {
    this.#leader = leader;
    this.#grace = grace;
    this.#table = table;
    this.#done = done;
  }

  /**
   * Signals the group without reading the process table: it may be one of hundreds that are swept at the same time. Only
   * processes that are to be killed at once are listed first.
   */
  begin(): void {
    if (!this.#groupExists()) return this.#check();
    if (this.#grace > 0) return this.#signal([-this.#leader], []);
    this.#latest = this.#begun;
    this.#check();
  }

  #check(): void {
    const { targets, members } = this.#leftovers();
    const isTooLate = this.#waited() > this.#grace + giveUpAfter;
    if (targets.length === 0 || isTooLate) this.#done([...this.#killed.values()]);
    else this.#signal(targets, members);
  }

  #signal(targets: readonly number[], members: readonly ProcessEntry[]): void {
    const isWaiting = this.#waited() < this.#grace;
    if (!isWaiting) this.#record(members);
    for (const target of targets) {
      if (!isWaiting) send(target, 'SIGKILL');
      else if (!this.#signalled.has(target)) {
        send(target, 'SIGTERM');
        send(target, 'SIGCONT');
      }
      this.#signalled.add(target);
    }
    this.#latest = performance.now();
    const rest = isWaiting ? this.#grace - this.#waited() : longestPause;
    setTimeout(() => this.#check(), Math.max(1, Math.min(this.#pause, rest)));
    this.#pause = Math.min(this.#pause * 2, longestPause);
  }

  /** Records the processes that are about to be killed. The table may be shared and a moment old, so each entry is read again. */
  #record(members: readonly ProcessEntry[]): void {
    for (const { pid, group, session } of members) {
      const now = readEntry(String(pid));
      if (now?.alive !== true || now.group !== group || now.session !== session) continue;
      if (isForbidden(pid)) continue;
      this.#killed.set(pid, { pid, name: now.name });
    }
  }

  /** What to signal: the group as a whole, so that a fork does not escape, and the rest of the session. */
  #leftovers(): {
    readonly targets: readonly number[];
    readonly members: readonly ProcessEntry[];
  } {
    const group = -this.#leader;
    const members = this.#table.membersOf(this.#leader, this.#latest);
    if (members === undefined) return { targets: this.#groupExists() ? [group] : [], members: [] };
    const outsideGroup = members
      .filter((entry) => entry.group !== this.#leader)
      .map(({ pid }) => pid);
    return {
      targets: outsideGroup.length < members.length ? [group, ...outsideGroup] : outsideGroup,
      members,
    };
  }

  /** Whether the group exists and is the dead leader's: no process may have the leader's pid. */
  #groupExists(): boolean {
    return send(-this.#leader, 0) && !send(this.#leader, 0);
  }

  #waited(): number {
    return performance.now() - this.#begun;
  }
}

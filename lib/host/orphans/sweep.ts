import type { ProcessEntry, ProcessTable } from '../os/process-table.ts';
import { readEntry } from '../os/process-table.ts';
import { isForbidden, send } from '../os/send.ts';
import type { Leftover } from '../../model/leftover.ts';

/** Milliseconds until the first look whether everybody is gone; it doubles from look to look, up to the longest. */
export const firstPause = 5;
export const longestPause = 50;

/** Milliseconds after KILL until what does not die of it is given up: it hangs in the kernel, or is somebody else's. */
export const giveUpAfter = 2000;

/**
 * Ends whatever a dead process left behind in its group and its session: TERM and CONT, after `grace` milliseconds KILL (0:
 * at once). Calls `done` with whoever had to be killed when nobody is left: at once if nobody was.
 *
 * Where `/proc` does not show who is in the session, only the group is ended. A number that has gone to somebody else
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
  /** Who was asked to end: the group (its negative id), and those of the session who are not in it. */
  readonly #asked = new Set<number>();
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
   * Signals the group without a look at all processes: it may be one of hundreds that are swept at the same time. Only who
   * is to be killed at once is looked for.
   */
  begin(): void {
    if (!this.#groupExists()) return this.#look();
    if (this.#grace > 0) return this.#signal([-this.#leader], []);
    this.#latest = this.#begun;
    this.#look();
  }

  #look(): void {
    const { targets, members } = this.#whoIsLeft();
    const over = this.#waited() > this.#grace + giveUpAfter;
    if (targets.length === 0 || over) this.#done([...this.#killed.values()]);
    else this.#signal(targets, members);
  }

  #signal(targets: readonly number[], members: readonly ProcessEntry[]): void {
    const patient = this.#waited() < this.#grace;
    if (!patient) this.#note(members);
    for (const target of targets) {
      if (!patient) send(target, 'SIGKILL');
      else if (!this.#asked.has(target)) {
        send(target, 'SIGTERM');
        send(target, 'SIGCONT');
      }
      this.#asked.add(target);
    }
    this.#latest = performance.now();
    const rest = patient ? this.#grace - this.#waited() : longestPause;
    setTimeout(() => this.#look(), Math.max(1, Math.min(this.#pause, rest)));
    this.#pause = Math.min(this.#pause * 2, longestPause);
  }

  /** Who is about to be killed. The look that they are from may be shared and a moment old. */
  #note(members: readonly ProcessEntry[]): void {
    for (const { pid, group, session } of members) {
      const now = readEntry(String(pid));
      if (now?.alive !== true || now.group !== group || now.session !== session) continue;
      if (isForbidden(pid)) continue;
      this.#killed.set(pid, { pid, name: now.name });
    }
  }

  /** Whom to signal: the group as a whole, so that nobody slips through by a fork, and the rest of the session. */
  #whoIsLeft(): {
    readonly targets: readonly number[];
    readonly members: readonly ProcessEntry[];
  } {
    const group = -this.#leader;
    const members = this.#table.membersOf(this.#leader, this.#latest);
    if (members === undefined) return { targets: this.#groupExists() ? [group] : [], members: [] };
    const strays = members.filter((entry) => entry.group !== this.#leader).map(({ pid }) => pid);
    return { targets: strays.length < members.length ? [group, ...strays] : strays, members };
  }

  /** Whether the group is there, and not somebody else's: its leader is dead, so nobody may have the leader's pid. */
  #groupExists(): boolean {
    return send(-this.#leader, 0) && !send(this.#leader, 0);
  }

  #waited(): number {
    return performance.now() - this.#begun;
  }
}

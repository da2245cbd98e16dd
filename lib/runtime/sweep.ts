import type { ProcessTable } from './process-table.ts';
import { send } from './send.ts';

/** Milliseconds until the first look whether everybody is gone; it doubles from look to look, up to the longest. */
export const firstPause = 5;
export const longestPause = 50;

/** Milliseconds after KILL until what does not die of it is given up: it hangs in the kernel, or is somebody else's. */
export const giveUpAfter = 2000;

/**
 * Ends whatever a dead process left behind in its group and its session: TERM and CONT, after `grace` milliseconds KILL (0:
 * at once). Calls `done` when nobody is left: at once if nobody was.
 *
 * Where `/proc` does not show who is in the session, only the group is ended. A number that has gone to somebody else
 * since is left alone.
 */
export function sweep(leader: number, grace: number, table: ProcessTable, done: () => void): void {
  new Sweep(leader, grace, table, done).begin();
}

class Sweep {
  readonly #leader: number;
  readonly #grace: number;
  readonly #table: ProcessTable;
  readonly #done: () => void;
  readonly #begun = performance.now();
  /** Who was asked to end: the group (its negative id), and those of the session who are not in it. */
  readonly #asked = new Set<number>();
  #latest = 0;
  #pause = firstPause;

  constructor(leader: number, grace: number, table: ProcessTable, done: () => void) {
    this.#leader = leader;
    this.#grace = grace;
    this.#table = table;
    this.#done = done;
  }

  /** Signals the group without a look at all processes: it may be one of hundreds that are swept at the same time. */
  begin(): void {
    if (this.#groupExists()) this.#signal([-this.#leader]);
    else this.#look();
  }

  #look(): void {
    const targets = this.#targets();
    const over = this.#waited() > this.#grace + giveUpAfter;
    if (targets.length === 0 || over) this.#done();
    else this.#signal(targets);
  }

  #signal(targets: readonly number[]): void {
    const patient = this.#waited() < this.#grace;
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

  /** Whom to signal: the group as a whole, so that nobody slips through by a fork, and the rest of the session. */
  #targets(): readonly number[] {
    const members = this.#table.membersOf(this.#leader, this.#latest);
    if (members === undefined) return this.#groupExists() ? [-this.#leader] : [];
    const strays = members.filter(({ group }) => group !== this.#leader).map(({ pid }) => pid);
    return strays.length < members.length ? [-this.#leader, ...strays] : strays;
  }

  /** Whether the group is there, and not somebody else's: its leader is dead, so nobody may have the leader's pid. */
  #groupExists(): boolean {
    return send(-this.#leader, 0) && !send(this.#leader, 0);
  }

  #waited(): number {
    return performance.now() - this.#begun;
  }
}

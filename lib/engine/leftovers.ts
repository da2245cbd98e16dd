import type { Child } from './spawner.ts';
import type { KilledLeftover, Owner } from '../machine/tree/tree-state.ts';
import type { Leftover } from '../model/leftover.ts';

/** What can be swept, and its owner; `null`: it has no owner any more. */
export interface Leftovers {
  readonly owner: Owner | null;
  sweep(grace: number, done: (killed: readonly Leftover[]) => void): void;
}

/** A sweep in progress; it has ended when each sweep that was started for the same leftovers has ended. */
interface Sweeping {
  readonly leftovers: Leftovers;
  readonly killed: Map<number, Leftover>;
  readonly ended: (killed: readonly KilledLeftover[]) => void;
  pending: number;
}

/** The dead children that left processes behind, by their owner, and the sweeps of such leftovers. */
export class LeftoverSweeps {
  readonly #children = new Map<string, readonly { owner: Owner; child: Child }[]>();
  readonly #inProgress = new Set<Sweeping>();

  /** Keeps a dead child that left processes behind, for a later sweep. */
  keep(owner: Owner, child: Child): void {
    const key = keyOf(owner);
    this.#children.set(key, [...(this.#children.get(key) ?? []), { owner, child }]);
  }

  /** Whether processes of an earlier run still live. Forgets the runs without living processes. */
  hasLivingLeftovers(owner: Owner): boolean {
    const key = keyOf(owner);
    const rest = this.#children.get(key)?.filter(({ child }) => child.lingers()) ?? [];
    if (rest.length === 0) this.#children.delete(key);
    else this.#children.set(key, rest);
    return rest.length > 0;
  }

  /** Removes and returns the leftovers of one owner, or of all, for a sweep. */
  take(owner?: Owner): readonly Leftovers[] {
    const keys = owner === undefined ? [...this.#children.keys()] : [keyOf(owner)];
    const taken = keys.flatMap((key) => this.#children.get(key) ?? []);
    for (const key of keys) this.#children.delete(key);
    return taken.map(({ owner: of, child }) => ({
      owner: of,
      sweep: (grace, done) => {
        child.sweep(grace, done);
      },
    }));
  }

  /**
   * Sweeps the leftovers. Calls `done` with the processes that had to be killed when nothing is left: synchronously if there
   * is nothing to sweep.
   */
  sweep(
    leftovers: readonly Leftovers[],
    grace: number,
    done: (killed: readonly KilledLeftover[]) => void,
  ): void {
    const all: (readonly KilledLeftover[])[] = [];
    let left = leftovers.length;
    if (left === 0) done([]);
    for (const [index, each] of leftovers.entries()) {
      const ended = (killed: readonly KilledLeftover[]): void => {
        all[index] = killed;
        left -= 1;
        if (left === 0) done(all.flat());
      };
      const sweeping = { leftovers: each, killed: new Map<number, Leftover>(), ended, pending: 0 };
      this.#inProgress.add(sweeping);
      this.#sweep(sweeping, grace);
    }
  }

  /** Limits every sweep in progress to this grace, by a second sweep beside the first. */
  shorten(grace: number): void {
    for (const sweeping of this.#inProgress) this.#sweep(sweeping, grace);
  }

  #sweep(sweeping: Sweeping, grace: number): void {
    sweeping.pending += 1;
    sweeping.leftovers.sweep(grace, (killed) => {
      for (const one of killed) sweeping.killed.set(one.pid, one);
      sweeping.pending -= 1;
      if (sweeping.pending > 0) return;
      this.#inProgress.delete(sweeping);
      const { owner } = sweeping.leftovers;
      sweeping.ended([...sweeping.killed.values()].map((one) => ({ owner, ...one })));
    });
  }
}

/** An owner as a key. */
export function keyOf(owner: Owner): string {
  return 'service' in owner ? `service ${owner.service}` : `${owner.stage} ${owner.script}`;
}

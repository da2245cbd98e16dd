import type { Child } from './spawner.ts';
import type { KilledLeftover, Owner } from '../machine/tree/tree-state.ts';
import type { Leftover } from '../model/leftover.ts';

/** What can be swept, and whose it is; `null`: nobody's any more. */
export interface Leftovers {
  readonly owner: Owner | null;
  sweep(grace: number, done: (killed: readonly Leftover[]) => void): void;
}

/** A sweep under way; it has ended when each that was begun for the same litter has. */
interface Sweeping {
  readonly litter: Leftovers;
  readonly killed: Map<number, Leftover>;
  readonly ended: (killed: readonly KilledLeftover[]) => void;
  pending: number;
}

/** Children that are dead but left others behind, by whom they belonged to, and the sweeps of such. */
export class LeftoverSweeps {
  readonly #children = new Map<string, readonly { owner: Owner; child: Child }[]>();
  readonly #underWay = new Set<Sweeping>();

  /** Keeps a dead child that has left others behind, for the sweep. */
  keep(owner: Owner, child: Child): void {
    const key = keyOf(owner);
    this.#children.set(key, [...(this.#children.get(key) ?? []), { owner, child }]);
  }

  /** Whether processes of an earlier run still live; those runs of which none does are forgotten. */
  lingerOf(owner: Owner): boolean {
    const key = keyOf(owner);
    const rest = this.#children.get(key)?.filter(({ child }) => child.lingers()) ?? [];
    if (rest.length === 0) this.#children.delete(key);
    else this.#children.set(key, rest);
    return rest.length > 0;
  }

  /** Hands out what there is of one owner, or of all, to be swept. */
  take(owner?: Owner): readonly Leftovers[] {
    const keys = owner === undefined ? [...this.#children.keys()] : [keyOf(owner)];
    const taken = keys.flatMap((key) => this.#children.get(key) ?? []);
    for (const key of keys) this.#children.delete(key);
    return taken.map(({ owner: whose, child }) => ({
      owner: whose,
      sweep: (grace, done) => {
        child.sweep(grace, done);
      },
    }));
  }

  /** Sweeps; `done` is told who had to be killed once everybody is gone: at once if there is nothing to sweep. */
  sweep(
    litter: readonly Leftovers[],
    grace: number,
    done: (killed: readonly KilledLeftover[]) => void,
  ): void {
    const all: (readonly KilledLeftover[])[] = [];
    let left = litter.length;
    if (left === 0) done([]);
    for (const [index, each] of litter.entries()) {
      const ended = (killed: readonly KilledLeftover[]): void => {
        all[index] = killed;
        left -= 1;
        if (left === 0) done(all.flat());
      };
      const sweeping = { litter: each, killed: new Map<number, Leftover>(), ended, pending: 0 };
      this.#underWay.add(sweeping);
      this.#sweep(sweeping, grace);
    }
  }

  /** Every sweep under way has so long left: a second one beside the first, with less kill timeout. */
  shorten(grace: number): void {
    for (const sweeping of this.#underWay) this.#sweep(sweeping, grace);
  }

  #sweep(sweeping: Sweeping, grace: number): void {
    sweeping.pending += 1;
    sweeping.litter.sweep(grace, (killed) => {
      for (const one of killed) sweeping.killed.set(one.pid, one);
      sweeping.pending -= 1;
      if (sweeping.pending > 0) return;
      this.#underWay.delete(sweeping);
      const { owner } = sweeping.litter;
      sweeping.ended([...sweeping.killed.values()].map((one) => ({ owner, ...one })));
    });
  }
}

/** An owner as one word: it has one living child at most. */
export function keyOf(owner: Owner): string {
  return 'service' in owner ? `service ${owner.service}` : `${owner.stage} ${owner.script}`;
}

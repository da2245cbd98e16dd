/** Somebody who waits, and what must be had in order of arrival. */
export interface PendingSpawn {
  /** Whoever shares one of these is let in after those who came before. */
  readonly shares: ReadonlySet<object>;
}

/**
 * Where those wait who need something that is not there yet. Who has everything is let in, but never before those who share
 * something and came earlier; nobody waits for anybody else.
 */
export class SpawnQueue<G extends PendingSpawn> {
  readonly #admit: (guest: G) => void;
  /** In order of arrival, each with whether it has everything. */
  readonly #guests = new Map<G, boolean>();
  #round: NodeJS.Immediate | undefined;

  constructor(admit: (guest: G) => void) {
    this.#admit = admit;
  }

  /**
   * Lets somebody in, at once if there is nothing to wait for, or when `missing` has come. If that fails, `failed` is called
   * instead.
   */
  enter(guest: G, missing: Promise<unknown> | undefined, failed: (error: unknown) => void): void {
    if (missing === undefined && !this.#isBehind(guest)) return this.#admit(guest);
    this.#guests.set(guest, missing === undefined);
    missing?.then(
      () => {
        if (this.#guests.has(guest)) this.#guests.set(guest, true);
        this.#lookRound();
      },
      (error: unknown) => {
        if (this.#guests.delete(guest)) failed(error);
        this.#lookRound();
      },
    );
  }

  /** Sends everybody away, and says who that was. */
  clear(): readonly G[] {
    clearImmediate(this.#round);
    const guests = [...this.#guests.keys()];
    this.#guests.clear();
    return guests;
  }

  #isBehind(guest: G): boolean {
    if (guest.shares.size === 0) return false;
    const earlier = [...this.#guests.keys()];
    return earlier.some(({ shares }) => [...shares].some((share) => guest.shares.has(share)));
  }

  /** Once for all who have got something in the same turn of the loop: what is made together comes together. */
  #lookRound(): void {
    this.#round ??= setImmediate(() => {
      this.#round = undefined;
      this.#admitAll();
    });
  }

  #admitAll(): void {
    const taken = new Set<object>();
    for (const [guest, hasAll] of this.#guests) {
      if (hasAll && [...guest.shares].every((share) => !taken.has(share))) {
        this.#guests.delete(guest);
        this.#admit(guest);
      } else {
        for (const share of guest.shares) taken.add(share);
      }
    }
  }
}

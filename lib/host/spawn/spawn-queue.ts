/** A spawn that waits for resources, and the resources that are given in order of arrival. */
export interface PendingSpawn {
  /** A spawn that shares one of these starts after the earlier spawns that share it. */
  readonly shares: ReadonlySet<object>;
}

/**
 * The queue of spawns that need something that does not exist yet. A spawn with all its resources starts, but never before
 * earlier ones that share a resource with it; it waits for no other spawn.
 */
export class SpawnQueue<G extends PendingSpawn> {
  readonly #start: (pending: G) => void;
  /** In order of arrival, each with whether it has all its resources. */
  readonly #waiting = new Map<G, boolean>();
  #check: NodeJS.Immediate | undefined;

  constructor(start: (pending: G) => void) {
    this.#start = start;
  }

  /**
   * Starts a spawn: at once if there is nothing to wait for, otherwise when `missing` resolves. If `missing` rejects,
   * `failed` is called instead.
   */
  enter(pending: G, missing: Promise<unknown> | undefined, failed: (error: unknown) => void): void {
    if (missing === undefined && !this.#isBehind(pending)) return this.#start(pending);
    this.#waiting.set(pending, missing === undefined);
    missing?.then(
      () => {
        if (this.#waiting.has(pending)) this.#waiting.set(pending, true);
        this.#checkSoon();
      },
      (error: unknown) => {
        if (this.#waiting.delete(pending)) failed(error);
        this.#checkSoon();
      },
    );
  }

  /** Removes and returns all waiting spawns. */
  clear(): readonly G[] {
    clearImmediate(this.#check);
    const waiting = [...this.#waiting.keys()];
    this.#waiting.clear();
    return waiting;
  }

  #isBehind(pending: G): boolean {
    if (pending.shares.size === 0) return false;
    const earlier = [...this.#waiting.keys()];
    return earlier.some(({ shares }) => [...shares].some((share) => pending.shares.has(share)));
  }

  /** One check for all that became ready in the same turn of the event loop: what is made together arrives together. */
  #checkSoon(): void {
    this.#check ??= setImmediate(() => {
      this.#check = undefined;
      this.#startReady();
    });
  }

  #startReady(): void {
    const taken = new Set<object>();
    for (const [pending, hasAll] of this.#waiting) {
      if (hasAll && [...pending.shares].every((share) => !taken.has(share))) {
        this.#waiting.delete(pending);
        this.#start(pending);
      } else {
        for (const share of pending.shares) taken.add(share);
      }
    }
  }
}

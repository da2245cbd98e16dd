import { onChildSignal } from '../os/child-signal.ts';
import { nativeChildren } from './native-children.ts';
import type { Waiting } from '../native/native.ts';
import { childrenOfThread } from '../os/process-table.ts';
import { SpawnedChildren } from './spawned-children.ts';

/** Milliseconds until a zombie that may belong to other code is checked again. */
const checkAgainAfter = 50;

/** How many are reaped before the event loop gets a turn: about 5 milliseconds' worth. */
const atOnce = 250;

/** Checks at the end: a suspect is reaped at the second, one that appears in between at the third. */
const lastChecks = 3;

/**
 * Reaps the orphans that this process adopts, and never a child that other code in the process waits for.
 *
 * A child of other code must not be waited for: its exit status can be taken only once. So a dead child is reaped
 * 1. never, if Node has spawned it since `begin()` and has not reported its exit yet; a native child is waited for as such;
 * 2. at once, if its session is neither its own nor the host's: no child of this process can be in such a session, so it was
 *    adopted;
 * 3. otherwise only if it has stayed a zombie for a while, in which the event loop has handled exits twice. Before that it
 *    may be a child that Node spawned earlier, or a child of an addon, which waits in a thread of its own. The children of a
 *    Worker thread are invisible until the thread ends and the main thread inherits them.
 *
 * The kernel shows only the first dead child, at almost no cost. Only if that one must wait are all children checked, so
 * that it does not block the others, and not more often than they can be reaped. At rest nothing runs.
 */
export class ReapLoop {
  readonly #native: Waiting;
  readonly #spawned = new SpawnedChildren();
  /** The children of case 3 at the last check. */
  #suspects: ReadonlySet<number> = new Set();
  #soon: NodeJS.Immediate | undefined;
  #later: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(native: Waiting) {
    this.#native = native;
  }

  begin(): void {
    this.#spawned.begin();
    this.#unsubscribe = onChildSignal(this.#checkSoon);
    this.#checkSoon(); // for those that are dead already
  }

  /** Resolves when the dead orphans are reaped and no listener, timer or immediate is left. */
  async end(): Promise<void> {
    this.#unsubscribe?.();
    clearImmediate(this.#soon);
    clearTimeout(this.#later);
    clearImmediate(this.#turn);
    this.#suspects = new Set();
    await this.#reapRest();
    this.#spawned.end();
  }

  async #reapRest(): Promise<void> {
    if (this.#native.firstZombie() === undefined) return;
    for (let checks = 0; checks < lastChecks; checks += 1) {
      const wait = checks === 0 ? 0 : checkAgainAfter;
      await new Promise<void>((resolve) => {
        setTimeout(() => {
          this.#afterTwoTurns(resolve);
        }, wait);
      });
      this.#checkStrangers();
      if (this.#suspects.size === 0) return;
    }
  }

  /**
   * Node handles the exits of its children between timers and immediates: what is still a zombie after that is usually not
   * Node's child.
   */
  readonly #checkSoon = (): void => {
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined;
      this.#reapFirst();
    });
  };

  #reapFirst(): void {
    for (let count = 0; count < atOnce; count += 1) {
      const pid = this.#native.firstZombie();
      if (pid === undefined) return;
      if (nativeChildren.collect(pid)) continue;
      if (this.#spawned.has(pid)) return this.#checkLater();
      if (!this.#isAdopted(pid) || !this.#native.reap(pid)) return this.#checkAll();
    }
    this.#checkSoon();
  }

  /** Checks now, and again while there are suspects. A child that dies meanwhile is checked the next time. */
  #checkAll(): void {
    if (this.#later !== undefined) return;
    this.#checkStrangers();
    if (this.#suspects.size > 0) this.#checkLater();
  }

  #checkLater(): void {
    this.#later ??= setTimeout(() => {
      this.#afterTwoTurns(() => {
        this.#later = undefined;
        this.#checkAll();
      });
    }, checkAgainAfter).unref();
  }

  /**
   * The turn may have begun with a timer that was late because the host was busy, so the event loop handles exits twice
   * before `act`.
   */
  #afterTwoTurns(act: () => void): void {
    this.#turn = setImmediate(() => {
      this.#turn = setImmediate(act);
    });
  }

  #checkStrangers(): void {
    const suspects = new Set<number>();
    for (const pid of this.#strangers()) {
      if (!this.#native.isZombie(pid)) continue;
      if (this.#isAdopted(pid) || this.#suspects.has(pid)) this.#native.reap(pid);
      else suspects.add(pid);
    }
    this.#suspects = suspects;
  }

  /** The children that belong neither to Node nor to this library, as far as is known. */
  #strangers(): ReadonlySet<number> {
    // Without /proc there is no list, but there is always a first zombie.
    const children = new Set([...childrenOfThread(), this.#native.firstZombie() ?? 0]);
    for (const pid of this.#spawned.pids()) children.delete(pid);
    return new Set([...children].filter((pid) => !nativeChildren.has(pid)));
  }

  #isAdopted(pid: number): boolean {
    const session = this.#native.sessionOf(pid);
    return session !== undefined && session !== pid && session !== this.#native.sessionOf(0);
  }
}

import { onChildSignal } from '../os/child-signal.ts';
import { nativeChildren } from './native-children.ts';
import type { Waiting } from '../native/native.ts';
import { childrenOfThread } from '../os/process-table.ts';
import { SpawnedChildren } from './spawned-children.ts';

/** Milliseconds after which a zombie that may be somebody's child is looked at again. */
const lookAgainAfter = 50;

/** How many are reaped before the host may breathe: some 5 milliseconds' worth. */
const atOnce = 250;

/** How often it is looked at the very end: a suspect is reaped at the second look, one that comes meanwhile at the third. */
const lastLooks = 3;

/**
 * Reaps the orphans that come to this process, and never a child that somebody in it waits for.
 *
 * Nobody else's child may be waited for: its exit status can be taken only once. So a dead child is reaped
 * 1. never, if Node has spawned it since we began and has not told its end yet; one that we have started natively is waited
 *    for as such;
 * 2. at once, if it is in a session that is neither its own nor ours: a child of ours never can be, it must have been adopted;
 * 3. otherwise only if it has been left alone for a while, in which the loop has looked after its children twice. Before
 *    that it may be a child that Node spawned earlier, or one of an addon, which waits in a thread of its own.
 * Children of Worker threads are not seen at all, until their thread ends and leaves them to us.
 *
 * The kernel shows only the first of the dead, which costs next to nothing. Only if that one must wait are all looked at,
 * lest it hold up the others, and not more often than they can be reaped. At rest nothing runs.
 */
export class ReapLoop {
  readonly #native: Waiting;
  readonly #spawned = new SpawnedChildren();
  /** Those of the third kind at the last look. */
  #suspects: ReadonlySet<number> = new Set();
  #soon: NodeJS.Immediate | undefined;
  #later: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;
  #deafen: (() => void) | undefined;

  constructor(native: Waiting) {
    this.#native = native;
  }

  begin(): void {
    this.#spawned.begin();
    this.#deafen = onChildSignal(this.#lookSoon);
    this.#lookSoon(); // at those that are dead already
  }

  /** Resolves when the orphans that are dead are reaped, and nothing of ours is left. */
  async end(): Promise<void> {
    this.#deafen?.();
    clearImmediate(this.#soon);
    clearTimeout(this.#later);
    clearImmediate(this.#turn);
    this.#suspects = new Set();
    await this.#reapTheLast();
    this.#spawned.end();
  }

  async #reapTheLast(): Promise<void> {
    if (this.#native.firstZombie() === undefined) return;
    for (let looks = 0; looks < lastLooks; looks += 1) {
      const wait = looks === 0 ? 0 : lookAgainAfter;
      await new Promise<void>((resolve) => {
        setTimeout(() => {
          this.#afterTwoTurns(resolve);
        }, wait);
      });
      this.#look();
      if (this.#suspects.size === 0) return;
    }
  }

  /** Node learns of its children's ends between timers and immediates: what is dead after that is not its own, as a rule. */
  readonly #lookSoon = (): void => {
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined;
      this.#reapTheFirst();
    });
  };

  #reapTheFirst(): void {
    for (let count = 0; count < atOnce; count += 1) {
      const pid = this.#native.firstZombie();
      if (pid === undefined) return;
      if (nativeChildren.collect(pid)) continue;
      if (this.#spawned.has(pid)) return this.#lookLater();
      if (!this.#isAdopted(pid) || !this.#native.reap(pid)) return this.#lookFurther();
    }
    this.#lookSoon();
  }

  /** Now, and again while there are suspects. Whoever comes meanwhile is seen the next time. */
  #lookFurther(): void {
    if (this.#later !== undefined) return;
    this.#look();
    if (this.#suspects.size > 0) this.#lookLater();
  }

  #lookLater(): void {
    this.#later ??= setTimeout(() => {
      this.#afterTwoTurns(() => {
        this.#later = undefined;
        this.#lookFurther();
      });
    }, lookAgainAfter).unref();
  }

  /** A turn may have begun with the timer that was late because the host was busy: so the loop looks twice before we do. */
  #afterTwoTurns(act: () => void): void {
    this.#turn = setImmediate(() => {
      this.#turn = setImmediate(act);
    });
  }

  #look(): void {
    const suspects = new Set<number>();
    for (const pid of this.#strangers()) {
      if (!this.#native.isZombie(pid)) continue;
      if (this.#isAdopted(pid) || this.#suspects.has(pid)) this.#native.reap(pid);
      else suspects.add(pid);
    }
    this.#suspects = suspects;
  }

  /** The children that neither Node nor we look after, as far as we know. */
  #strangers(): ReadonlySet<number> {
    // Without /proc there is no list, but always a first one.
    const children = new Set([...childrenOfThread(), this.#native.firstZombie() ?? 0]);
    for (const pid of this.#spawned.pids()) children.delete(pid);
    return new Set([...children].filter((pid) => !nativeChildren.has(pid)));
  }

  #isAdopted(pid: number): boolean {
    const session = this.#native.sessionOf(pid);
    return session !== undefined && session !== pid && session !== this.#native.sessionOf(0);
  }
}

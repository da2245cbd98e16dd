import { nativeChildren } from './native-children.ts';
import { childrenOfThread, listsChildrenOfThread } from '../os/process-table.ts';
import { isReaperNeeded } from './reaper.ts';
import { SpawnedChildren } from './spawned-children.ts';

/**
 * The orphans that have come to this process. They are ended with the tree when they are claimed, which is for a process whose
 * whole life is the tree's: a host with other things of its own may have orphans of its own, too.
 *
 * An orphan is a child that neither Node nor we have started, in a process that orphans come to at all. Children from before
 * the first of ours are none of these, whoever has started them.
 */
export class AdoptedOrphans {
  readonly #isWhereTheyCome: () => boolean;
  readonly #spawned = new SpawnedChildren();
  #isClaimed = false;
  /** The children from before; `undefined` until it has begun. */
  #earlier: ReadonlySet<number> | undefined;

  /** @param isWhereTheyCome - Asked once, when it begins. */
  constructor(isWhereTheyCome: () => boolean = isReaperNeeded) {
    this.#isWhereTheyCome = isWhereTheyCome;
  }

  /** From the next child of ours on, every orphan counts. */
  claim(): void {
    this.#isClaimed = true;
  }

  /** To be called before each child is spawned. */
  begin(): void {
    if (!this.#isClaimed || this.#earlier !== undefined) return;
    // Else those of Worker threads could not be told apart.
    this.#isClaimed = listsChildrenOfThread() && this.#isWhereTheyCome();
    if (!this.#isClaimed) return;
    this.#spawned.begin();
    this.#earlier = new Set(childrenOfThread());
  }

  /** Whether there may be any. */
  get counts(): boolean {
    return this.#earlier !== undefined;
  }

  /** Their pids, zombies included. */
  pids(): ReadonlySet<number> {
    if (this.#earlier === undefined) return new Set();
    const [earlier, spawned] = [this.#earlier, this.#spawned.pids()];
    return new Set(
      childrenOfThread().filter(
        (pid) => !earlier.has(pid) && !spawned.has(pid) && !nativeChildren.has(pid),
      ),
    );
  }

  /** Whether somebody who was started by this process leads this session, and lives: who is in it is looked after. */
  isOthers(session: number): boolean {
    return this.#spawned.has(session) || nativeChildren.has(session);
  }

  /** For good. */
  end(): void {
    this.#isClaimed = false;
    this.#earlier = undefined;
    this.#spawned.end();
  }
}

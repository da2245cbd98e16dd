import { nativeChildren } from './native-children.ts';
import { childrenOfThread, listsChildrenOfThread } from '../os/process-table.ts';
import { isReaperNeeded } from './reaper.ts';
import { SpawnedChildren } from './spawned-children.ts';

/**
 * The orphans that this process has adopted. They end with the tree when they are claimed. That is for a process that runs
 * nothing but the tree: a host that does other things may have orphans of other origin.
 *
 * An orphan is a child that was started neither by Node nor by this library, in a process that adopts orphans at all.
 * Children that exist before the first spawn of this library never count, whatever has started them.
 */
export class AdoptedOrphans {
  readonly #adoptsOrphans: () => boolean;
  readonly #spawned = new SpawnedChildren();
  #isClaimed = false;
  /** The children that existed at `begin()`; `undefined` before that. */
  #earlier: ReadonlySet<number> | undefined;

  /** @param adoptsOrphans - Called once, by `begin()`. */
  constructor(adoptsOrphans: () => boolean = isReaperNeeded) {
    this.#adoptsOrphans = adoptsOrphans;
  }

  /** From the next spawn on, every orphan counts. */
  claim(): void {
    this.#isClaimed = true;
  }

  /** To be called before each child is spawned. */
  begin(): void {
    if (!this.#isClaimed || this.#earlier !== undefined) return;
    // Without the list per thread, children of Worker threads would count as orphans.
    this.#isClaimed = listsChildrenOfThread() && this.#adoptsOrphans();
    if (!this.#isClaimed) return;
    this.#spawned.begin();
    this.#earlier = new Set(childrenOfThread());
  }

  /** Whether orphans count: they are claimed and `begin()` has run. */
  get counts(): boolean {
    return this.#earlier !== undefined;
  }

  /** The pids of the orphans, zombies included. */
  pids(): ReadonlySet<number> {
    if (this.#earlier === undefined) return new Set();
    const [earlier, spawned] = [this.#earlier, this.#spawned.pids()];
    return new Set(
      childrenOfThread().filter(
        (pid) => !earlier.has(pid) && !spawned.has(pid) && !nativeChildren.has(pid),
      ),
    );
  }

  /** Whether a living child that this process has started leads this session: its members are not orphans to end. */
  isSessionOfChild(session: number): boolean {
    return this.#spawned.has(session) || nativeChildren.has(session);
  }

  /** Stops for good. */
  end(): void {
    this.#isClaimed = false;
    this.#earlier = undefined;
    this.#spawned.end();
  }
}

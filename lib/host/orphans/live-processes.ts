import { send } from '../os/send.ts';

/**
 * What of ours lives under a number: a process group with its leader; one whose leader is dead; or a single process in
 * somebody else's group.
 */
export type LiveProcessKind = 'group' | 'leaderless' | 'process';

/** Hears who comes and goes. */
export interface LiveProcessesWatcher {
  /** Somebody lives under this number, in another way than before, or nobody any more. */
  changed(id: number, kind: LiveProcessKind | 'gone'): void;
}

/** Everybody whom we have started, or whom they have left behind and nobody has swept: those who must not outlive us. */
export class LiveProcesses {
  readonly #kinds = new Map<number, LiveProcessKind>();
  readonly #watchers: LiveProcessesWatcher[] = [];

  get size(): number {
    return this.#kinds.size;
  }

  entries(): Iterable<readonly [number, LiveProcessKind]> {
    return this.#kinds;
  }

  watch(watcher: LiveProcessesWatcher): void {
    this.#watchers.push(watcher);
  }

  /** A child that lives, with a group of its own unless it is said to be but a process. */
  add(id: number, kind: 'group' | 'process' = 'group'): void {
    this.#set(id, kind);
  }

  /** The child is dead, but others of its group live on. */
  leave(group: number): void {
    for (const [each, kind] of this.#kinds) {
      if (kind === 'leaderless' && !send(-each, 0)) this.delete(each);
    }
    this.#set(group, 'leaderless');
  }

  /** Whoever the dead child had left behind is gone. Its number may be that of a new child by now. */
  swept(group: number): void {
    if (this.#kinds.get(group) === 'leaderless') this.delete(group);
  }

  /** Nobody is left under this number. */
  delete(id: number): void {
    if (this.#kinds.delete(id)) this.#tell(id, 'gone');
  }

  /** Whoever is left after an orderly end is nobody to care for any more. */
  forgetLeaderless(): void {
    for (const [each, kind] of this.#kinds) if (kind === 'leaderless') this.delete(each);
  }

  #set(id: number, kind: LiveProcessKind): void {
    this.#kinds.set(id, kind);
    this.#tell(id, kind);
  }

  #tell(id: number, kind: LiveProcessKind | 'gone'): void {
    for (const watcher of this.#watchers) watcher.changed(id, kind);
  }
}

import { send } from '../os/send.ts';

/**
 * What lives under a number: a process group with its leader; a process group with a dead leader; or a single process in the
 * group of another process.
 */
export type LiveProcessKind = 'group' | 'leaderless' | 'process';

/** Follows the changes of the list. */
export interface LiveProcessesWatcher {
  /** The entry of this number is new or has another kind, or is gone. */
  changed(id: number, kind: LiveProcessKind | 'gone'): void;
}

/** The processes that must not outlive the host: the living children, and leftovers of dead children that are not swept yet. */
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

  /** Adds a living child, with a process group of its own unless `kind` says otherwise. */
  add(id: number, kind: 'group' | 'process' = 'group'): void {
    this.#set(id, kind);
  }

  /** The child is dead, but others of its group live. */
  leave(group: number): void {
    for (const [each, kind] of this.#kinds) {
      if (kind === 'leaderless' && !send(-each, 0)) this.delete(each);
    }
    this.#set(group, 'leaderless');
  }

  /** The leftovers of a dead child are gone. Its number may be that of a new child by now. */
  swept(group: number): void {
    if (this.#kinds.get(group) === 'leaderless') this.delete(group);
  }

  /** Nothing lives under this number any more. */
  delete(id: number): void {
    if (this.#kinds.delete(id)) this.#notify(id, 'gone');
  }

  /** Removes the groups with a dead leader: what is left after an orderly end is not ended. */
  forgetLeaderless(): void {
    for (const [each, kind] of this.#kinds) if (kind === 'leaderless') this.delete(each);
  }

  #set(id: number, kind: LiveProcessKind): void {
    this.#kinds.set(id, kind);
    this.#notify(id, kind);
  }

  #notify(id: number, kind: LiveProcessKind | 'gone'): void {
    for (const watcher of this.#watchers) watcher.changed(id, kind);
  }
}

import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** The channel on which Node reports every child process that code in this thread makes, before it has a pid. */
const channel = 'child_process';

/** How many are kept at least before those that have ended are removed. */
const fewest = 64;

/** The living children that `node:child_process` has spawned in this thread since `begin()`: Node waits for them. */
export class SpawnedChildren {
  readonly #children = new Set<ChildProcess>();
  #limit = fewest;
  readonly #add = (message: unknown): void => {
    if (this.#children.size >= this.#limit) this.#forgetEnded();
    this.#children.add((message as { readonly process: ChildProcess }).process);
  };

  begin(): void {
    subscribe(channel, this.#add);
  }

  /** Whether Node has spawned it and not reported its exit yet. */
  has(pid: number): boolean {
    for (const child of this.#children) if (child.pid === pid && isUnderWay(child)) return true;
    return false;
  }

  /** The pids of all these children. */
  pids(): ReadonlySet<number> {
    this.#forgetEnded();
    return new Set([...this.#children].map(({ pid = 0 }) => pid));
  }

  end(): void {
    unsubscribe(channel, this.#add);
    this.#children.clear();
  }

  /** Removes the children that have ended or could not be run, rarely enough to cost nothing. */
  #forgetEnded(): void {
    for (const child of this.#children) if (!isUnderWay(child)) this.#children.delete(child);
    this.#limit = Math.max(fewest, 2 * this.#children.size);
  }
}

function isUnderWay({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}

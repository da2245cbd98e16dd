import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** Where Node tells of every child process that anybody in this thread makes, before it has a pid. */
const channel = 'child_process';

/** How many are kept at least before it is looked who of them has ended. */
const fewest = 64;

/** The living children that `node:child_process` has spawned for anybody in this thread since `begin()`: Node looks after them. */
export class SpawnedChildren {
  readonly #children = new Set<ChildProcess>();
  #room = fewest;
  readonly #add = (message: unknown): void => {
    if (this.#children.size >= this.#room) this.#forgetEnded();
    this.#children.add((message as { readonly process: ChildProcess }).process);
  };

  begin(): void {
    subscribe(channel, this.#add);
  }

  /** Whether Node has spawned it and not told its end yet. */
  has(pid: number): boolean {
    for (const child of this.#children) if (child.pid === pid && isUnderWay(child)) return true;
    return false;
  }

  /** The pids of all of them. */
  pids(): ReadonlySet<number> {
    this.#forgetEnded();
    return new Set([...this.#children].map(({ pid = 0 }) => pid));
  }

  end(): void {
    unsubscribe(channel, this.#add);
    this.#children.clear();
  }

  /** Lets go of those that have ended or could not be run, so seldom that it costs nothing. */
  #forgetEnded(): void {
    for (const child of this.#children) if (!isUnderWay(child)) this.#children.delete(child);
    this.#room = Math.max(fewest, 2 * this.#children.size);
  }
}

function isUnderWay({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}

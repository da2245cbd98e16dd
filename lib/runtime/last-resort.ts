import { onExit } from 'signal-exit';
import { send } from './send.ts';

/**
 * Kills the process groups of our children when the host ends without having stopped them: by `process.exit`, by an
 * exception, or by a signal that nobody listens to; not by KILL, of which nobody hears. An orderly end is `stop()`.
 *
 * It is in place while there are children, or what they left behind and nobody has swept, and at no other time: what it
 * uses listens to signals and to the host's exit.
 * Process 1 needs none: the kernel kills everybody when it ends, and a signal that it does not listen to is none for it.
 */
export class LastResort {
  readonly #groups = new Map<number, 'led' | 'leaderless'>();
  readonly #finally: () => void;
  #remove: (() => void) | undefined;

  /** @param andThen - What else to do then, at once: nothing that takes its time is done any more. */
  constructor(andThen: () => void) {
    this.#finally = andThen;
  }

  /** The group of a living child. */
  add(group: number): void {
    this.#groups.set(group, 'led');
    if (process.pid === 1) return;
    this.#remove ??= onExit(() => this.#act(), { alwaysLast: true });
  }

  /** The child is dead, but others of its group live on. */
  leave(group: number): void {
    for (const [each, kind] of this.#groups) {
      if (kind === 'leaderless' && !send(-each, 0)) this.delete(each);
    }
    this.#groups.set(group, 'leaderless');
  }

  /** Whoever the dead child had left behind is gone. Its number may be that of a new child by now. */
  swept(group: number): void {
    if (this.#groups.get(group) === 'leaderless') this.delete(group);
  }

  /** Nobody of the group is left. */
  delete(group: number): void {
    this.#groups.delete(group);
    if (this.#groups.size > 0) return;
    this.#remove?.();
    this.#remove = undefined;
  }

  /** Whoever is left after an orderly end is nobody to care for any more. */
  forgetLeaderless(): void {
    for (const [each, kind] of this.#groups) if (kind === 'leaderless') this.delete(each);
  }

  #act(): void {
    for (const [group, kind] of this.#groups) {
      // A pid that is there although its leader is dead has gone to somebody else, and the group's number with it.
      if (kind === 'led' || !send(group, 0)) send(-group, 'SIGKILL');
    }
    this.#finally();
  }
}

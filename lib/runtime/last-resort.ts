import { onExit } from 'signal-exit';
import type { Living, LivingWatcher } from './living.ts';
import { send } from './send.ts';

/**
 * Kills the process groups of our children when the host ends without having stopped them: by `process.exit`, by an
 * exception, or by a signal that nobody listens to; not by KILL, of which nobody here hears (the guard does). An orderly end
 * is `stop()`.
 *
 * It is in place while there are children, or what they left behind and nobody has swept, and at no other time: what it
 * uses listens to signals and to the host's exit.
 * Process 1 needs none: the kernel kills everybody when it ends, and a signal that it does not listen to is none for it.
 */
export class LastResort implements LivingWatcher {
  readonly #living: Living;
  readonly #finally: () => void;
  #remove: (() => void) | undefined;

  /** @param andThen - What else to do then, at once: nothing that takes its time is done any more. */
  constructor(living: Living, andThen: () => void) {
    this.#living = living;
    this.#finally = andThen;
  }

  changed(): void {
    if (process.pid === 1) return;
    if (this.#living.size > 0) {
      this.#remove ??= onExit(() => this.#act(), { alwaysLast: true });
    } else {
      this.#remove?.();
      this.#remove = undefined;
    }
  }

  #act(): void {
    for (const [id, kind] of this.#living.entries()) {
      // A pid that is there although its leader is dead has gone to somebody else, and the group's number with it.
      if (kind === 'leaderless' && send(id, 0)) continue;
      send(kind === 'process' ? id : -id, 'SIGKILL');
    }
    this.#finally();
  }
}

import { onExit } from 'signal-exit';
import type { LiveProcesses, LiveProcessesWatcher } from './live-processes.ts';
import { send } from '../os/send.ts';
import { isProcess1 } from '../../system/thread.ts';

/**
 * Kills the process groups of the children when the host ends without having stopped them: by `process.exit`, by an
 * exception, or by a signal without a listener. KILL runs no code here; the guard acts then. In a Worker thread it acts when
 * the thread ends by `process.exit` or by an exception of its own; when the thread is terminated or the process ends, only
 * the guard acts. The orderly way to end is `stop()`.
 *
 * The hook is installed only while there are children, or leftovers of children that are not swept yet, because it listens
 * to signals and to the host's exit. The main thread of process 1 needs none: the kernel kills every process when process 1
 * ends, and a signal without a listener has no effect on it.
 */
export class ExitHook implements LiveProcessesWatcher {
  readonly #living: LiveProcesses;
  readonly #finally: () => void;
  #isHeld = false;
  #remove: (() => void) | undefined;

  /** @param andThen - Called after the kills; it must be synchronous, since the process ends next. */
  constructor(living: LiveProcesses, andThen: () => void) {
    this.#living = living;
    this.#finally = andThen;
  }

  changed(): void {
    const isNeeded = this.#isHeld || (this.#living.size > 0 && !isProcess1());
    if (isNeeded) {
      this.#remove ??= atEnd(() => this.#act());
    } else {
      this.#remove?.();
      this.#remove = undefined;
    }
  }

  /** Keeps the hook installed from now on, even without children. */
  hold(): void {
    this.#isHeld = true;
    this.changed();
  }

  /** Undoes `hold()`. */
  release(): void {
    this.#isHeld = false;
    this.changed();
  }

  #act(): void {
    for (const [id, kind] of this.#living.entries()) {
      // If a pid exists although the group's leader is dead, another process has taken it, and the number of the group with
      // it.
      if (kind === 'leaderless' && send(id, 0)) continue;
      send(kind === 'process' ? id : -id, 'SIGKILL');
    }
    this.#finally();
  }
}

/**
 * Calls a function at the end of the process. Process 1 does not end by signals that have no listener, so there only `exit`
 * counts.
 */
function atEnd(act: () => void): () => void {
  if (!isProcess1()) return onExit(act, { alwaysLast: true });
  process.once('exit', act);
  return () => process.off('exit', act);
}

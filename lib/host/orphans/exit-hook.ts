import { onExit } from 'signal-exit';
import type { LiveProcesses, LiveProcessesWatcher } from './live-processes.ts';
import { send } from '../os/send.ts';
import { isProcess1 } from '../../system/thread.ts';

/**
 * Kills the process groups of the children when the host ends without having stopped them: by `process.exit`, by an
 * exception, or by a signal that has no listener; not by KILL, which runs no code here (the guard acts then). In a Worker thread:
 * when that ends by `process.exit` or by an exception of its own; where it is terminated, or the process ends, only the guard
 * acts. An orderly end is `stop()`.
 *
 * It is in place while there are children, or what they left behind and nobody has swept, and at no other time: what it
 * uses listens to signals and to the host's exit.
 * The main thread of process 1 needs none: the kernel kills every process when it ends, and a signal without a listener has
 * no effect on it.
 */
export class ExitHook implements LiveProcessesWatcher {
  readonly #living: LiveProcesses;
  readonly #finally: () => void;
  #isHeld = false;
  #remove: (() => void) | undefined;

  /** @param andThen - What else to do then, at once: nothing that takes its time is done any more. */
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

  /** There is something to do at the end from now on, whether children live or not. */
  hold(): void {
    this.#isHeld = true;
    this.changed();
  }

  /** There is not any more. */
  release(): void {
    this.#isHeld = false;
    this.changed();
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

/** Calls a function at the end of the process. As process 1, which does not end by signals that it does not listen to, only at its exit. */
function atEnd(act: () => void): () => void {
  if (!isProcess1()) return onExit(act, { alwaysLast: true });
  process.once('exit', act);
  return () => process.off('exit', act);
}

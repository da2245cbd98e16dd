import type { Guard } from './guard.ts';
import type { LiveProcesses, LiveProcessesWatcher } from './live-processes.ts';
import { atSignalEnd, loadSignalEnd } from './signal-end.ts';
import { send } from '../os/send.ts';
import { sharedProcessListener } from '../../system/shared-listener.ts';
import { isProcess1, thisThread } from '../../system/thread.ts';

/** What an exit hook needs. */
export interface ExitHookSource {
  readonly living: LiveProcesses;
  /** Acts when no code of the host runs any more. Default: none does. */
  readonly guard: Guard | undefined;
  /** Called after the kills; it must be synchronous, since the process ends next. */
  readonly andThen: () => void;
}

const exit = sharedProcessListener('exit');

/**
 * Kills the process groups of the children when the host ends without having stopped them: by `process.exit`, by an
 * exception, or because nothing is left to do. A signal runs no code of the host here, so the guard acts then. In a Worker
 * thread the hook acts when the thread ends by `process.exit` or by an exception of its own; when the thread is terminated or
 * the process ends, only the guard acts. The orderly way to end is `stop()`.
 *
 * Without a guard (switched off, or lost for good) the hook also acts when a signal without a listener ends the host, but for
 * KILL. Only then does it listen to signals.
 *
 * The hook is installed only while there are children, or leftovers of children that are not swept yet. The main thread of
 * process 1 needs none: the kernel kills every process when process 1 ends, and a signal without a listener has no effect on
 * it.
 */
export class ExitHook implements LiveProcessesWatcher {
  readonly #living: LiveProcesses;
  readonly #guard: Guard | undefined;
  readonly #finally: () => void;
  #isHeld = false;
  #removeExit: (() => void) | undefined;
  #listensToSignals = false;
  #removeSignals: (() => void) | undefined;

  constructor({ living, guard, andThen }: ExitHookSource) {
    this.#living = living;
    this.#guard = guard;
    this.#finally = andThen;
    guard?.protect(living, () => void this.#listenToSignals());
    living.watch(this);
  }

  /** To be called before each spawn. Starts the guard, or resolves when the hook can act without one. */
  prepare(): Promise<void> | undefined {
    this.#guard?.prepare();
    return this.#guard?.isEnabled === true ? undefined : this.#listenToSignals();
  }

  changed(): void {
    const isNeeded = this.#isHeld || (this.#living.size > 0 && !isProcess1());
    if (isNeeded) {
      this.#removeExit ??= exit.add(this.#act);
      if (this.#listensToSignals) this.#removeSignals ??= atSignalEnd(this.#act);
    } else {
      this.#removeExit?.();
      this.#removeSignals?.();
      this.#removeExit = this.#removeSignals = undefined;
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

  /** Signals end neither a Worker thread nor process 1. */
  #listenToSignals(): Promise<void> | undefined {
    if (this.#listensToSignals || thisThread === 'worker' || isProcess1()) return undefined;
    const begin = (): void => {
      this.#listensToSignals = true;
      this.changed();
    };
    const loading = loadSignalEnd();
    if (loading === undefined) begin();
    return loading?.then(begin);
  }

  readonly #act = (): void => {
    for (const [id, kind] of this.#living.entries()) {
      // If a pid exists although the group's leader is dead, another process has taken it, and the number of the group with
      // it.
      if (kind === 'leaderless' && send(id, 0)) continue;
      send(kind === 'process' ? id : -id, 'SIGKILL');
    }
    this.#finally();
  };
}

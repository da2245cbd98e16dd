import type { Native } from '../native/native.ts';
import { loadNative, whyNoNative } from '../native/native.ts';
import { ZombieNotice } from './zombie-notice.ts';
import { ReapLoop } from './reap-loop.ts';
import type { Thread } from '../../system/thread.ts';
import { thisThread } from '../../system/thread.ts';
import type { Problem } from '../../model/problem.ts';
import { problem } from '../../model/problem.ts';

/** The options of a reaper. */
export interface ReaperOptions {
  /** Whether it reaps. Default: whether this process adopts orphans, see {@link isReaperNeeded}. */
  readonly reap?: boolean | undefined;
  /** Called once if there are orphans that it cannot reap. */
  readonly onProblem: (problem: Problem) => void;
  /** Loads the native functions. Default: from the optional package `koffi`. Not called before `begin()`. */
  readonly native?: (() => Native | undefined) | undefined;
  /** The thread of the reaper. Default: this one. */
  readonly thread?: Thread | undefined;
  /** The pid of the process. Default: this one's. */
  readonly pid?: number;
}

/**
 * Reaps the orphans that this process adopts, which Node never does by itself, or reports that it cannot. It works on Linux
 * and in the main thread only: a Worker thread gets no SIGCHLD, and the main thread adopts the orphans.
 */
export class Reaper {
  readonly #options: ReaperOptions;
  #work: ReapLoop | ZombieNotice | undefined;
  #begun = false;

  constructor(options: ReaperOptions) {
    this.#options = options;
  }

  /** To be called before each spawn; only the first call has an effect. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const {
      native: load = loadNative,
      thread = thisThread,
      pid = process.pid,
      onProblem,
    } = this.#options;
    const { reap = isReaperNeeded(load, thread) } = this.#options;
    if (!canReap) return;
    if (thread === 'worker' && this.#options.reap === undefined && pid === 1)
      onProblem(notFromWorker());
    if (!reap || thread === 'worker') return;
    const native = load();
    this.#work =
      native === undefined
        ? new ZombieNotice(whyNoNative() ?? 'it is not provided', onProblem)
        : new ReapLoop(native);
    this.#work.begin();
  }

  /**
   * Stops for good. Resolves when the dead orphans are reaped and no listener, timer or immediate is left: at once if there
   * are no zombies, otherwise within 200 milliseconds.
   */
  async end(): Promise<void> {
    this.#begun = true;
    await this.#work?.end();
  }
}

const canReap = process.platform === 'linux';

/**
 * Whether this thread adopts orphans: it is the main thread of process 1 or of a child subreaper, as far as `native` can
 * tell.
 */
export function isReaperNeeded(
  native: () => Native | undefined = loadNative,
  thread = thisThread,
): boolean {
  return canReap && thread === 'main' && (process.pid === 1 || native()?.isSubreaper() === true);
}

function notFromWorker(): Problem {
  const message =
    'orphans are adopted by this process, and a supervisor in a Worker thread neither reaps them nor ends them with the tree: ' +
    'only the main thread can wait for them.';
  const remedy =
    'Make the supervisor in the main thread, or let something else reap orphans (tini, docker run --init) and set `reap: false`.';
  return problem('zombies', '/proc/1', message, { remedy });
}

import type { Native } from '../native/native.ts';
import { loadNative, whyNoNative } from '../native/native.ts';
import { ZombieNotice } from './zombie-notice.ts';
import { ReapLoop } from './reap-loop.ts';
import type { Thread } from '../../system/thread.ts';
import { thisThread } from '../../system/thread.ts';
import type { Problem } from '../../model/problem.ts';
import { problem } from '../../model/problem.ts';

/** How a reaper is placed in its process. */
export interface ReaperOptions {
  /** Whether it reaps. Default: whether this process is one that orphans come to, see {@link isReaperNeeded}. */
  readonly reap?: boolean | undefined;
  /** Called once if there are orphans that it cannot reap. */
  readonly told: (problem: Problem) => void;
  /** Where the native functions come from. Default: the optional package `koffi`. Not called before `begin()`. */
  readonly native?: (() => Native | undefined) | undefined;
  /** The thread that it is in. Default: this one. */
  readonly thread?: Thread | undefined;
  /** The process's pid. Default: this one's. */
  readonly pid?: number;
}

/**
 * Reaps the orphans that come to this process, which Node by itself never does, or tells that it cannot. It works on Linux
 * only, and in the main thread only: a Worker thread is not told of dead children, and orphans become the main thread's.
 */
export class Reaper {
  readonly #options: ReaperOptions;
  #work: ReapLoop | ZombieNotice | undefined;
  #begun = false;

  constructor(options: ReaperOptions) {
    this.#options = options;
  }

  /** To be called before each child is spawned; only the first time matters. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const {
      native: load = loadNative,
      thread = thisThread,
      pid = process.pid,
      told,
    } = this.#options;
    const { reap = isReaperNeeded(load, thread) } = this.#options;
    if (!canReap) return;
    if (thread === 'worker' && this.#options.reap === undefined && pid === 1) told(notFromWorker());
    if (!reap || thread === 'worker') return;
    const native = load();
    this.#work =
      native === undefined
        ? new ZombieNotice(whyNoNative() ?? 'it was left out', told)
        : new ReapLoop(native);
    this.#work.begin();
  }

  /**
   * For good. Resolves when the orphans that are dead are reaped and no listener, timer or immediate is left: at once, if
   * there are none, else within a fifth of a second.
   */
  async end(): Promise<void> {
    this.#begun = true;
    await this.#work?.end();
  }
}

const canReap = process.platform === 'linux';

/**
 * Whether orphans come to this thread: it is the main thread of process 1 or of a child subreaper, as far as `native` can say
 * that.
 */
export function isReaperNeeded(
  native: () => Native | undefined = loadNative,
  thread = thisThread,
): boolean {
  return canReap && thread === 'main' && (process.pid === 1 || native()?.isSubreaper() === true);
}

function notFromWorker(): Problem {
  const message =
    'orphans come to this process, and a supervisor in a Worker thread neither reaps them nor ends them with the tree: ' +
    'only the main thread can wait for them.';
  const remedy =
    'Make the supervisor in the main thread, or let something else reap orphans (tini, docker run --init) and set `reap: false`.';
  return problem('zombies', '/proc/1', message, { remedy });
}

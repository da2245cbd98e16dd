import { isMainThread } from 'node:worker_threads';
import type { Native } from './native.ts';
import { loadNative, whyNoNative } from './native.ts';
import { Noticing } from './noticing.ts';
import { Reaping } from './reaping.ts';
import type { Problem } from '../model/problem.ts';

/** How a reaper is placed in its process. */
export interface ReaperOptions {
  /** Whether it reaps. Default: whether this process is one that orphans come to, see {@link isReaperNeeded}. */
  readonly reap?: boolean | undefined;
  /** Called once if there are orphans that it cannot reap. */
  readonly told: (problem: Problem) => void;
  /** Where the native functions come from. Default: the optional package `koffi`. Not called before `begin()`. */
  readonly native?: (() => Native | undefined) | undefined;
}

/**
 * Reaps the orphans that come to this process, which Node by itself never does, or tells that it cannot. Does nothing
 * anywhere but on Linux, and nothing in a Worker thread, to which no orphan comes.
 */
export class Reaper {
  readonly #options: ReaperOptions;
  #work: Reaping | Noticing | undefined;
  #begun = false;

  constructor(options: ReaperOptions) {
    this.#options = options;
  }

  /** To be called before each child is spawned; only the first time matters. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const { native: load = loadNative, reap = isReaperNeeded(load) } = this.#options;
    if (!reap || !canReap) return;
    const native = load();
    this.#work =
      native === undefined
        ? new Noticing(whyNoNative() ?? 'it was left out', this.#options.told)
        : new Reaping(native);
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

const canReap = process.platform === 'linux' && isMainThread;

/** Whether orphans come to this process: it is process 1, or a child subreaper, as far as `native` can say that. */
export function isReaperNeeded(native: () => Native | undefined = loadNative): boolean {
  return canReap && (process.pid === 1 || native()?.isSubreaper() === true);
}

import { onExit } from 'signal-exit';
import { send } from './sweep.ts';

/**
 * Kills the process groups of living children when the host ends, whatever ends it but KILL. Only a last resort: an
 * orderly end is `stop()`. It is in place while children live, and at no other time.
 */
export class LastResort {
  readonly #groups = new Set<number>();
  #remove: (() => void) | undefined;

  add(group: number): void {
    this.#groups.add(group);
    this.#remove ??= onExit(() => {
      for (const each of this.#groups) send(-each, 'SIGKILL');
    });
  }

  delete(group: number): void {
    this.#groups.delete(group);
    if (this.#groups.size > 0) return;
    this.#remove?.();
    this.#remove = undefined;
  }
}

import { VirtualClock } from './virtual-clock.ts';
import type { AlarmOptions } from '../../engine/clock.ts';

/** A virtual clock on which an alarm that is due needs no `advance()`: it rings in the next turn of the event loop. */
export class PromptClock extends VirtualClock {
  #scheduled = false;

  /** Whether an alarm is due now. */
  get isDue(): boolean {
    return this.next !== undefined && this.next <= this.now();
  }

  override at(time: number, wake: () => void, options?: AlarmOptions): () => void {
    const cancel = super.at(time, wake, options);
    this.#scheduleIfDue();
    return cancel;
  }

  #scheduleIfDue(): void {
    if (this.#scheduled || !this.isDue) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.isDue) this.ringNext();
      this.#scheduleIfDue();
    });
  }
}

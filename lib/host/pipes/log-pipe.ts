import { closeSync, constants, openSync, rmSync } from 'node:fs';
import type { End } from '../os/descriptor.ts';
import { canOpenAgain, openAgain } from '../os/descriptor.ts';
import type { PipeEnds } from './pipe-ends.ts';
import type { PipeIdentity } from './pipe-holders.ts';
import { identityOf } from './pipe-holders.ts';

/** How a process ended: with success by itself, in any other way, or it never ran. */
export type ChildEnd = 'success' | 'otherwise' | 'never';

/**
 * One log pipe: a kernel pipe of which both ends stay open here, so that nothing in it is lost when its producer or its
 * logger dies, and no byte of it comes through this process.
 */
export class LogPipe {
  /** Resolves when the pipe is there; rejects when it cannot be made. */
  readonly made: Promise<void>;
  #state: 'making' | 'open' | 'released' | 'closed' = 'making';
  /** Whether the write end is to be let go of as soon as it is there. */
  #releaseAtOnce = false;
  #readEnd: number | undefined;
  #writeEnd: number | undefined;
  /** The path of the pipe, while it is the only way to open it once more. */
  #path: string | undefined;
  #readers = 0;
  /** Whether a reader has seen the end, so far as we know: nothing is left in the pipe. */
  #isRead = false;
  /** Whom to tell when a reader has gone. */
  readonly #waiting: (() => void)[] = [];

  /**
   * @param source - What makes the pipe, now; or the path of a FIFO that is being made for it, which loses its name when the
   * pipe is open, or without `/proc` when it is closed.
   */
  constructor(source: (() => PipeEnds) | Promise<string>) {
    this.made = this.#obtain(source);
    this.made.catch(() => {
      this.#state = 'closed';
    });
  }

  get isOpen(): boolean {
    return this.#state === 'open' || this.#state === 'released';
  }

  get isReleased(): boolean {
    return this.#state === 'released' || this.#releaseAtOnce;
  }

  /** Whether anybody reads it at present. */
  get hasReader(): boolean {
    return this.#readers > 0;
  }

  /** What it is known by while it is open; `undefined` where that cannot be told. */
  get identity(): PipeIdentity | undefined {
    return this.#readEnd === undefined ? undefined : identityOf(this.#readEnd);
  }

  /** Resolves when a reader has gone. */
  readerGone(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Whether it has served its time, or never came to be. */
  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /**
   * Opens one end for one process: its `own`, to be closed when it has it, or, where there is no opening it once more, the
   * one that is `shared` by all.
   *
   * @throws the system's error when descriptors run out.
   */
  openEnd(end: End): { readonly own: number } | { readonly shared: number } {
    const kept = end === 'read' ? this.#readEnd : this.#writeEnd;
    if (kept === undefined) throw closedError();
    const own = openAgain(kept, end, this.#path);
    return own === undefined ? { shared: kept } : { own };
  }

  /** Lets go of the write end: a reader finds end-of-file once the last writer is gone. */
  release(): void {
    if (this.#state === 'making') this.#releaseAtOnce = true;
    if (this.#state !== 'open') return;
    this.#state = 'released';
    if (this.#writeEnd !== undefined) closeSync(this.#writeEnd);
    this.#writeEnd = undefined;
  }

  /**
   * A process is to read the pipe; the function is to be called when it has come to its end.
   *
   * Once the pipe is released, that end is all there is to know whether everything has been read. A reader that was there
   * before and was killed, or told to end, may have left something, which is kept for the next one. That next one is the last.
   */
  addReader(): (end: ChildEnd) => void {
    const isLast = this.isReleased;
    this.#readers += 1;
    return (end) => {
      this.#readers -= 1;
      const hasRead = end === 'success' || (isLast && end === 'otherwise');
      if (this.isReleased && hasRead) this.#isRead = true;
      if (this.#isRead && this.#readers === 0) this.close();
      for (const tell of this.#waiting.splice(0)) tell();
    };
  }

  /** Nobody asks for this pipe any more; who still reads it reads on. */
  retire(): void {
    this.#isRead = true;
    if (this.#readers === 0) this.close();
  }

  /** Closes the supervisor's ends. */
  close(): void {
    this.#state = 'closed';
    if (this.#path !== undefined) rmSync(this.#path, { force: true });
    this.#path = undefined;
    for (const end of [this.#readEnd, this.#writeEnd]) if (end !== undefined) closeSync(end);
    this.#readEnd = undefined;
    this.#writeEnd = undefined;
  }

  /** Waits for nothing where there is nothing to wait for. */
  async #obtain(source: (() => PipeEnds) | Promise<string>): Promise<void> {
    if (typeof source !== 'function') return this.#open(await source);
    const { read, write } = source();
    this.#readEnd = read;
    this.#writeEnd = write;
    this.#state = 'open';
  }

  #open(path: string): void {
    let both: number | undefined;
    this.#path = path;
    try {
      // Opening one end waits until the other is open. Opening both waits for nobody.
      both = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
      if (this.#state === 'closed') throw closedError();
      this.#readEnd = openSync(path, constants.O_RDONLY);
      this.#writeEnd = openSync(path, constants.O_WRONLY);
      this.#state = 'open';
      if (canOpenAgain()) {
        rmSync(path, { force: true });
        this.#path = undefined;
      }
      if (this.#releaseAtOnce) this.release();
    } catch (error) {
      this.close();
      throw error;
    } finally {
      if (both !== undefined) closeSync(both);
    }
  }
}

function closedError(): Error {
  return Object.assign(new Error('its log pipe is closed.'), { code: 'EPIPE' });
}

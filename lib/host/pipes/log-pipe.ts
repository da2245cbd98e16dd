import { closeSync, constants, openSync, rmSync } from 'node:fs';
import type { End } from '../os/descriptor.ts';
import { canOpenAgain, openAgain } from '../os/descriptor.ts';
import type { PipeEnds } from './pipe-ends.ts';
import type { PipeIdentity } from './pipe-holders.ts';
import { identityOf } from './pipe-holders.ts';

/** How a process ended: it exited with success, ended in another way, or was never started. */
export type ChildEnd = 'success' | 'otherwise' | 'never';

/**
 * One log pipe: a kernel pipe. This process keeps both ends open, so that no line in it is lost when the producer or the logger
 * dies, and reads no byte of it.
 */
export class LogPipe {
  /** Resolves when the pipe is open; rejects when it cannot be made. */
  readonly made: Promise<void>;
  #state: 'making' | 'open' | 'released' | 'closed' = 'making';
  /** Whether to release the write end as soon as it is open. */
  #releaseAtOnce = false;
  #readEnd: number | undefined;
  #writeEnd: number | undefined;
  /** The path of the pipe, while it is the only way to open it again. */
  #path: string | undefined;
  #readers = 0;
  /** Whether a reader has read up to the end, as far as is known, so that the pipe is empty. */
  #isRead = false;
  /** Called when a reader has ended. */
  readonly #readerWaits: (() => void)[] = [];
  /** Returns whether descriptors remain for processes when the pipe has this one. */
  readonly #hasRoom: (last: number) => boolean;
  /** The ends that a process had already. */
  readonly #used = new Set<End>();

  /**
   * @param source - A function that makes the pipe, or the path of a FIFO that is being made for it. The name of the FIFO is removed
   * when the pipe is open, or without `/proc` when it is closed.
   * @param hasRoom - Whether descriptors remain for processes when the pipe has this one; without them it is not made.
   */
  constructor(
    source: (() => PipeEnds) | Promise<string>,
    hasRoom: (last: number) => boolean = () => true,
  ) {
    this.#hasRoom = hasRoom;
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

  /** Whether a process reads it at present. */
  get hasReader(): boolean {
    return this.#readers > 0;
  }

  /** Whether it is open, and one of its two processes has not been started yet. */
  get isPending(): boolean {
    return this.isOpen && this.#used.size < 2;
  }

  /** Identifies the pipe while it is open; `undefined` when descriptors cannot be listed. */
  get identity(): PipeIdentity | undefined {
    return this.#readEnd === undefined ? undefined : identityOf(this.#readEnd);
  }

  /** Resolves when a reader has ended. */
  readerGone(): Promise<void> {
    return new Promise((resolve) => {
      this.#readerWaits.push(resolve);
    });
  }

  /** Whether it is closed or could not be made. */
  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /**
   * Opens one end for one process: its `own` descriptor, which the caller closes once the process has inherited it, or, if the pipe
   * cannot be opened again, the one that all processes share.
   *
   * @throws the system's error when descriptors run out.
   */
  openEnd(end: End): { readonly own: number } | { readonly shared: number } {
    const kept = end === 'read' ? this.#readEnd : this.#writeEnd;
    if (kept === undefined) throw closedError();
    const own = openAgain(kept, end, this.#path);
    this.#used.add(end);
    return own === undefined ? { shared: kept } : { own };
  }

  /** Closes the write end: a reader gets end-of-file once the last writer has closed its end. */
  release(): void {
    if (this.#state === 'making') this.#releaseAtOnce = true;
    if (this.#state !== 'open') return;
    this.#state = 'released';
    if (this.#writeEnd !== undefined) closeSync(this.#writeEnd);
    this.#writeEnd = undefined;
  }

  /**
   * Registers a process that reads the pipe; call the returned function when the process has ended.
   *
   * Once the pipe is released, the way in which a reader ended is the only sign of whether everything has been read. A reader that
   * was registered before the release and then killed or stopped may have left bytes; the pipe stays open for the next reader, which
   * is the last one.
   */
  addReader(): (end: ChildEnd) => void {
    const isLast = this.isReleased;
    this.#readers += 1;
    return (end) => {
      this.#readers -= 1;
      const hasRead = end === 'success' || (isLast && end === 'otherwise');
      if (this.isReleased && hasRead) this.#isRead = true;
      if (this.#isRead && this.#readers === 0) this.close();
      for (const notify of this.#readerWaits.splice(0)) notify();
    };
  }

  /** Declares that no further process will get this pipe; a present reader continues. */
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

  /** Opens the pipe; synchronously if `source` is a function. */
  async #obtain(source: (() => PipeEnds) | Promise<string>): Promise<void> {
    if (typeof source !== 'function') return this.#open(await source);
    const { read, write } = source();
    this.#readEnd = read;
    this.#writeEnd = write;
    this.#requireRoom();
    this.#state = 'open';
  }

  /** Without room, a pipe would take the descriptors that the processes of other pipes need, and none of them would run. */
  #requireRoom(): void {
    if (this.#hasRoom(Math.max(this.#readEnd ?? 0, this.#writeEnd ?? 0))) return;
    this.close();
    throw Object.assign(new Error('this process has too many open files'), { code: 'EMFILE' });
  }

  #open(path: string): void {
    let both: number | undefined;
    this.#path = path;
    try {
      // Opening one end waits until the other is open. Opening both at once does not wait.
      both = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
      if (this.#state === 'closed') throw closedError();
      this.#readEnd = openSync(path, constants.O_RDONLY);
      this.#writeEnd = openSync(path, constants.O_WRONLY);
      this.#requireRoom();
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

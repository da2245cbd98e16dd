import { closeSync, constants, fstatSync, openSync, unlinkSync, writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { adoptDescriptor } from '../os/adopt-descriptor.ts';

/** What tells a stand-in that its request was read. */
const heard = Buffer.from('+\n');

/**
 * The way back to a stand-in that has asked: a FIFO that it has made. The supervisor holds it open from the question to the
 * answer, so that the stand-in finds end-of-file when the supervisor ends. Nothing here waits, and no link is followed.
 */
export class ReplyFifo {
  #fd: number | undefined;

  constructor(path: string) {
    this.#fd = open(path);
    this.isRead();
  }

  /** Whether there is a stand-in to answer, as far as is known. */
  get isOpen(): boolean {
    return this.#fd !== undefined;
  }

  /** Tells the stand-in that its request was read; false when it has ended. */
  isRead(): boolean {
    this.#write(heard);
    return this.isOpen;
  }

  /** Writes the answer, and that is it. What the pipe does not hold (64 KiB) follows, by this stream, as it is read. */
  say(text: string): Socket | undefined {
    const bytes = Buffer.from(text);
    const written = this.#write(bytes);
    if (this.#fd === undefined || written >= bytes.length) {
      this.close();
      return undefined;
    }
    const stream = adoptDescriptor(this.#fd, { readable: false, writable: true });
    this.#fd = undefined;
    stream.end(bytes.subarray(written));
    return stream;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** How much of it the pipe has taken. Without a reader the reply is closed. */
  #write(bytes: Buffer): number {
    if (this.#fd === undefined) return 0;
    try {
      return writeSync(this.#fd, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') this.close();
      return 0;
    }
  }
}

/**
 * The FIFO for an answer, which loses its name; `undefined` where there is none that a stand-in holds open, or where another account
 * has made it than that of the supervisor, or root.
 */
function open(path: string): number | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const stats = fstatSync(fd);
    if (stats.isFIFO() && (stats.uid === 0 || stats.uid === process.geteuid?.())) return fd;
    closeSync(fd);
  } catch {
    // The stand-in has ended, or has never been there.
  } finally {
    remove(path);
  }
  return undefined;
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It goes with its folder.
  }
}

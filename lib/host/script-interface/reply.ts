import { closeSync, constants, fstatSync, openSync, unlinkSync, writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { adoptDescriptor } from '../os/adopt-descriptor.ts';

/** The line that confirms to a shim that its request was read. */
const received = Buffer.from('+\n');

/**
 * The FIFO for the answer to a shim, which the shim has made. The supervisor holds it open from the request to the answer, so that the
 * shim reads end-of-file when the supervisor exits. Nothing here blocks, and no link is followed.
 */
export class ReplyFifo {
  #fd: number | undefined;

  constructor(path: string) {
    this.#fd = open(path);
    this.confirm();
  }

  /** Whether a shim waits for the answer, as far as is known. */
  get isOpen(): boolean {
    return this.#fd !== undefined;
  }

  /** Confirms to the shim that its request was read; returns false when the shim has ended. */
  confirm(): boolean {
    this.#write(received);
    return this.isOpen;
  }

  /** Writes the answer and closes the FIFO. If the answer exceeds the pipe (64 KiB), returns the stream that writes the rest. */
  send(text: string): Socket | undefined {
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

  /** Returns the number of bytes that the pipe accepted. Closes the FIFO if it has no reader. */
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
 * Opens the FIFO for an answer and removes its name; `undefined` when no shim holds it open, or when it was made by an account other
 * than the supervisor's and root.
 */
function open(path: string): number | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const stats = fstatSync(fd);
    if (stats.isFIFO() && (stats.uid === 0 || stats.uid === process.geteuid?.())) return fd;
    closeSync(fd);
  } catch {
    // The shim has ended, or did not make the FIFO.
  } finally {
    remove(path);
  }
  return undefined;
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is removed with its folder.
  }
}

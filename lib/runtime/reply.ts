import { closeSync, constants, openSync, rmSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** What tells a stand-in that it was heard. */
const heard = Buffer.from('+\n');

/**
 * The way back to a stand-in that has asked: a FIFO of its own. It is open from the question to the answer, so that whoever
 * asks comes to its end when we do.
 */
export class Reply {
  readonly #path: string;
  #fd: number | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#write(heard);
  }

  /** Says the answer, and that is it. What the pipe does not hold (64 KiB) follows, by this stream, as it is read. */
  say(text: string): Socket | undefined {
    const bytes = Buffer.from(text);
    const written = this.#write(bytes);
    if (this.#fd === undefined || written >= bytes.length) {
      this.close();
      return undefined;
    }
    const stream = new Socket({ fd: this.#fd, readable: false, writable: true });
    this.#fd = undefined;
    stream.end(bytes.subarray(written));
    return stream;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** How much of it was taken; all, where nobody is there any more to hear it. */
  #write(bytes: Buffer): number {
    try {
      this.#fd ??= this.#open();
      return writeSync(this.#fd, bytes);
    } catch {
      return bytes.length;
    }
  }

  #open(): number {
    // Without waiting: who has asked holds it open, or has gone.
    const fd = openSync(this.#path, constants.O_WRONLY | constants.O_NONBLOCK);
    rmSync(this.#path, { force: true });
    return fd;
  }
}

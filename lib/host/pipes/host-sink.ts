import { write, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { isMainThread } from 'node:worker_threads';

/** Where relayed output goes. */
export interface HostSink {
  /**
   * Writes all of the bytes and never holds up the loop, nor keeps the process from ending. Rejects if some were not written and
   * never will be. `delayed` is called when the system refuses them by an error and they are tried again.
   */
  write(bytes: Buffer, delayed: Delayed): Promise<void>;
  /** What the system has not taken yet of the bytes that are being written. */
  unsent(): Buffer;
  /** Writes at once, for a process that is about to end, for as long as bytes are taken; returns how many were. */
  writeNow(bytes: Buffer): number;
}

type Delayed = (error: NodeJS.ErrnoException) => void;

/** The sink for one of the host's streams. In a Worker thread they lead to the main thread. */
export function hostSink(descriptor: 1 | 2): HostSink {
  const stream = descriptor === 1 ? process.stdout : process.stderr;
  if (!isMainThread) return new ThreadSink(stream);
  // Node has made its descriptor non-blocking; that of a file or a terminal blocks.
  const isNonBlocking = stream instanceof Socket && !stream.isTTY;
  return new DescriptorSink(
    descriptor,
    isNonBlocking ? behind(stream, descriptor) : by(descriptor),
  );
}

/** One attempt to write. */
type Attempt = (
  bytes: Buffer,
  done: (error: NodeJS.ErrnoException | null, written: number) => void,
) => void;

/**
 * Writes what there is room for, after what the host has written itself. Not through the host's stream: what waits there cannot be
 * taken back, and keeps the process from ending for as long as its reader does not read.
 */
function behind(stream: Writable, descriptor: number): Attempt {
  return (bytes, done) => {
    if (stream.writableLength > 0) return done(null, 0);
    let written = 0;
    try {
      written = writeSync(descriptor, bytes);
    } catch (error) {
      return done(error as NodeJS.ErrnoException, 0);
    }
    done(null, written);
  };
}

/** Leaves it to the thread pool. */
function by(descriptor: number): Attempt {
  return (bytes, done) => {
    write(descriptor, bytes, done);
  };
}

/** Errors after which a later attempt may succeed. */
const transient: ReadonlySet<string> = new Set(['EAGAIN', 'ENOSPC', 'EDQUOT']);
/** Milliseconds until the next attempt: twice as many each time that nothing was taken. */
const shortestDelay = 1;
const longestDelay = 50;

interface Writing {
  rest: Buffer;
  delay: number;
  readonly done: (error: NodeJS.ErrnoException | null) => void;
  readonly delayed: Delayed;
}

class DescriptorSink implements HostSink {
  readonly #descriptor: number;
  readonly #attempt: Attempt;
  /** In order; the first is being written. */
  readonly #queue: Writing[] = [];
  /** Whether the thread pool has the first one. What it has is written even at the end of the process. */
  #isUnderWay = false;

  constructor(descriptor: number, attempt: Attempt) {
    this.#descriptor = descriptor;
    this.#attempt = attempt;
  }

  write(bytes: Buffer, delayed: Delayed): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = settle(resolve, reject);
      this.#queue.push({ rest: bytes, delay: shortestDelay, done, delayed });
      if (this.#queue.length === 1) this.#next();
    });
  }

  unsent(): Buffer {
    const waiting = this.#isUnderWay ? this.#queue.slice(1) : this.#queue;
    return Buffer.concat(waiting.map(({ rest }) => rest));
  }

  writeNow(bytes: Buffer): number {
    return writeAtOnce(this.#descriptor, bytes);
  }

  #next(): void {
    const [first] = this.#queue;
    if (first === undefined) return;
    this.#isUnderWay = true;
    this.#attempt(first.rest, (error, written) => {
      this.#isUnderWay = false;
      this.#goOn(first, error, written);
    });
  }

  #goOn(writing: Writing, error: NodeJS.ErrnoException | null, written: number): void {
    const code = error?.code ?? '';
    writing.rest = writing.rest.subarray(written);
    const isOver = error === null ? writing.rest.length === 0 : !transient.has(code);
    if (isOver) {
      this.#queue.shift();
      writing.done(error);
      return this.#next();
    }
    if (error !== null && code !== 'EAGAIN') writing.delayed(error);
    writing.delay = written > 0 ? shortestDelay : Math.min(2 * writing.delay, longestDelay);
    setTimeout(() => {
      this.#next();
    }, writing.delay).unref();
  }
}

class ThreadSink implements HostSink {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  write(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(bytes, settle(resolve, reject));
    });
  }

  unsent(): Buffer {
    return Buffer.alloc(0); // the main thread has it
  }

  writeNow(bytes: Buffer): number {
    this.#stream.write(bytes);
    return bytes.length;
  }
}

function settle(
  resolve: () => void,
  reject: (error: Error) => void,
): (error: Error | null | undefined) => void {
  return (error) => {
    if (error instanceof Error) reject(error);
    else resolve();
  };
}

/** Milliseconds that a reader may keep a process from ending by taking nothing. */
const patience = 1000;
const pause = 5;

function writeAtOnce(descriptor: number, bytes: Buffer): number {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  let written = 0;
  for (let waited = 0; written < bytes.length && waited < patience;) {
    try {
      written += writeSync(descriptor, bytes, written);
      waited = 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') break;
      Atomics.wait(clock, 0, 0, pause);
      waited += pause;
    }
  }
  return written;
}

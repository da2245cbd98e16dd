import { write, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { isMainThread } from 'node:worker_threads';

/** The destination of relayed output. */
export interface HostSink {
  /**
   * Writes all of the bytes. Never blocks the loop, and does not keep the process alive. Rejects if some bytes cannot be written.
   * `delayed` is called with an error after which the write is tried again.
   */
  write(bytes: Buffer, delayed: Delayed): Promise<void>;
  /** The bytes of the current writes that the system has not accepted yet. */
  unsent(): Buffer;
  /** Writes synchronously, for a process that is about to exit, as long as the system accepts bytes; returns their number. */
  writeNow(bytes: Buffer): number;
}

type Delayed = (error: NodeJS.ErrnoException) => void;

/** The sink for one of the host's streams. In a Worker thread these are streams to the main thread. */
export function hostSink(descriptor: 1 | 2): HostSink {
  const stream = descriptor === 1 ? process.stdout : process.stderr;
  if (!isMainThread) return new ThreadSink(stream);
  // Node makes the descriptor of a pipe or socket non-blocking; that of a file or a terminal blocks.
  const isNonBlocking = stream instanceof Socket && !stream.isTTY;
  return new DescriptorSink(
    descriptor,
    isNonBlocking ? writeAfterStream(stream, descriptor) : writeInPool(descriptor),
  );
}

/** One attempt to write. */
type Attempt = (
  bytes: Buffer,
  done: (error: NodeJS.ErrnoException | null, written: number) => void,
) => void;

/**
 * Writes as many bytes as the descriptor accepts, once the host's own writes are done. Does not use the host's stream: bytes in its
 * buffer cannot be taken back, and keep the process alive as long as the reader does not read.
 */
function writeAfterStream(stream: Writable, descriptor: number): Attempt {
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

/** Writes in the thread pool. */
function writeInPool(descriptor: number): Attempt {
  return (bytes, done) => {
    write(descriptor, bytes, done);
  };
}

/** Errors after which a later attempt may succeed. */
const transient: ReadonlySet<string> = new Set(['EAGAIN', 'ENOSPC', 'EDQUOT']);
/** Milliseconds until the next attempt; doubled each time that no byte was written. */
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
  /** In the order of writing; the first one is being written. */
  readonly #queue: Writing[] = [];
  /** Whether the thread pool is writing the first one. It completes that write even when the process exits. */
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
    return Buffer.alloc(0); // the main thread has received everything
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

/** Milliseconds that a process which is about to exit waits for a reader that reads nothing. */
const flushTimeout = 1000;
const pause = 5;

function writeAtOnce(descriptor: number, bytes: Buffer): number {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  let written = 0;
  for (let waited = 0; written < bytes.length && waited < flushTimeout;) {
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

import { turns } from './loop-budget.ts';
import type { Turns, Work } from './loop-budget.ts';
import { Queue } from '../../model/queue.ts';

/** Handles the bytes of a stream, piece by piece. */
export interface ByteConsumer {
  /** Accepts the next bytes; called when the bytes before them have been handled. */
  push(chunk: Buffer): void;
  /** Handles the next piece. Returns `false` if there is no piece. */
  handleNext(): boolean;
  /** Called when the stream has ended. */
  end(): void;
}

/** The part of a stream that a reader needs. */
export interface PacedStream {
  readonly readableLength: number;
  on(name: 'data', listener: (chunk: Buffer) => void): unknown;
  once(name: 'end' | 'close', listener: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
}

/** The number of unhandled bytes at which the stream is paused. Node may read one more chunk after that, or two since Node 22. */
const mostWaiting = 16 * 1024;

/** The bytes that Node requests in one read of a pipe. It gets fewer only if the pipe is empty then. */
const wholeChunk = 64 * 1024;

/** The largest size of a pipe of a process without privileges, in bytes (`fs.pipe-max-size`). */
const largestPipe = 1024 * 1024;

/**
 * Reads a stream only as fast as its bytes are handled in the turns of the host's loop. When the pipe is full, the processes that
 * write to it wait.
 */
export class PacedReader implements Work {
  readonly #stream: PacedStream;
  readonly #consumer: ByteConsumer;
  readonly #turns: Turns;
  readonly #chunks = new Queue<Buffer>();
  /** The size of the chunk that is being handled. */
  #current = 0;
  #received = 0;
  #handled = 0;
  #isScheduled = false;
  #hasEnded = false;
  #isOver = false;
  readonly #awaiting: (() => void)[] = [];
  /** The number of bytes that this process had read at the last call of `catchUp`. */
  #receivedBefore = 0;
  /** The number of bytes that had been written by then; `undefined` until it is known. */
  #written: number | undefined = 0;

  constructor(stream: PacedStream, consumer: ByteConsumer, inTurns: Turns = turns) {
    this.#stream = stream;
    this.#consumer = consumer;
    this.#turns = inTurns;
    stream.on('data', (chunk: Buffer) => {
      this.#receive(chunk);
    });
    for (const name of ['end', 'close'] as const) {
      stream.once(name, () => {
        this.#end();
      });
    }
  }

  /** Urgent while `catchUp` waits: the report of an exit waits for the output of the process. */
  get isUrgent(): boolean {
    return this.#awaiting.length > 0;
  }

  /**
   * Calls `done` once all bytes that were written until now have been handled; immediately if the stream has ended and is handled.
   *
   * To find their number, reads the stream without a pause until the pipe is empty or as many bytes have been read as a pipe can
   * hold, since another process may continue to write.
   */
  catchUp(done: () => void): void {
    if (this.#isOver) return done();
    this.#awaiting.push(done);
    this.#receivedBefore = this.#received + this.#stream.readableLength;
    this.#written = this.#hasEnded ? this.#received : undefined;
    if (this.#hasEnded) return;
    this.#stream.resume();
    this.#watchForEmptyPipe();
  }

  /** Drops unhandled bytes and all further ones. */
  stop(): void {
    this.#chunks.clear();
    this.#finish();
  }

  step(): boolean {
    if (this.#isOver) return false;
    if (this.#consumer.handleNext()) return true;
    this.#handled += this.#current;
    const chunk = this.#chunks.shift();
    this.#current = chunk?.length ?? 0;
    if (chunk !== undefined) this.#consumer.push(chunk);
    else this.#resumeOrFinish();
    if (this.#handled >= (this.#written ?? Infinity)) this.#notifyCaughtUp();
    return chunk !== undefined;
  }

  #receive(chunk: Buffer): void {
    if (this.#isOver) return;
    const isNew = this.#received >= this.#receivedBefore;
    this.#received += chunk.length;
    this.#chunks.push(chunk);
    this.#schedule();
    const isEmpty = isNew && chunk.length < wholeChunk;
    if (isEmpty || this.#received - this.#receivedBefore >= largestPipe)
      this.#written ??= this.#received;
    const mayWait = this.#written !== undefined;
    if (mayWait && this.#received - this.#handled >= mostWaiting) this.#stream.pause();
  }

  /** Finds an empty pipe: a whole turn of reading brings no bytes. */
  #watchForEmptyPipe(before?: number): void {
    setImmediate(() => {
      if (this.#written !== undefined) return;
      if (this.#received !== before) return this.#watchForEmptyPipe(this.#received);
      this.#written = this.#received;
      this.#schedule();
    });
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#written ??= this.#received;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#turns.add(this);
  }

  /** Called when all bytes that were read have been handled: reads on, or ends. */
  #resumeOrFinish(): void {
    this.#isScheduled = false;
    if (!this.#hasEnded) this.#stream.resume();
    else {
      this.#consumer.end();
      this.#finish();
    }
  }

  #finish(): void {
    this.#isOver = true;
    this.#notifyCaughtUp();
  }

  #notifyCaughtUp(): void {
    for (const done of this.#awaiting.splice(0)) done();
  }
}

import { turns } from './loop-budget.ts';
import type { Turns, Work } from './loop-budget.ts';
import { Queue } from '../../model/queue.ts';

/** Handles the bytes of a stream, piece by piece. */
export interface ByteConsumer {
  /** Takes the next bytes, once those before them are handled. */
  push(chunk: Buffer): void;
  /** Handles the next piece. Returns `false` if there is none. */
  handleNext(): boolean;
  /** The stream has ended. */
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

/** Bytes that wait to be handled when the stream is paused. Node may read one more chunk after that. */
const mostWaiting = 16 * 1024;

/** Bytes that Node asks a pipe for at once. It is given fewer only if the pipe is empty then. */
const wholeChunk = 64 * 1024;

/** Bytes that a pipe of a process without privileges can hold at most (`fs.pipe-max-size`). */
const largestPipe = 1024 * 1024;

/**
 * Reads a stream only as fast as its bytes are handled in the turns of the host's loop. Meanwhile the pipe is full, and the
 * processes that write to it wait.
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
  /** How many bytes had come to this process when it was last asked to catch up. */
  #known = 0;
  /** How many bytes had been written by then: `undefined` until that is found out. */
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

  /** The end of a process waits for what it has written. */
  get isUrgent(): boolean {
    return this.#awaiting.length > 0;
  }

  /**
   * Calls `done` once everything is handled that was written until now; at once if the stream has ended and is handled.
   *
   * To find out how much that is, the stream is read without a pause until the pipe is empty, or has given as much as a pipe
   * can hold: another process may go on writing.
   */
  catchUp(done: () => void): void {
    if (this.#isOver) return done();
    this.#awaiting.push(done);
    this.#known = this.#received + this.#stream.readableLength;
    this.#written = this.#hasEnded ? this.#received : undefined;
    if (this.#hasEnded) return;
    this.#stream.resume();
    this.#lookForSilence();
  }

  /** Drops what is not handled yet, and whatever comes. */
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
    else this.#rest();
    if (this.#handled >= (this.#written ?? Infinity)) this.#tellCaughtUp();
    return chunk !== undefined;
  }

  #receive(chunk: Buffer): void {
    if (this.#isOver) return;
    const isNew = this.#received >= this.#known;
    this.#received += chunk.length;
    this.#chunks.push(chunk);
    this.#schedule();
    const isEmpty = isNew && chunk.length < wholeChunk;
    if (isEmpty || this.#received - this.#known >= largestPipe) this.#written ??= this.#received;
    const mayWait = this.#written !== undefined;
    if (mayWait && this.#received - this.#handled >= mostWaiting) this.#stream.pause();
  }

  /** When it is read for a whole turn and nothing comes, the pipe is empty. */
  #lookForSilence(before?: number): void {
    setImmediate(() => {
      if (this.#written !== undefined) return;
      if (this.#received !== before) return this.#lookForSilence(this.#received);
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

  /** Everything that has come is handled. */
  #rest(): void {
    this.#isScheduled = false;
    if (!this.#hasEnded) this.#stream.resume();
    else {
      this.#consumer.end();
      this.#finish();
    }
  }

  #finish(): void {
    this.#isOver = true;
    this.#tellCaughtUp();
  }

  #tellCaughtUp(): void {
    for (const done of this.#awaiting.splice(0)) done();
  }
}

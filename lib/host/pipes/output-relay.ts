import { closeSync, constants, openSync, readSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { adoptDescriptor } from '../os/adopt-descriptor.ts';
import { closeAll } from '../os/close-streams.ts';
import type { SpawnDescriptors } from '../os/descriptor.ts';
import { canOpenAgain, openAgain } from '../os/descriptor.ts';
import type { HostSink } from './host-sink.ts';
import type { PipeEnds } from './pipe-ends.ts';
import type { Problem } from '../../model/problem.ts';
import { problem } from '../../model/problem.ts';

/** The dependencies of a relay. */
export interface RelaySource {
  /** The name of the stream in problems: `/dev/stdout`. */
  readonly name: string;
  readonly sink: HostSink;
  /** A function that makes its pipe, or the path of a FIFO that is being made for it. */
  readonly pipe: (() => PipeEnds) | Promise<string>;
  readonly onProblem: (problem: Problem) => void;
}

/** The largest size of a pipe in bytes, unless root has raised `pipe-max-size`. Bytes beyond it do not come from children that have ended. */
const pipeLimit = 1 << 20;
/** Bytes per read. */
const chunkSize = 1 << 16;
/** The shortest wait for a reader that reads nothing, in milliseconds. */
const shortestGrace = 1000;

/**
 * Copies the output of children to a stream of the host that the children cannot use directly.
 *
 * All children write into one kernel pipe, so that writes of up to PIPE_BUF bytes stay whole; each child has its own open file
 * description. A piece is read once the piece before it has been written: a slow reader of the host's stream slows the children down,
 * as it would without a relay, and neither blocks the host's loop nor fills its memory.
 *
 * If no pipe can be made, each child gets a socket.
 */
export class OutputRelay {
  /** Resolves when the pipe is open or cannot be made; `undefined`: either has happened. */
  made: Promise<void> | undefined;
  readonly #source: RelaySource;
  #writeEnd: number | undefined;
  /** The path of the pipe, where children need it. */
  #path: string | undefined;
  readonly #readers = new Set<Socket>();
  /** The pieces that are being written. */
  readonly #pieces = new Set<Promise<void>>();
  /** The number of bytes that were passed to the sink. */
  #passed = 0;
  #isBroken = false;
  #isClosed = false;
  #isDelayReported = false;

  constructor(source: RelaySource) {
    this.#source = source;
    const { pipe } = source;
    if (typeof pipe === 'function') return;
    this.made = pipe
      .then((path) => {
        this.#open(path);
      })
      .catch(() => undefined) // each child gets a socket then
      .finally(() => (this.made = undefined));
  }

  /**
   * Opens the pipe for one child; returns `socket` if there is no pipe.
   *
   * @throws the system's error when descriptors run out.
   */
  connect(lent: SpawnDescriptors): number | 'socket' {
    const { pipe } = this.#source;
    if (this.#writeEnd === undefined && typeof pipe === 'function') this.#take(pipe());
    const own =
      this.#writeEnd === undefined ? undefined : openAgain(this.#writeEnd, 'write', this.#path);
    return own === undefined ? 'socket' : lent.keep(own);
  }

  /** Reads a stream, until it ends. */
  read(stream: Socket): void {
    stream.on('error', () => undefined); // `close` follows
    if (this.#isOver) return void stream.destroy();
    this.#readers.add(stream);
    stream.once('close', () => this.#readers.delete(stream));
    stream.unref();
    stream.on('data', (bytes: Buffer) => {
      stream.pause();
      void this.#pass(bytes).then(() => {
        if (!this.#isOver) stream.resume();
      });
    });
  }

  /**
   * Writes the rest and closes everything, after every child has exited. Gives up when the reader of the host's stream has read
   * nothing for `grace` milliseconds, and reports the number of lost bytes.
   */
  async close(grace: number): Promise<void> {
    await this.made;
    this.#isClosed = true;
    this.#closeWriteEnd();
    for (const stream of this.#readers) stream.removeAllListeners('data').pause();
    if (!(await this.#unlessStalled(this.#writeRest(), grace))) {
      const left = this.#source.sink.unsent().length + sum(this.#unread());
      this.#report(`its reader takes nothing, and ${count(left)} could not be written`);
    }
    await closeAll(this.#readers);
  }

  /** Writes the rest synchronously, for a host that is about to exit. */
  flush(): void {
    if (this.#isOver) return;
    const { sink } = this.#source;
    for (const bytes of [sink.unsent(), ...this.#unread()]) {
      if (sink.writeNow(bytes) < bytes.length) return;
    }
  }

  get #isOver(): boolean {
    return this.#isBroken || this.#isClosed;
  }

  #take({ read, write }: PipeEnds): void {
    this.#writeEnd = write;
    this.read(adoptDescriptor(read, { readable: true, writable: false }));
  }

  #open(path: string): void {
    // Opened non-blocking, the read end does not wait for a writer; the write end then has a reader.
    const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      this.#take({ read, write: openSync(path, constants.O_WRONLY) });
    } catch (error) {
      closeSync(read);
      throw error;
    }
    if (canOpenAgain()) rmSync(path, { force: true });
    else this.#path = path;
  }

  #closeWriteEnd(): void {
    if (this.#writeEnd !== undefined) closeSync(this.#writeEnd);
    if (this.#path !== undefined) rmSync(this.#path, { force: true });
    this.#writeEnd = undefined;
    this.#path = undefined;
  }

  /** Writes a piece; resolves when it is written or lost. */
  async #pass(bytes: Buffer): Promise<void> {
    const written = this.#source.sink.write(bytes, ({ message }) => {
      if (!this.#isDelayReported) this.#report(`${message}; it is tried again`);
      this.#isDelayReported = true;
    });
    this.#passed += bytes.length;
    this.#pieces.add(written);
    try {
      await written;
    } catch (error) {
      this.#break(error as Error, bytes.length);
    } finally {
      this.#pieces.delete(written);
    }
  }

  /** Closes the relay after the stream failed. A child that writes then gets an error from the system, as it would from the stream. */
  #break(error: Error, lost: number): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    const left = lost + sum(this.#unread(1));
    for (const stream of this.#readers) stream.destroy();
    this.#report(`${error.message}; ${count(left)} could not be written`);
  }

  async #writeRest(): Promise<void> {
    const limit = pipeLimit * this.#readers.size;
    await Promise.allSettled(this.#pieces);
    for (let size = 0; size < limit;) {
      const [bytes] = this.#unread(1);
      if (bytes === undefined) return;
      size += bytes.length;
      await this.#pass(bytes);
    }
  }

  /** Yields the bytes that were written into the pipes and not passed on; reads each piece when it is requested. */
  *#unread(limit = pipeLimit): Generator<Buffer> {
    for (const stream of this.#readers) {
      for (let size = 0; size < limit;) {
        const bytes = takeNow(stream);
        if (bytes === undefined) break;
        size += bytes.length;
        yield bytes;
      }
    }
  }

  /** Resolves with true when the work is done, with false when the sink has accepted nothing for `grace` milliseconds. */
  #unlessStalled(work: Promise<void>, grace: number): Promise<boolean> {
    const taken = (): number => this.#passed - this.#source.sink.unsent().length;
    return new Promise((resolve) => {
      let before = taken();
      const timer = setInterval(
        () => {
          const now = taken();
          if (now === before) end(false);
          before = now;
        },
        Math.max(grace, shortestGrace),
      );
      const end = (isDone: boolean): void => {
        clearInterval(timer);
        resolve(isDone);
      };
      void work.then(() => end(true));
    });
  }

  #report(what: string): void {
    const message = `output for the host's stream: ${what}.`;
    const remedy = 'See what reads the stream of the host.';
    this.#source.onProblem(problem('output-failed', this.#source.name, message, { remedy }));
  }
}

/** The next bytes of a paused stream: first those in its buffer, then those in the pipe. */
function takeNow(stream: Socket): Buffer | undefined {
  const read = stream.read() as Buffer | null;
  if (read !== null) return read;
  const { _handle: handle } = stream as Socket & { readonly _handle?: { readonly fd: number } };
  const { fd = -1 } = handle ?? {};
  if (fd < 0) return undefined;
  const bytes = Buffer.allocUnsafe(chunkSize);
  try {
    const size = readSync(fd, bytes);
    return size === 0 ? undefined : bytes.subarray(0, size);
  } catch {
    return undefined; // the pipe is empty
  }
}

function sum(pieces: Iterable<Buffer>): number {
  let total = 0;
  for (const { length } of pieces) total += length;
  return total;
}

function count(bytes: number): string {
  return `${String(bytes)} bytes`;
}

import { closeSync, constants, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { adoptDescriptor } from '../os/adopt-descriptor.ts';
import { closeAll } from '../os/close-streams.ts';
import type { SpawnDescriptors } from '../os/descriptor.ts';
import type { Fifos } from './fifos.ts';
import type { PipeEnds } from './pipe-ends.ts';

/**
 * The kind of pipe for a child: a pipe that is made on demand; if none can be made, a FIFO with its path; and if there are no FIFOs
 * either, a socket that is made with the child.
 */
export type ReadPipeSource = 'pipe' | { readonly path: string } | 'socket';

/** An open pipe from a child. */
interface OpenReadPipe {
  readonly stream: Socket;
  /** The write end, for the child. */
  readonly descriptor: number;
}

/**
 * The pipes that the supervisor reads: the output of children and their readiness notifications.
 *
 * They are pipes or FIFOs, so that a child can open its `/dev/stdout`, which is impossible with a socket. A FIFO that was read to
 * its end is used again for the next child.
 */
export class ReadPipes {
  readonly #fifos: Fifos;
  readonly #make: (() => PipeEnds) | undefined;
  readonly #spare: string[] = [];
  readonly #streams = new Set<Socket>();

  /** @param make - Makes a pipe synchronously. Default: FIFOs are used. */
  constructor(fifos: Fifos, make?: () => PipeEnds) {
    this.#fifos = fifos;
    this.#make = make;
  }

  /** A source that is available now, if there is one. */
  takeSpare(): ReadPipeSource | undefined {
    if (this.#make !== undefined) return 'pipe';
    const path = this.#spare.pop();
    return path === undefined ? undefined : { path };
  }

  /** Makes a new source; a socket if that fails. */
  async make(): Promise<ReadPipeSource> {
    try {
      return { path: await this.#fifos.make() };
    } catch {
      return 'socket';
    }
  }

  /** Gives back a source that was not used. */
  giveBack(source: ReadPipeSource): void {
    if (typeof source === 'object') this.#spare.push(source.path);
  }

  /**
   * Opens a source: a stream for the supervisor, and the child's descriptor, which is added to `lent`. `undefined` for a socket, or
   * when the FIFO does not exist any more: a script may have cleared the folder.
   *
   * @throws the system's error when descriptors run out.
   */
  open(source: ReadPipeSource, lent: SpawnDescriptors): OpenReadPipe | undefined {
    if (source === 'socket') return undefined;
    if (source === 'pipe') return this.#openPipe(lent);
    return this.#openFifo(source.path, lent);
  }

  #openPipe(lent: SpawnDescriptors): OpenReadPipe | undefined {
    const ends = this.#make?.();
    if (ends === undefined) return undefined;
    return { stream: this.#read(ends.read), descriptor: lent.keep(ends.write) };
  }

  #openFifo(path: string, lent: SpawnDescriptors): OpenReadPipe | undefined {
    let fd: number | undefined;
    try {
      // Opened non-blocking, the read end does not wait for a writer; the write end then has a reader.
      fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const descriptor = lent.keep(openSync(path, constants.O_WRONLY));
      const stream = this.#read(fd);
      stream.once('end', () => {
        this.#spare.push(path);
      });
      return { stream, descriptor };
    } catch (error) {
      if (fd !== undefined) closeSync(fd);
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  #read(fd: number): Socket {
    return this.adopt(adoptDescriptor(fd, { readable: true, writable: false }));
  }

  /** Registers a stream: it is read even without a listener, and closed by `close` at the latest. */
  adopt(stream: Socket): Socket {
    this.#streams.add(stream);
    stream.once('close', () => this.#streams.delete(stream));
    stream.on('error', () => undefined); // `close` follows, and says enough
    stream.resume();
    return stream;
  }

  /** Closes every stream, even if a process still holds the other end. */
  close(): Promise<void> {
    return closeAll(this.#streams);
  }
}

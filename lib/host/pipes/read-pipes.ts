import { closeSync, constants, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { adoptDescriptor } from '../os/adopt-descriptor.ts';
import { closeAll } from '../os/close-streams.ts';
import type { SpawnDescriptors } from '../os/descriptor.ts';
import type { Fifos } from './fifos.ts';
import type { PipeEnds } from './pipe-ends.ts';

/**
 * What an inlet is made from: a pipe that is made when it is needed; where there is no way to make one, a FIFO by its path;
 * and where there are no FIFOs either, a socket that is made with the child.
 */
export type ReadPipeSource = 'pipe' | { readonly path: string } | 'socket';

/** An inlet that is open. */
interface Inlet {
  readonly stream: Socket;
  /** For the child. */
  readonly descriptor: number;
}

/**
 * The pipes through which children speak to us: lines of output, readiness.
 *
 * They are pipes or FIFOs, so that a child may open its `/dev/stdout`, which it cannot if that is a socket. A FIFO that has
 * come to its end serves the next child.
 */
export class ReadPipes {
  readonly #fifos: Fifos;
  readonly #make: (() => PipeEnds) | undefined;
  readonly #spare: string[] = [];
  readonly #streams = new Set<Socket>();

  /** @param make - Makes a pipe at once. Default: they are made of FIFOs. */
  constructor(fifos: Fifos, make?: () => PipeEnds) {
    this.#fifos = fifos;
    this.#make = make;
  }

  /** A source at hand, if there is one. */
  takeSpare(): ReadPipeSource | undefined {
    if (this.#make !== undefined) return 'pipe';
    const path = this.#spare.pop();
    return path === undefined ? undefined : { path };
  }

  /** A source that is made now; a socket when that fails. */
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
   * Opens a source: a stream for us, and among `lent` the descriptor for the child. `undefined` when it is to be a socket, or
   * when the FIFO is gone: a script may have cleared the folder.
   *
   * @throws the system's error when descriptors run out.
   */
  open(source: ReadPipeSource, lent: SpawnDescriptors): Inlet | undefined {
    if (source === 'socket') return undefined;
    if (source === 'pipe') return this.#openPipe(lent);
    return this.#openFifo(source.path, lent);
  }

  #openPipe(lent: SpawnDescriptors): Inlet | undefined {
    const ends = this.#make?.();
    if (ends === undefined) return undefined;
    return { stream: this.#read(ends.read), descriptor: lent.keep(ends.write) };
  }

  #openFifo(path: string, lent: SpawnDescriptors): Inlet | undefined {
    let fd: number | undefined;
    try {
      // Reading, opened so, waits for no writer; writing then finds its reader.
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

  /** Takes care of a stream: it is read, whoever listens, and closed at the end at the latest. */
  adopt(stream: Socket): Socket {
    this.#streams.add(stream);
    stream.once('close', () => this.#streams.delete(stream));
    stream.on('error', () => undefined); // it ends with it, and that is all there is to know
    stream.resume();
    return stream;
  }

  /** Closes every stream, whoever may still hold the other end. */
  close(): Promise<void> {
    return closeAll(this.#streams);
  }
}

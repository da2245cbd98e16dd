import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Lent } from './descriptor.ts';
import type { Fifos } from './fifos.ts';

/** What an inlet is made from: a FIFO by its path, or the socket that Node makes where there are no FIFOs. */
export type InletSource = { readonly path: string } | 'socket';

/**
 * The pipes through which children speak to us: lines of output, readiness.
 *
 * They are FIFOs, so that a child may open its `/dev/stdout`, which it cannot if that is a socket. One that has come to its
 * end serves the next child.
 */
export class Inlets {
  readonly #fifos: Fifos;
  readonly #spare: string[] = [];
  readonly #streams = new Set<Socket>();

  constructor(fifos: Fifos) {
    this.#fifos = fifos;
  }

  /** A source at hand, if there is one. */
  takeSpare(): InletSource | undefined {
    const path = this.#spare.pop();
    return path === undefined ? undefined : { path };
  }

  /** A source that is made now; a socket when that fails. */
  async make(): Promise<InletSource> {
    try {
      return { path: await this.#fifos.make() };
    } catch {
      return 'socket';
    }
  }

  /** Gives back a source that was not used. */
  giveBack(source: InletSource): void {
    if (source !== 'socket') this.#spare.push(source.path);
  }

  /**
   * Opens a FIFO: a stream for us, and among `lent` the descriptor for the child. `undefined` when it is gone: a script may
   * have cleared the folder.
   *
   * @throws the system's error when descriptors run out.
   */
  open(
    path: string,
    lent: Lent,
  ): { readonly stream: Socket; readonly descriptor: number } | undefined {
    let fd: number | undefined;
    try {
      // Reading, opened so, waits for no writer; writing then finds its reader.
      fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const descriptor = lent.keep(openSync(path, constants.O_WRONLY));
      const stream = this.adopt(new Socket({ fd, readable: true, writable: false }));
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

  /** Takes care of a stream: it is read, whoever listens, and closed at the end at the latest. */
  adopt(stream: Socket): Socket {
    this.#streams.add(stream);
    stream.once('close', () => this.#streams.delete(stream));
    stream.on('error', () => undefined); // it ends with it, and that is all there is to know
    stream.resume();
    return stream;
  }

  /** Closes every stream, whoever may still hold the other end. */
  async close(): Promise<void> {
    const closed = [...this.#streams].map(
      (stream) =>
        new Promise<void>((resolve) => {
          stream.once('close', () => resolve());
          stream.destroy();
        }),
    );
    await Promise.all(closed);
  }
}

import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { OnReadOpts, SocketConstructorOpts } from 'node:net';
import { thisThread } from '../../system/thread.ts';

/** The options of a socket, without its descriptor. */
interface AdoptOptions extends Omit<SocketConstructorOpts, 'fd' | 'handle'> {
  /** One buffer for all reads. */
  readonly onread?: OnReadOpts;
}

/**
 * A socket over a descriptor that `fs` has opened; the descriptor is closed with the socket.
 *
 * Node keeps a list of the descriptors that `fs` opens in a Worker thread, and closes them when the thread ends. A socket
 * that closes such a descriptor leaves it on that list, and another thread may have the number by then. So in a Worker `fs`
 * closes it, just before the socket does.
 */
export function adoptDescriptor(fd: number, options: AdoptOptions, thread = thisThread): Socket {
  return thread === 'worker' ? new WorkerSocket(fd, options) : new Socket({ ...options, fd });
}

class WorkerSocket extends Socket {
  readonly #fd: number;

  constructor(fd: number, options: AdoptOptions) {
    super({ ...options, fd });
    this.#fd = fd;
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    closeSync(this.#fd);
    // oxlint-disable-next-line no-underscore-dangle -- the name that Node calls in a stream
    super._destroy(error, callback);
  }
}

import type { Socket } from 'node:net';
import { adoptDescriptor } from '../os/adopt-descriptor.ts';

/** Bytes per read: the size of a pipe (Linux). */
export const readSize = 64 * 1024;

/**
 * Reads a FIFO by its descriptor, which is closed with the socket. Each read waits until `take` of the previous one has settled and
 * the turn of the loop is over; writers wait when the pipe is full. So a flood of bytes takes a bounded part of each turn.
 *
 * @param take - Called with the bytes of one read, which are valid until it settles. `isFull`: the read filled its buffer.
 */
export function readFifo(
  fd: number,
  take: (bytes: Buffer, isFull: boolean) => Promise<void> | void,
): Socket {
  const buffer = Buffer.allocUnsafeSlow(readSize);
  const goOn = async (length: number): Promise<void> => {
    await take(buffer.subarray(0, length), length === buffer.length);
    // Not unreferenced: the loop would not run it before its next event.
    setImmediate(() => {
      if (!socket.destroyed) socket.resume();
    });
  };
  const callback = (length: number): boolean => {
    void goOn(length);
    return false;
  };
  const onread = { buffer, callback };
  const socket = adoptDescriptor(fd, { readable: true, writable: false, onread });
  return socket;
}

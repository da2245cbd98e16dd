import type { Socket } from 'node:net';
import { adoptDescriptor } from '../os/adopt-descriptor.ts';

/** The bytes that are read at once: as many as a pipe holds (Linux). */
export const readSize = 64 * 1024;

/**
 * Reads a FIFO by its descriptor, which is closed with the socket. Each read waits until what came of the one before it is settled
 * and a turn of the loop is over; meanwhile writers wait, as soon as the pipe is full. So a flood takes a bounded part of each turn.
 *
 * @param take - Takes the bytes of one read, which are valid until it is settled. `isFull`: there may be more at once.
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

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** The code of the error for what can be opened but is neither a regular file nor a folder: a FIFO or a device. */
export const notAFile = 'EFTYPE';

/** The code of the error for a file that is longer than its limit. */
export const tooLong = 'EFBIG';

/**
 * Reads the first bytes of a regular file, as many as `into` holds, and returns that part of it.
 *
 * This library reads every file in this way, since a script may replace a file by anything: the call never waits for a writer or
 * for data, and does not rely on the size (that of `/proc/kmsg` is 0, that of a sparse file can be any number).
 *
 * @throws the system's error; EAGAIN for a file that has no data yet; EISDIR for a folder; `notAFile`.
 */
export function readBeginning(path: string, into: Buffer): Buffer {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    requireFile(file, path);
    return into.subarray(0, fill(file, into));
  } finally {
    closeSync(file);
  }
}

/**
 * Reads a regular file that has at most `limit` bytes; otherwise as `readBeginning()`.
 *
 * @throws the system's error; EAGAIN for a file that has no data yet; `notAFile`; `tooLong`.
 */
export function readWhole(path: string, limit: number): Buffer {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    requireFile(file, path);
    const pieces: Buffer[] = [];
    let length = 0;
    for (;;) {
      const count = fill(file, piece);
      length += count;
      if (length > limit) {
        throw failure(tooLong, `${path} is longer than ${String(limit)} bytes`);
      }
      pieces.push(Buffer.from(piece.subarray(0, count)));
      if (count < piece.length) return Buffer.concat(pieces, length);
    }
  } finally {
    closeSync(file);
  }
}

/** The text of a regular file that has at most `limit` bytes; `undefined` when it cannot be read. */
export function readText(path: string, limit: number): string | undefined {
  try {
    return readWhole(path, limit).toString();
  } catch {
    return undefined;
  }
}

/** Used for every read: new memory is expensive in a process that has just forked. */
const piece = Buffer.allocUnsafeSlow(64 * 1024);

/** Reads until the buffer is full or the file ends; returns the number of bytes. */
function fill(file: number, into: Buffer): number {
  let length = 0;
  while (length < into.length) {
    const more = readSync(file, into, length, into.length - length, null);
    if (more === 0) break;
    length += more;
  }
  return length;
}

function requireFile(file: number, path: string): void {
  const stats = fstatSync(file);
  if (stats.isFile()) return;
  throw failure(stats.isDirectory() ? 'EISDIR' : notAFile, `${path} is not a file`);
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

import { closeSync, fchmodSync } from 'node:fs';
import { openedCLibrary } from '../native/c-library.ts';
import type { PosixSpawn } from '../native/posix-spawn.ts';
import { openPosixSpawn } from '../native/posix-spawn.ts';

/** The descriptors of the two ends of an open pipe. */
export interface PipeEnds {
  readonly read: number;
  readonly write: number;
}

/** Returns a function that makes a pipe synchronously; `undefined` if there is no such function. */
export type PipeMaker = () => (() => PipeEnds) | undefined;

/** Makes pipes with the C library if that is open already: they are faster than FIFOs, for which the file system records each use. */
export const pipesAtHand: PipeMaker = () => {
  const opened = openedCLibrary() === undefined ? undefined : openPosixSpawn();
  if (opened === undefined || !('posix' in opened)) return undefined;
  return () => makePipe(opened.posix);
};

/** Every account may open a pipe that it can reach: a child under another account may open its own `/dev/stdout`. */
const openToAll = 0o666;

/**
 * Makes a pipe that has no name, and never had one.
 *
 * @throws the system's error when descriptors run out.
 */
export function makePipe(posix: Pick<PosixSpawn, 'pipe'>): PipeEnds {
  const [read, write] = posix.pipe();
  try {
    fchmodSync(read, openToAll); // applies to both ends
    return { read, write };
  } catch (error) {
    closeSync(read);
    closeSync(write);
    throw error;
  }
}

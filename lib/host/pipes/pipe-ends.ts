import { closeSync, fchmodSync } from 'node:fs';
import { openedCLibrary } from '../native/c-library.ts';
import type { PosixSpawn } from '../native/posix-spawn.ts';
import { openPosixSpawn } from '../native/posix-spawn.ts';

/** The two ends of a pipe that is open. */
export interface PipeEnds {
  readonly read: number;
  readonly write: number;
}

/** What makes a pipe, now; `undefined` where there is no such thing. */
export type PipeMaker = () => (() => PipeEnds) | undefined;

/** Where the C library is open already, it makes pipes: they take more than FIFOs do, whose every use the file system notes. */
export const pipesAtHand: PipeMaker = () => {
  const opened = openedCLibrary() === undefined ? undefined : openPosixSpawn();
  if (opened === undefined || !('posix' in opened)) return undefined;
  return () => makePipe(opened.posix);
};

/** Anybody may open it who gets at it: a child under another account may want to open its own `/dev/stdout`. */
const forAll = 0o666;

/**
 * Makes a pipe that has no name, and never had one.
 *
 * @throws the system's error when descriptors run out.
 */
export function makePipe(posix: Pick<PosixSpawn, 'pipe'>): PipeEnds {
  const [read, write] = posix.pipe();
  try {
    fchmodSync(read, forAll); // of the pipe, whichever end
    return { read, write };
  } catch (error) {
    closeSync(read);
    closeSync(write);
    throw error;
  }
}

import { closeSync, constants, fstatSync, openSync } from 'node:fs';

/** The two ends of a pipe. */
export type End = 'read' | 'write';

/** Descriptors that are open only for as long as a spawn takes; `closeAll` closes them, whatever has come of it. */
export class Lent {
  readonly #open: number[] = [];

  /** Takes care of a descriptor, and returns it. */
  keep(descriptor: number): number {
    this.#open.push(descriptor);
    return descriptor;
  }

  closeAll(): void {
    for (const descriptor of this.#open.splice(0)) closeSync(descriptor);
  }
}

/**
 * Opens one end of the pipe behind a descriptor once more, for one child alone: blocking, and with an open file description
 * of its own. A Node program makes its standard streams non-blocking, and whoever shares its description then fails of
 * EAGAIN.
 *
 * @returns `undefined` where that cannot be: without `/proc`, or when the pipe is another user's. Share it then.
 * @throws the system's error when descriptors or memory run out.
 */
export function openAgain(descriptor: number, end: End): number | undefined {
  const path = `/proc/self/fd/${String(descriptor)}`;
  let both: number | undefined;
  try {
    // Opening one end waits until the other is open. Opening both waits for nobody.
    both = openSync(path, constants.O_RDWR);
    return openSync(path, end === 'read' ? constants.O_RDONLY : constants.O_WRONLY);
  } catch (error) {
    if (isShortage(error)) throw error;
    return undefined;
  } finally {
    if (both !== undefined) closeSync(both);
  }
}

/** Whether a descriptor is a pipe; not so if it is closed. */
export function isPipe(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFIFO();
  } catch {
    return false;
  }
}

function isShortage(error: unknown): boolean {
  return ['EMFILE', 'ENFILE', 'ENOMEM'].includes((error as NodeJS.ErrnoException).code ?? '');
}

import { closeSync, constants, existsSync, openSync } from 'node:fs';

/** The two ends of a pipe. */
export type End = 'read' | 'write';

/**
 * What each descriptor of a process is to be: one of ours, the host's own of the same number, nothing (`/dev/null` up to 2,
 * closed above), or the end of a socket that is made with the process.
 */
export type Descriptors = readonly (number | 'inherit' | 'ignore' | 'socket')[];

/** Descriptors that are open only for as long as a spawn takes; `closeAll` closes them, whatever has come of it. */
export class SpawnDescriptors {
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

/** Where an open file of this process can be opened once more. */
export function pathOf(descriptor: number): string {
  return `/proc/self/fd/${String(descriptor)}`;
}

/** Whether open files can be opened once more: `/proc` is mounted. */
export function canOpenAgain(): boolean {
  return existsSync('/proc/self/fd');
}

/**
 * Opens one end of the pipe behind a descriptor once more, for one child alone: blocking, and with an open file description
 * of its own. A Node program makes its standard streams non-blocking, and a program that shares its description then fails with
 * EAGAIN.
 *
 * @param name - The path of the pipe, if it has one: the way to it without `/proc`.
 * @returns `undefined` where that cannot be: without `/proc` and a name, or when the pipe belongs to another account.
 * @throws the system's error when descriptors or memory run out.
 */
export function openAgain(descriptor: number, end: End, name?: string): number | undefined {
  const again = openPipe(pathOf(descriptor), end);
  return again === undefined && name !== undefined ? openPipe(name, end) : again;
}

function openPipe(path: string, end: End): number | undefined {
  let both: number | undefined;
  try {
    // Opening one end waits until the other is open. Opening both waits for neither.
    both = openSync(path, constants.O_RDWR);
    return openSync(path, end === 'read' ? constants.O_RDONLY : constants.O_WRONLY);
  } catch (error) {
    if (isShortage(error)) throw error;
    return undefined;
  } finally {
    if (both !== undefined) closeSync(both);
  }
}

/**
 * The same for a terminal, which a program may read from whichever descriptor it is. Waits for no carrier, and does not make it the
 * controlling terminal.
 *
 * @throws the system's error when descriptors or memory run out.
 */
export function openTerminalAgain(descriptor: number): number | undefined {
  try {
    return openSync(
      pathOf(descriptor),
      constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK,
    );
  } catch (error) {
    if (isShortage(error)) throw error;
    return undefined;
  }
}

function isShortage(error: unknown): boolean {
  return ['EMFILE', 'ENFILE', 'ENOMEM'].includes((error as NodeJS.ErrnoException).code ?? '');
}

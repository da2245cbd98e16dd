import { closeSync, constants, existsSync, openSync } from 'node:fs';

/** The two ends of a pipe. */
export type End = 'read' | 'write';

/**
 * What each descriptor of a process is: a descriptor of the host, the host's descriptor with the same number, nothing
 * (`/dev/null` up to 2, closed above), or the end of a socket that is made with the process.
 */
export type Descriptors = readonly (number | 'inherit' | 'ignore' | 'socket')[];

/** Descriptors that are open only during a spawn; `closeAll` closes them, whether the spawn succeeds or not. */
export class SpawnDescriptors {
  readonly #open: number[] = [];

  /** Adds a descriptor, and returns it. */
  keep(descriptor: number): number {
    this.#open.push(descriptor);
    return descriptor;
  }

  closeAll(): void {
    for (const descriptor of this.#open.splice(0)) closeSync(descriptor);
  }
}

/** The path by which an open file of this process can be opened again. */
export function pathOf(descriptor: number): string {
  return `/proc/self/fd/${String(descriptor)}`;
}

/** Whether open files can be opened again: `/proc` is mounted. */
export function canOpenAgain(): boolean {
  return existsSync('/proc/self/fd');
}

/**
 * Opens one end of the pipe behind a descriptor again, for one child: blocking, and with an open file description of its
 * own. A Node program makes its standard streams non-blocking, and a program that shares the description then fails with
 * EAGAIN.
 *
 * @param name - The path of the pipe, if it has one: it is used without `/proc`.
 * @returns `undefined` where that is not possible: without `/proc` and a name, or when the pipe belongs to another account.
 * @throws the system's error when descriptors or memory run out.
 */
export function openAgain(descriptor: number, end: End, name?: string): number | undefined {
  const reopened = openPipe(pathOf(descriptor), end);
  return reopened === undefined && name !== undefined ? openPipe(name, end) : reopened;
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
 * As `openAgain` for a terminal, for reading and writing, since a program may read a terminal from any of its descriptors.
 * Does not wait for a carrier, and does not make it the controlling terminal.
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

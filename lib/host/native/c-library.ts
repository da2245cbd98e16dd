import { createRequire } from 'node:module';
import { constants } from 'node:os';
import type * as Koffi from 'koffi';

/** The C library that Node runs with, glibc or musl. A call costs a microsecond or a few. */
export interface CLibrary {
  /**
   * A function by its prototype. Of what its type says is only believed, nothing is looked at.
   *
   * @throws when the library has none of this name.
   */
  func(prototype: string): unknown;
  /** What the last call to fail failed of, as the system's error. */
  lastError(call: string): NodeJS.ErrnoException;
  addressOf(bytes: Buffer): bigint;
  /** Whether a pointer has 8 bytes, not 4. */
  readonly wide: boolean;
}

/** Why something of the system cannot be had here, and what to do for it to be. */
export interface Refusal {
  readonly why: string;
  /** A sentence without its full stop. */
  readonly remedy: string;
}

let access: { readonly library: CLibrary } | Refusal | undefined;

/**
 * Opens the C library, or says why it cannot be. It needs Linux and the optional package `koffi`, which is loaded by the
 * first call and takes some 10 milliseconds. Never throws.
 */
export function openCLibrary(): typeof access & object {
  access ??= open();
  return access;
}

/** The C library, if somebody has opened it before. */
export function openedCLibrary(): CLibrary | undefined {
  return access !== undefined && 'library' in access ? access.library : undefined;
}

function open(): typeof access & object {
  if (process.platform !== 'linux') {
    return { why: `${process.platform} is not Linux`, remedy: 'Do it on Linux' };
  }
  try {
    const require = createRequire(import.meta.url);
    const koffi = require('koffi') as typeof Koffi;
    const library = koffi.load(null); // Node itself, and with it what it is linked with
    const func = (prototype: string): unknown => library.func(prototype);
    return {
      library: {
        func,
        lastError: (call) => systemError(koffi.errno(), call),
        addressOf: (bytes) => koffi.address(bytes),
        wide: koffi.sizeof('void *') === 8,
      },
    };
  } catch (error) {
    const remedy = "Install the optional package 'koffi' (npm install koffi)";
    return { why: firstLine(error), remedy };
  }
}

/** What an error says in its first line. */
export function firstLine(error: unknown): string {
  const [first = ''] = (error as Error).message.split('\n');
  return first;
}

/** An error by its number, as Node makes them. */
export function systemError(errno: number, call: string): NodeJS.ErrnoException {
  const known = Object.entries(constants.errno).find(([, number]) => number === errno);
  const code = known?.[0] ?? `errno ${String(errno)}`;
  return Object.assign(new Error(`${call} ${code}`), { code, errno: -errno, syscall: call });
}

import { createRequire } from 'node:module';
import { constants } from 'node:os';
import type * as Koffi from 'koffi';

/** The C library that Node is linked with, glibc or musl. A call costs a few microseconds. */
export interface CLibrary {
  /**
   * A function by its prototype. The types in it are trusted: arguments are not checked.
   *
   * @throws when the library has no function of this name.
   */
  func(prototype: string): unknown;
  /** The system's error of the last call that failed. */
  lastError(call: string): NodeJS.ErrnoException;
  addressOf(bytes: Buffer): bigint;
  /** Whether a pointer has 8 bytes, not 4. */
  readonly wide: boolean;
}

/** Why a function of the system is not available, and the remedy. */
export interface Refusal {
  readonly why: string;
  /** A sentence without its full stop. */
  readonly remedy: string;
}

let access: { readonly library: CLibrary } | Refusal | undefined;

/**
 * Opens the C library, or returns why it cannot be opened. It needs Linux and the optional package `koffi`, which the first
 * call loads in some 10 milliseconds. Never throws.
 */
export function openCLibrary(): typeof access & object {
  access ??= open();
  return access;
}

/** The C library, if `openCLibrary()` has opened it before. */
export function openedCLibrary(): CLibrary | undefined {
  return access !== undefined && 'library' in access ? access.library : undefined;
}

/** The module that loads `koffi`. A bundle in the CommonJS format has no `import.meta.url`: there it is the main script. */
function ownModule(): string {
  const url = import.meta.url as string | undefined;
  return url ?? process.argv[1] ?? process.execPath;
}

function open(): typeof access & object {
  if (process.platform !== 'linux') {
    return { why: `${process.platform} is not Linux`, remedy: 'Do it on Linux' };
  }
  try {
    const require = createRequire(ownModule());
    const koffi = require('koffi') as typeof Koffi;
    const library = koffi.load(null); // Node itself, and the libraries that it is linked with
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

/** The first line of an error's message. */
export function firstLine(error: unknown): string {
  const [first = ''] = (error as Error).message.split('\n');
  return first;
}

/** The error of an errno, with the fields that Node gives to such errors. */
export function systemError(errno: number, call: string): NodeJS.ErrnoException {
  const known = Object.entries(constants.errno).find(([, number]) => number === errno);
  const code = known?.[0] ?? `errno ${String(errno)}`;
  return Object.assign(new Error(`${call} ${code}`), { code, errno: -errno, syscall: call });
}

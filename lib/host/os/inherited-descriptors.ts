import { closeSync, openSync, readSync, readdirSync } from 'node:fs';
import type { CLibrary } from '../native/c-library.ts';
import { openCLibrary } from '../native/c-library.ts';

/** The highest standard stream. */
const lastStandard = 2;

/** The most descriptors that are looked at, so that a host with many is not held up. Those that it inherited have low numbers. */
const mostRead = 500;

/** The highest descriptor that `/dev/null` can replace, since a spawn lists all below it; and the highest without a list. */
const highest = 1023;

/** All that may be inherited. */
const all = Array.from({ length: highest - lastStandard }, (_, index) => lastStandard + 1 + index);

// As in <asm-generic/fcntl.h>, and of O_CLOEXEC in the octal flags of `/proc`.
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const closeOnExec = 0o2000000;

/**
 * The descriptors that the host itself inherited and that its children would inherit, too. Node keeps those up to 15 and those that
 * follow without a gap from children, and leaves the others.
 *
 * They are made close-on-exec once, which needs koffi; it is loaded only if there are any. Without it, each child gets `/dev/null` in
 * their place, so that it holds none of them.
 */
export class InheritedDescriptors {
  readonly #open: () => ReturnType<typeof openCLibrary>;
  #remaining: readonly number[] | undefined;

  constructor(open: () => ReturnType<typeof openCLibrary> = openCLibrary) {
    this.#open = open;
  }

  /** Makes them close-on-exec, at the first call. Returns those that children still inherit. */
  close(): readonly number[] {
    this.#remaining ??= this.#close();
    return this.#remaining;
  }

  /**
   * Calls `spawn` with the stdio of a child and whatever else keeps it from inheriting them.
   *
   * @throws what `spawn` throws, and the system's error when descriptors run out.
   */
  without<E, C>(stdio: readonly E[], spawn: (stdio: (E | 'ignore' | number)[]) => C): C {
    const isGiven = (descriptor: number): boolean =>
      descriptor < stdio.length && stdio[descriptor] !== 'ignore';
    const covered = this.close().filter((descriptor) => !isGiven(descriptor));
    if (covered.length === 0) return spawn([...stdio]);
    const nothing = openSync('/dev/null', 'r+');
    try {
      const length = Math.max(stdio.length, ...covered.map((descriptor) => descriptor + 1));
      const entryOf = (descriptor: number): E | 'ignore' | number =>
        covered.includes(descriptor) ? nothing : (stdio[descriptor] ?? 'ignore');
      const entries = Array.from({ length }, (_, descriptor) => entryOf(descriptor));
      return spawn(entries);
    } finally {
      closeSync(nothing);
    }
  }

  #close(): readonly number[] {
    const open = list();
    const inherited = open === undefined ? all : open.filter(isInheritable);
    if (inherited.length === 0) return [];
    const opened = this.#open();
    const fcntl = 'library' in opened ? fcntlOf(opened.library) : undefined;
    const remaining = inherited.filter(
      (descriptor) => fcntl?.(descriptor, F_SETFD, 'int', FD_CLOEXEC) !== 0,
    );
    // Without a list it is not known which of them are open.
    return open === undefined ? [] : remaining.filter((descriptor) => descriptor <= highest);
  }
}

/** Those of this process. */
export const inheritedDescriptors = new InheritedDescriptors();

type Fcntl = (descriptor: number, command: number, type: 'int', value: number) => number;

function fcntlOf(library: CLibrary): Fcntl | undefined {
  try {
    return library.func('int fcntl(int descriptor, int command, ...)') as Fcntl;
  } catch {
    return undefined;
  }
}

/** The lowest of the open descriptors above the standard streams; `undefined` without `/proc`. */
function list(): readonly number[] | undefined {
  try {
    const open = readdirSync('/proc/self/fd').map(Number);
    const above = open.filter((descriptor) => descriptor > lastStandard);
    return above.toSorted((a, b) => a - b).slice(0, mostRead);
  } catch {
    return undefined;
  }
}

function isInheritable(descriptor: number): boolean {
  const text = informationOn(descriptor);
  const [, flags] = /^flags:\s*([0-7]+)$/m.exec(text) ?? [];
  return flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) === 0;
}

/** The first lines, with a buffer for all: `readFileSync` takes three times as long. */
function informationOn(descriptor: number): string {
  try {
    const information = openSync(`/proc/self/fdinfo/${String(descriptor)}`, 'r');
    try {
      return buffer.toString('latin1', 0, readSync(information, buffer, 0, buffer.length, 0));
    } finally {
      closeSync(information);
    }
  } catch {
    return ''; // the descriptor of the listing is closed by now
  }
}

const buffer = Buffer.alloc(64);

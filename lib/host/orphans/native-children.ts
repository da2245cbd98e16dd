import { onChildSignal } from '../os/child-signal.ts';
import type { Waiting } from '../native/native.ts';
import { loadNative } from '../native/native.ts';
import type { Exit } from '../../model/exit.ts';
import { parseSignal } from '../../model/exit.ts';

/** What is called when a child has ended. */
type Told = (exit: Exit) => void;

/** Milliseconds that a timer can be set for at most. */
const longest = 2 ** 31 - 1;

/**
 * The children that live and that not Node has started, but we: we wait for them, each by its pid, and never for anybody
 * else's. As with Node's own, the process does not end by itself while there are any.
 *
 * While there are none, nothing of this is in place.
 */
export class NativeChildren {
  readonly #native: () => Pick<Waiting, 'firstZombie' | 'statusOf'> | undefined;
  readonly #told = new Map<number, Told>();
  #staying: NodeJS.Timeout | undefined;
  #deafen: (() => void) | undefined;

  constructor(native: () => Pick<Waiting, 'firstZombie' | 'statusOf'> | undefined) {
    this.#native = native;
  }

  /**
   * Starts a child by a function that returns its pid. Its end is told by itself, never before this has returned.
   *
   * @throws what `start` throws.
   */
  start(start: () => number, told: Told): number {
    // Before the start: a child may be dead before we know its pid.
    this.#stay();
    try {
      const pid = start();
      this.#told.set(pid, told);
      return pid;
    } finally {
      this.#restIfAlone();
    }
  }

  /** Whether it is one of these. */
  has(pid: number): boolean {
    return this.#told.has(pid);
  }

  /** If it is one of these and dead: takes its status and tells its end. Whether that was so. */
  collect(pid: number): boolean {
    const told = this.#told.get(pid);
    const status = told === undefined ? undefined : this.#native()?.statusOf(pid);
    if (told === undefined || status === undefined) return false;
    this.#told.delete(pid); // first of all: from now on its number may be anybody's
    this.#restIfAlone();
    told(exitOf(status));
    return true;
  }

  /**
   * One signal may stand for many deaths. The kernel shows the first of the dead, at next to no cost; if that one is not ours,
   * all of ours are looked at.
   */
  readonly #look = (): void => {
    try {
      for (;;) {
        const first = this.#native()?.firstZombie();
        if (first === undefined) return;
        if (!this.collect(first)) break;
      }
      for (const pid of this.#told.keys()) this.collect(pid);
    } catch (error) {
      setImmediate(this.#look); // at the others, which have nothing to do with a listener that throws
      throw error;
    }
  };

  #stay(): void {
    if (this.#staying !== undefined) return;
    this.#staying = setInterval(this.#look, longest);
    this.#deafen = onChildSignal(this.#look);
  }

  #restIfAlone(): void {
    if (this.#told.size > 0) return;
    clearInterval(this.#staying);
    this.#staying = undefined;
    this.#deafen?.();
  }
}

/** Those of this process. There is one such list: whoever reaps must know of all of them, whichever spawner is theirs. */
export const nativeChildren = new NativeChildren(loadNative);

/** The first number that is no plain signal but one of the real-time signals, which Node has no names for. */
const firstRealTime = 32;

/**
 * How a child ended, by its status as the system has it. The end by a real-time signal becomes the exit code 128 + n, as in
 * a shell: there is no name for it.
 */
export function exitOf(status: number): Exit {
  const signal = status & 0x7f;
  if (signal === 0) return { code: (status >> 8) & 0xff, signal: null };
  const name = signal < firstRealTime ? parseSignal(String(signal)) : undefined;
  return name === undefined ? { code: 128 + signal, signal: null } : { code: null, signal: name };
}

import { onChildSignal } from '../os/child-signal.ts';
import type { Waiting } from '../native/native.ts';
import { loadNative } from '../native/native.ts';
import type { Exit } from '../../model/exit.ts';
import { parseSignal } from '../../model/exit.ts';

/** Called when a child has ended. */
type OnExit = (exit: Exit) => void;

/** The longest delay of a timer, in milliseconds. */
const longest = 2 ** 31 - 1;

/** How many exits are reported before the event loop gets a turn: each is a step of a supervisor. */
const atOnce = 16;

/**
 * The living children that this library, not Node, has started. It waits for each by its pid, and never for any other child.
 * As with children of Node, the process does not exit by itself while there are any.
 *
 * While there are none, no listener and no timer is installed.
 */
export class NativeChildren {
  readonly #native: () => Pick<Waiting, 'firstZombie' | 'statusOf'> | undefined;
  readonly #listeners = new Map<number, OnExit>();
  #keepAlive: NodeJS.Timeout | undefined;
  #nextTurn: NodeJS.Immediate | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(native: () => Pick<Waiting, 'firstZombie' | 'statusOf'> | undefined) {
    this.#native = native;
  }

  /**
   * Starts a child by a function that returns its pid. `onExit` is called when the child ends, never before this method has
   * returned.
   *
   * @throws what `start` throws.
   */
  start(start: () => number, onExit: OnExit): number {
    // Before the start: a child may be dead before its pid is known.
    this.#install();
    try {
      const pid = start();
      this.#listeners.set(pid, onExit);
      return pid;
    } finally {
      this.#uninstallIfEmpty();
    }
  }

  /** Whether a living child of this list has this pid. */
  has(pid: number): boolean {
    return this.#listeners.has(pid);
  }

  /** If the pid is a dead child of this list: takes its status, reports its exit and returns true. */
  collect(pid: number): boolean {
    const onExit = this.#listeners.get(pid);
    const status = onExit === undefined ? undefined : this.#native()?.statusOf(pid);
    if (onExit === undefined || status === undefined) return false;
    this.#listeners.delete(pid); // first: from now on another process may get this pid
    this.#uninstallIfEmpty();
    onExit(exitOf(status));
    return true;
  }

  /**
   * One signal may stand for several deaths. The kernel shows the first dead child, at almost no cost; if that is not one of
   * this list, all of the list are checked. When very many have died, the rest is reported in the next turns.
   */
  readonly #check = (): void => {
    let reported = 0;
    try {
      for (; reported < atOnce; reported += 1) {
        const first = this.#native()?.firstZombie();
        if (first === undefined) return;
        if (!this.collect(first)) break;
      }
      for (const pid of this.#listeners.keys()) {
        if (reported === atOnce) break;
        if (this.collect(pid)) reported += 1;
      }
      if (reported === atOnce) this.#checkNextTurn();
    } catch (error) {
      this.#checkNextTurn(); // check the others, even if a listener throws
      throw error;
    }
  };

  #checkNextTurn(): void {
    if (this.#nextTurn !== undefined) return;
    this.#nextTurn = setImmediate(() => {
      this.#nextTurn = undefined;
      this.#check();
    });
  }

  #install(): void {
    if (this.#keepAlive !== undefined) return;
    this.#keepAlive = setInterval(this.#check, longest);
    this.#unsubscribe = onChildSignal(this.#check);
  }

  #uninstallIfEmpty(): void {
    if (this.#listeners.size > 0) return;
    clearInterval(this.#keepAlive);
    this.#keepAlive = undefined;
    this.#unsubscribe?.();
  }
}

/** The list of this process. There is only one: the reaper must know the native children of every spawner. */
export const nativeChildren = new NativeChildren(loadNative);

/** The first number of the real-time signals, for which Node has no names. */
const firstRealTime = 32;

/**
 * How a child ended, from the system's status. A death by a real-time signal becomes the exit code 128 + n, as in a shell,
 * because such a signal has no name.
 */
export function exitOf(status: number): Exit {
  const signal = status & 0x7f;
  if (signal === 0) return { code: (status >> 8) & 0xff, signal: null };
  const name = signal < firstRealTime ? parseSignal(String(signal)) : undefined;
  return name === undefined ? { code: 128 + signal, signal: null } : { code: null, signal: name };
}

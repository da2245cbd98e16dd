import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { guardScript } from './guard-script.ts';

/** What the guard's shell is started with. */
export interface GuardOrders {
  readonly shell: string;
  /** The `NAME=value` in the environment by which runaways are found; empty: they are not looked for. */
  readonly marker: string;
  /** The folder to remove at the end; empty: none. */
  readonly folder: string;
}

/** How it ended by itself, or why it never ran. */
export type GuardLoss =
  | { readonly pid: number; readonly how: string }
  | { readonly pid: undefined; readonly code: string; readonly message: string };

/** Milliseconds that it may take to leave; it takes one or two, if nobody has stopped it. */
const leavesWithin = 1000;

/** Bytes that may wait for it to read: it keeps up with everything, if nobody has stopped it. */
const longestBacklog = 1 << 20;

/**
 * One shell that guards: it sees the end of its input when this process is gone, however it went. Nothing of it
 * keeps this process from ending.
 *
 * It has a session of its own, so that what the terminal or a group is sent is not for it, and holds no descriptor of ours.
 * What it runs stands in a variable, so that a list of processes shows one short line. Its input is not its standard input
 * to begin with: it is a socket, as which Node makes what it calls a pipe, and bash reads `.bashrc` where it finds one there.
 */
export class GuardProcess {
  readonly #child: ChildProcess;
  #isOver = false;

  /**
   * @param lost - Called once, at a later turn, when it ends before it was told to leave.
   * @throws the system's error where it cannot even be tried.
   */
  constructor({ shell, marker, folder }: GuardOrders, lost: (loss: GuardLoss) => void) {
    const words = ['-c', 'eval "$STAGEKEEPER_GUARD"', 'stagekeeper-guard', marker, folder];
    const path = [process.env['PATH'], '/usr/bin:/bin'].filter(Boolean).join(':');
    const child = spawn(shell, words, {
      cwd: '/',
      env: { PATH: path, LC_ALL: 'C', STAGEKEEPER_GUARD: guardScript },
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      detached: true,
    });
    this.#child = child;
    const end = (loss: GuardLoss): void => {
      this.#input?.destroy();
      if (!this.#isOver) lost(loss);
      this.#isOver = true;
    };
    child.on('error', ({ code = 'EIO', message }: NodeJS.ErrnoException) => {
      if (child.pid === undefined) end({ pid: undefined, code, message });
    });
    child.once('exit', (code, signal) => {
      end({ pid: child.pid ?? 0, how: signal ?? `exit code ${String(code)}` });
    });
    this.#input?.on('error', () => undefined); // it is dead, which is told by itself
    this.#input?.unref();
    child.unref();
  }

  /** Tells it something. Never waits, never throws. */
  write(text: string): void {
    const input = this.#input;
    if (input === undefined || !input.writable) return;
    if (input.writableLength > longestBacklog) this.#child.kill('SIGKILL');
    else input.write(text);
  }

  /** Lets it go without doing anything. Resolves when nothing of it is left. */
  leave(): Promise<void> {
    const child = this.#child;
    const isOver = this.#isOver;
    this.#isOver = true;
    if (isOver || child.pid === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        if (!child.kill('SIGKILL')) resolve();
      }, leavesWithin);
      child.ref();
      child.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
      this.#input?.end('bye\n');
    });
  }

  /** There is none if descriptors have run out. */
  get #input(): Socket | undefined {
    const [, , , input] = this.#child.stdio;
    return (input as Socket | null | undefined) ?? undefined;
  }
}

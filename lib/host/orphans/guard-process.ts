import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { inheritedDescriptors } from '../os/inherited-descriptors.ts';
import type { Socket } from 'node:net';
import { guardScript } from './guard-script.ts';

/** The arguments of the guard's shell. */
export interface GuardOrders {
  readonly shell: string;
  /** The `NAME=value` in the environment by which daemonized processes are found; empty: they are not searched for. */
  readonly marker: string;
  /** The folder to remove at the end; empty: none. */
  readonly folder: string;
}

/** How the guard ended by itself, or why it never ran. */
export type GuardLoss =
  | { readonly pid: number; readonly how: string }
  | { readonly pid: undefined; readonly code: string; readonly message: string };

/** Milliseconds in which the guard must exit after `bye`; it takes one or two unless it is stopped (SIGSTOP). */
const leavesWithin = 1000;

/** Bytes that may be buffered for the guard; it reads everything at once unless it is stopped (SIGSTOP). */
const longestBacklog = 1 << 20;

/**
 * One guard shell. It sees end-of-file on its input when this process is gone, for whatever reason. It does not keep this
 * process from exiting.
 *
 * It has a session of its own, so that signals from the terminal or to a group do not reach it, and it holds no descriptor
 * of the host. Its script is in a variable, so that `ps` shows one short line. Its input is not its standard input at first:
 * Node makes a socket for what it calls a pipe, and bash reads `.bashrc` when its standard input is a socket.
 */
export class GuardProcess {
  readonly #child: ChildProcess;
  #isOver = false;

  /**
   * @param lost - Called once, in a later turn, when the guard ends before `leave()`.
   * @throws the system's error when the spawn throws.
   */
  constructor({ shell, marker, folder }: GuardOrders, lost: (loss: GuardLoss) => void) {
    const words = ['-c', 'eval "$STAGEKEEPER_GUARD"', 'stagekeeper-guard', marker, folder];
    const path = [process.env['PATH'], '/usr/bin:/bin'].filter(Boolean).join(':');
    const env = { PATH: path, LC_ALL: 'C', STAGEKEEPER_GUARD: guardScript };
    const given = ['ignore', 'ignore', 'ignore', 'pipe'] as const;
    const child = inheritedDescriptors.without(given, (stdio) =>
      spawn(shell, words, { cwd: '/', env, stdio, detached: true }),
    );
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
    this.#input?.on('error', () => undefined); // the guard is dead: its `exit` reports that
    this.#input?.unref();
    child.unref();
  }

  /** Writes to the guard. Never waits, never throws. */
  write(text: string): void {
    const input = this.#input;
    if (input === undefined || !input.writable) return;
    if (input.writableLength > longestBacklog) this.#child.kill('SIGKILL');
    else input.write(text);
  }

  /** Makes the guard exit without ending anything. Resolves when the guard is gone. */
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

  /** Undefined when the host has run out of descriptors. */
  get #input(): Socket | undefined {
    const [, , , input] = this.#child.stdio;
    return (input as Socket | null | undefined) ?? undefined;
  }
}

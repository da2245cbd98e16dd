import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { isInForeground } from '../os/terminal.ts';

/** Milliseconds that a witness may take to die of what was typed. */
const dyingWithin = 500;

/**
 * A process that does nothing but wait, in the host's process group. Node does not say whether a signal was typed at the terminal
 * or sent by somebody. But what is typed goes to everybody in the foreground, so the witness dies of it; what is sent is for
 * one process alone. It does not outlive the host: its stdin comes to its end then.
 */
export class TerminalProbe {
  #child: ChildProcess | undefined;
  #isOver = false;
  #typedAt = -Infinity;
  readonly #asking = new Set<(wasTyped: boolean) => void>();

  readonly #hearsTyped: () => boolean;

  /** @param hearsTyped - Whether what is typed comes to our process group at all. */
  constructor(hearsTyped: () => boolean = isInForeground) {
    this.#hearsTyped = hearsTyped;
    this.#begin();
  }

  /** Whether the INT or QUIT that has just come was typed. Without a witness it is taken to be. */
  wasTyped(): Promise<boolean> {
    if (!this.#hearsTyped()) return Promise.resolve(false);
    // Until there is a new witness, the next one would have none.
    if (performance.now() - this.#typedAt < dyingWithin) return Promise.resolve(true);
    if (this.#child === undefined) {
      this.#begin();
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const answer = (wasTyped: boolean): void => {
        clearTimeout(timer);
        this.#asking.delete(answer);
        resolve(wasTyped);
      };
      // Where the host itself was held up, the death of the witness may be waiting to be heard of.
      const timer = setTimeout(() => setImmediate(answer, false), dyingWithin);
      this.#asking.add(answer);
    });
  }

  /** For good. Resolves when the witness is gone; who has not been answered yet hears that it was typed. */
  async end(): Promise<void> {
    this.#isOver = true;
    this.#answer();
    const child = this.#child;
    if (child === undefined) return;
    child.ref();
    await new Promise<void>((resolve) => {
      child.once('close', () => resolve());
      child.kill('SIGKILL');
    });
  }

  #begin(): void {
    if (this.#isOver) return;
    try {
      this.#follow(call());
    } catch {
      // The system is short of something: all is taken to be typed.
    }
  }

  #follow(child: ChildProcess): void {
    this.#child = child;
    child.unref();
    child.stdin?.on('error', () => undefined);
    child.once('error', () => (this.#child = undefined));
    child.once('exit', (_code, signal) => {
      this.#child = undefined;
      if (signal !== 'SIGINT' && signal !== 'SIGQUIT') return;
      this.#typedAt = performance.now();
      this.#begin();
      this.#answer();
    });
  }

  #answer(): void {
    for (const answer of this.#asking) answer(true);
  }
}

/** It leaves no core, and Ctrl-Z is not for it. */
const waiting = "trap '' TSTP; ulimit -c 0; exec cat";

function call(): ChildProcess {
  return spawn('sh', ['-c', waiting], {
    env: { PATH: [process.env['PATH'], '/usr/bin:/bin'].filter(Boolean).join(':') },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}

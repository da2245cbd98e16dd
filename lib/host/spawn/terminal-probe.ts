import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { inheritedDescriptors } from '../os/inherited-descriptors.ts';
import { isInForeground } from '../os/terminal.ts';

/** Milliseconds in which the probe must die of a typed signal. */
const diesWithin = 500;

/**
 * A process that only waits, in the host's process group. Node does not say whether a signal was typed at the terminal or
 * sent by a process. A typed signal goes to all processes in the foreground group, so the probe dies of it; a sent one goes
 * to one process. The probe does not outlive the host: it exits at the end of its stdin.
 */
export class TerminalProbe {
  #child: ChildProcess | undefined;
  #isOver = false;
  #typedAt = -Infinity;
  readonly #pending = new Set<(wasTyped: boolean) => void>();

  readonly #inForeground: () => boolean;

  /** @param inForeground - Whether typed signals reach the host's process group at all. */
  constructor(inForeground: () => boolean = isInForeground) {
    this.#inForeground = inForeground;
    this.#begin();
  }

  /** Whether the INT or QUIT that has just arrived was typed. Without a probe it counts as typed. */
  wasTyped(): Promise<boolean> {
    if (!this.#inForeground()) return Promise.resolve(false);
    // Until a new probe runs, a further signal would find none.
    if (performance.now() - this.#typedAt < diesWithin) return Promise.resolve(true);
    if (this.#child === undefined) {
      this.#begin();
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const answer = (wasTyped: boolean): void => {
        clearTimeout(timer);
        this.#pending.delete(answer);
        resolve(wasTyped);
      };
      // If the host itself was blocked, the exit of the probe may not be handled yet.
      const timer = setTimeout(() => setImmediate(answer, false), diesWithin);
      this.#pending.add(answer);
    });
  }

  /** Stops for good. Resolves when the probe is gone; pending calls of `wasTyped()` resolve with true. */
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
      this.#follow(startProbe());
    } catch {
      // The system lacks a resource: every signal counts as typed.
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
    for (const answer of this.#pending) answer(true);
  }
}

/** The probe dumps no core, and ignores Ctrl-Z. */
const script = "trap '' TSTP; ulimit -c 0; exec cat";

function startProbe(): ChildProcess {
  const env = { PATH: [process.env['PATH'], '/usr/bin:/bin'].filter(Boolean).join(':') };
  return inheritedDescriptors.without(['pipe', 'ignore', 'ignore'] as const, (stdio) =>
    spawn('sh', ['-c', script], { env, stdio }),
  );
}

import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { LineCutter } from './lines.ts';
import type { Child, ChildListener, SpawnFailure } from './spawner.ts';
import { isGroupAlive, send, sweepGroup } from './sweep.ts';
import type { Exit } from '../model/exit.ts';
import type { Command } from '../model/program.ts';

/**
 * Milliseconds that an exit is held back for the last lines of output to come first. Only a grandchild that keeps the pipe
 * open makes it wait so long.
 */
const lastLinesWithin = 20;

/** A newline: what a process announces its readiness with. */
const newline = 0x0a;

/** A real process that was asked for. */
export class NodeChild implements Child {
  readonly command: Command;
  readonly #listener: ChildListener;
  readonly #ended: (child: NodeChild) => void;
  #process: ChildProcess | undefined;
  #pid: number | undefined;
  #alive = false;
  #announced = false;

  constructor(command: Command, listener: ChildListener, ended: (child: NodeChild) => void) {
    this.command = command;
    this.#listener = listener;
    this.#ended = ended;
  }

  /** The pid, and the id of the process group; `undefined` before it is spawned. */
  get pid(): number | undefined {
    return this.#pid;
  }

  kill(signal: NodeJS.Signals, scope: 'process' | 'group'): void {
    if (!this.#alive || this.#pid === undefined) return;
    send(scope === 'group' ? -this.#pid : this.#pid, signal);
  }

  lingers(): boolean {
    return this.#pid !== undefined && !this.#alive && isGroupAlive(this.#pid);
  }

  sweep(grace: number, done: () => void): void {
    if (this.#pid === undefined || this.#alive) return done();
    sweepGroup(this.#pid, grace, done);
  }

  /** It cannot be run. */
  fail(reason: SpawnFailure): void {
    this.#ended(this);
    this.#listener.unspawnable(reason);
  }

  /** It is there: follow it to its end. */
  follow(child: ChildProcess): void {
    this.#process = child;
    this.#pid = child.pid;
    if (child.pid === undefined) {
      child.once('error', (error: NodeJS.ErrnoException) => {
        this.fail({
          code: error.code ?? 'EIO',
          message: `${this.command.name} cannot be run: ${error.message}`,
        });
      });
      return;
    }
    this.#alive = true;
    child.on('error', () => undefined); // a signal that could not be sent; the exit tells
    this.#hearReadiness(child);
    const closed = this.#hearLines(child);
    child.once('exit', (code, signal) => {
      this.#alive = false;
      this.#whenRead(closed, () => {
        this.#conclude(code === null ? { code: null, signal } : { code, signal: null });
      });
    });
    this.#listener.spawned(child.pid);
  }

  /** Lets go of its streams, whoever may still hold the other ends. */
  release(): void {
    for (const stream of this.#process?.stdio ?? []) stream?.destroy();
  }

  #conclude(exit: Exit): void {
    const leftBehind = this.lingers();
    if (!leftBehind) this.release();
    this.#ended(this);
    this.#listener.exited(exit, leftBehind);
  }

  #hearReadiness(child: ChildProcess): void {
    const { notificationFd } = this.command;
    if (notificationFd === undefined) return;
    const stream = child.stdio[notificationFd] as Readable | null | undefined;
    stream?.on('error', () => undefined);
    // Read on after the newline, so that a later write never kills the service.
    stream?.on('data', (chunk: Buffer) => {
      if (this.#announced || !this.#alive || !chunk.includes(newline)) return;
      this.#announced = true;
      this.#listener.announced();
    });
  }

  #hearLines(child: ChildProcess): readonly Promise<void>[] {
    const { stdout, stderr, notificationFd } = this.command;
    return (['stdout', 'stderr'] as const).flatMap((name, index) => {
      const kind = name === 'stdout' ? stdout : stderr;
      const stream = child[name];
      if (kind !== 'lines' || stream === null || notificationFd === index + 1) return [];
      const lines = new LineCutter((line) => {
        this.#listener.printed(name, line);
      });
      stream.on('error', () => undefined);
      stream.on('data', (chunk: Buffer) => {
        lines.push(chunk);
      });
      return new Promise<void>((resolve) => {
        stream.once('close', () => {
          lines.end();
          resolve();
        });
      });
    });
  }

  #whenRead(closed: readonly Promise<void>[], then: () => void): void {
    if (closed.length === 0) return then();
    let timer: NodeJS.Timeout | undefined;
    const bound = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, lastLinesWithin);
    });
    void Promise.race([Promise.all(closed), bound]).then(() => {
      clearTimeout(timer);
      then();
    });
  }
}

import type { Socket } from 'node:net';
import { LineSplitter } from './lines.ts';
import type { Living } from './living.ts';
import type { ProcessTable } from './process-table.ts';
import { send } from './send.ts';
import type { Child, ChildListener, SpawnFailure } from './spawner.ts';
import { sweep } from './sweep.ts';
import type { Exit } from '../model/exit.ts';
import type { Leftover } from '../model/leftover.ts';
import type { Command } from '../model/program.ts';

/**
 * Milliseconds that the news of an exit is held back for what was written before it. Only somebody else who holds the pipe
 * open makes it wait so long.
 */
const lastWordsWithin = 20;

/** What a process announces its readiness with. */
const newline = 0x0a;

/** What a child needs of its spawner. */
export interface ChildParts {
  readonly table: ProcessTable;
  readonly living: Living;
  /** Called once when nothing more comes of it. */
  readonly over: (end: ChildEnd) => void;
}

/** How it came to its end: by itself and with success, in any other way, or it never ran. */
export type ChildEnd = 'success' | 'otherwise' | 'never';

/** A real process that was asked for. */
export class NodeChild implements Child {
  readonly command: Command;
  readonly #listener: ChildListener;
  readonly #parts: ChildParts;
  #pid: number | undefined;
  #alive = false;
  #isWithHost = false;
  #signalled = false;
  #announced = false;
  /** The streams that may have something to say which belongs before the exit. */
  readonly #unread = new Set<Socket>();
  #tellExit: (() => void) | undefined;

  constructor(command: Command, listener: ChildListener, parts: ChildParts) {
    this.command = command;
    this.#listener = listener;
    this.#parts = parts;
  }

  kill(signal: NodeJS.Signals, scope: 'process' | 'group'): void {
    if (!this.#alive || this.#pid === undefined) return;
    this.#signalled ||= signal !== 'SIGCONT';
    send(scope === 'group' && !this.#isWithHost ? -this.#pid : this.#pid, signal);
  }

  lingers(): boolean {
    if (this.#isWithHost) return false;
    return this.#pid !== undefined && !this.#alive && this.#parts.table.isGroupAlive(this.#pid);
  }

  sweep(grace: number, done: (killed: readonly Leftover[]) => void): void {
    const { table, living } = this.#parts;
    const pid = this.#pid;
    if (pid === undefined || this.#alive || this.#isWithHost) return done([]);
    sweep(pid, grace, table, (killed) => {
      living.swept(pid);
      done(killed);
    });
  }

  /** It cannot be run. */
  fail({ code, message }: SpawnFailure): void {
    this.#parts.over('never');
    this.#listener.unspawnable({ code, message: `${this.command.name} cannot be run: ${message}` });
  }

  /** It runs: follow it to its end. `streams`: what comes from its descriptors; `withHost`: it is in the host's own group. */
  follow(pid: number, streams: ReadonlyMap<number, Socket>, withHost: boolean): void {
    this.#pid = pid;
    this.#alive = true;
    this.#isWithHost = withHost;
    this.#parts.living.add(pid, withHost ? 'process' : 'group');
    for (const [descriptor, stream] of streams) this.#listenTo(descriptor, stream);
    this.#listener.spawned(pid);
  }

  /** It has ended. */
  end(exit: Exit): void {
    const { living, over } = this.#parts;
    const pid = this.#pid;
    if (pid === undefined) return;
    this.#alive = false;
    const leftBehind = this.lingers();
    if (leftBehind) living.leave(pid);
    else living.delete(pid);
    over(exit.code === 0 && !this.#signalled ? 'success' : 'otherwise');
    const timer = setTimeout(() => this.#tellExit?.(), lastWordsWithin);
    this.#tellExit = () => {
      this.#tellExit = undefined;
      this.#unread.clear();
      clearTimeout(timer);
      this.#listener.exited(exit, leftBehind);
    };
    if (this.#unread.size === 0) this.#tellExit();
  }

  #listenTo(descriptor: number, stream: Socket): void {
    this.#unread.add(stream);
    if (descriptor === this.command.notificationFd) this.#listenForReadiness(stream);
    else this.#listenForLines(descriptor === 1 ? 'stdout' : 'stderr', stream);
    stream.once('close', () => {
      this.#hasRead(stream);
    });
  }

  /** Reads on after the newline, so that whatever is written later never kills the service. */
  #listenForReadiness(stream: Socket): void {
    stream.on('data', (chunk: Buffer) => {
      const late = !this.#alive && this.#tellExit === undefined;
      if (this.#announced || late || !chunk.includes(newline)) return;
      this.#announced = true;
      this.#listener.announced();
      this.#hasRead(stream);
    });
  }

  #listenForLines(name: 'stdout' | 'stderr', stream: Socket): void {
    const lines = new LineSplitter((line) => {
      this.#listener.printed(name, line);
    });
    stream.on('data', (chunk: Buffer) => {
      lines.push(chunk);
    });
    stream.once('close', () => {
      lines.end();
    });
  }

  #hasRead(stream: Socket): void {
    this.#unread.delete(stream);
    if (this.#unread.size === 0) this.#tellExit?.();
  }
}

import type { Socket } from 'node:net';
import { LineSplitter } from '../os/lines.ts';
import type { LiveProcesses } from '../orphans/live-processes.ts';
import type { ChildEnd } from '../pipes/log-pipe.ts';
import type { PacedReader } from '../pipes/paced-reader.ts';
import type { PacedReaders } from '../pipes/paced-readers.ts';
import type { ProcessTable } from '../os/process-table.ts';
import { send } from '../os/send.ts';
import type { Child, ChildListener } from '../../engine/spawner.ts';
import type { SpawnFailure } from '../../model/spawn-failure.ts';
import { sweep } from '../orphans/sweep.ts';
import type { Exit } from '../../model/exit.ts';
import type { Leftover } from '../../model/leftover.ts';
import type { Command } from '../../model/program.ts';

/** The byte by which a process announces its readiness. */
const newline = 0x0a;

/** What a child gets from its spawner. */
export interface ChildParts {
  readonly table: ProcessTable;
  readonly living: LiveProcesses;
  readonly readers: PacedReaders;
  /** The children with an exit that is held back until their output is reported. */
  readonly heldBack: Set<NodeChild>;
  /** Called once when nothing more is reported about the child. */
  readonly onEnd: (end: ChildEnd) => void;
}

/** A requested real process. */
export class NodeChild implements Child {
  readonly command: Command;
  readonly #listener: ChildListener;
  readonly #parts: ChildParts;
  #pid: number | undefined;
  #alive = false;
  #isWithHost = false;
  #signalled = false;
  #announced = false;
  /** The readers of output that must be reported before the exit. */
  readonly #unread = new Set<PacedReader>();
  #emitExit: (() => void) | undefined;

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

  /** Reports that the process cannot be run. */
  fail(failure: SpawnFailure): void {
    this.#parts.onEnd('never');
    this.#listener.unspawnable(failure);
  }

  /**
   * The process runs: reads its output and waits for its exit. `streams`: the streams by descriptor; `withHost`: it is in
   * the host's process group.
   */
  follow(pid: number, streams: ReadonlyMap<number, Socket>, withHost: boolean): void {
    this.#pid = pid;
    this.#alive = true;
    this.#isWithHost = withHost;
    this.#parts.living.add(pid, withHost ? 'process' : 'group');
    for (const [descriptor, stream] of streams) this.#read(descriptor, stream);
    this.#listener.spawned(pid);
  }

  /** The process has ended. */
  end(exit: Exit): void {
    const { living, onEnd } = this.#parts;
    const pid = this.#pid;
    if (pid === undefined) return;
    this.#alive = false;
    const leftBehind = this.lingers();
    if (leftBehind) living.leave(pid);
    else living.delete(pid);
    onEnd(exit.code === 0 && !this.#signalled ? 'success' : 'otherwise');
    this.#emitExit = () => {
      this.#emitExit = undefined;
      this.#parts.heldBack.delete(this);
      this.#listener.exited(exit, leftBehind);
    };
    if (this.#unread.size === 0) return this.#emitExit();
    this.#parts.heldBack.add(this);
    // Another process may hold the pipes open, so their end-of-file is not awaited.
    for (const reader of this.#unread) {
      reader.catchUp(() => {
        this.#hasRead(reader);
      });
    }
  }

  /** Reports an exit that is held back; the rest of its output follows. */
  reportExit(): void {
    this.#emitExit?.();
  }

  #read(descriptor: number, stream: Socket): void {
    if (descriptor === this.command.notificationFd) this.#listenForReadiness(stream);
    else this.#readLines(descriptor === 1 ? 'stdout' : 'stderr', stream);
  }

  /** Keeps reading after the newline, so that a later write never kills the service. */
  #listenForReadiness(stream: Socket): void {
    const reader = this.#parts.readers.read(stream, {
      push: (chunk) => {
        const isAfterExit = !this.#alive && this.#emitExit === undefined;
        if (this.#announced || isAfterExit || !chunk.includes(newline)) return;
        this.#announced = true;
        this.#listener.announced();
        this.#hasRead(reader);
      },
      handleNext: () => false,
      end: () => undefined,
    });
    this.#unread.add(reader);
  }

  #readLines(name: 'stdout' | 'stderr', stream: Socket): void {
    const lines = new LineSplitter();
    const report = (line: string | undefined): boolean => {
      if (line !== undefined) this.#listener.printed(name, line);
      return line !== undefined;
    };
    const reader = this.#parts.readers.read(stream, {
      push: (chunk) => {
        lines.push(chunk);
      },
      handleNext: () => report(lines.next()),
      end: () => {
        report(lines.end());
      },
    });
    this.#unread.add(reader);
  }

  #hasRead(reader: PacedReader): void {
    this.#unread.delete(reader);
    if (this.#unread.size === 0) this.#emitExit?.();
  }
}

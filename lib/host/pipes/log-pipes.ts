import type { End } from '../os/descriptor.ts';
import { leavesRoom } from '../os/descriptor-limit.ts';
import type { Fifos } from './fifos.ts';
import { LogPipe } from './log-pipe.ts';
import type { PipeMaker } from './pipe-ends.ts';

/** The log pipes of a tree, by the names of the services that write into them. */
export class LogPipes {
  readonly #fifos: Fifos;
  readonly #maker: PipeMaker;
  /** The present pipe of each name. */
  readonly #current = new Map<string, LogPipe>();
  /** Every pipe with a descriptor, also one that was replaced and is still read. */
  readonly #all = new Set<LogPipe>();
  /** The names that were released before their pipe was made: no process will write into it. */
  readonly #withoutWriter = new Set<string>();

  /** @param maker - Called for each pipe; returns a function that makes it synchronously. If it returns none, the pipe is made from a FIFO. */
  constructor(fifos: Fifos, maker: PipeMaker) {
    this.#fifos = fifos;
    this.#maker = maker;
  }

  /**
   * The pipe for a process that is being started. A writer needs a pipe that was not released, so that a new one is made after
   * `release`; a reader gets the present one, so that it can read the rest of a released pipe.
   */
  get(name: string, end: End): LogPipe {
    const known = this.find(name);
    if (known !== undefined && !(end === 'write' && known.isReleased)) return known;
    known?.retire();
    this.#prune();
    const pipe = new LogPipe(this.#maker() ?? this.#fifos.make(), (last) => this.#hasRoom(last));
    this.#current.set(name, pipe);
    this.#all.add(pipe);
    if (end === 'write') this.#withoutWriter.delete(name);
    else if (this.#withoutWriter.has(name)) pipe.release();
    return pipe;
  }

  /** The present pipe, if there is one. */
  find(name: string): LogPipe | undefined {
    const known = this.#current.get(name);
    return known?.isClosed === true ? undefined : known;
  }

  release(name: string): void {
    const pipe = this.find(name);
    if (pipe === undefined) this.#withoutWriter.add(name);
    else pipe.release();
  }

  /** Closes every pipe. */
  close(): void {
    for (const pipe of this.#all) pipe.close();
    this.#all.clear();
    this.#current.clear();
  }

  /** The first pipe is made in any case. All are counted only if descriptors could run short. */
  #hasRoom(last: number): boolean {
    if (leavesRoom(last, this.#all.size + 1)) return true;
    const open = [...this.#all].filter((pipe) => pipe.isOpen);
    const pending = open.filter((pipe) => pipe.isPending).length;
    return open.length === 0 || leavesRoom(last, pending + 1);
  }

  #prune(): void {
    for (const pipe of this.#all) if (pipe.isClosed) this.#all.delete(pipe);
  }
}

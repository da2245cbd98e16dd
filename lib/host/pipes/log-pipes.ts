import type { End } from '../os/descriptor.ts';
import type { Fifos } from './fifos.ts';
import { LogPipe } from './log-pipe.ts';
import type { PipeMaker } from './pipe-ends.ts';

/** The log pipes of a tree, by the names of the services that write into them. */
export class LogPipes {
  readonly #fifos: Fifos;
  readonly #maker: PipeMaker;
  /** The pipe that a name stands for at present. */
  readonly #current = new Map<string, LogPipe>();
  /** Every pipe with a descriptor; those that gave their name to another one are still read. */
  readonly #all = new Set<LogPipe>();
  /** The names of the pipes that were let go of before they came to be: nobody will write into them. */
  readonly #withoutWriter = new Set<string>();

  /** @param maker - What makes a pipe at once, asked for each. Where there is nothing they are made of FIFOs. */
  constructor(fifos: Fifos, maker: PipeMaker) {
    this.#fifos = fifos;
    this.#maker = maker;
  }

  /**
   * The pipe for a process that is asked for now. A writer needs one that was not let go of, so that after `release` a new
   * one is made; a reader takes what there is, so that it can read the rest of a pipe that was let go of.
   */
  get(name: string, end: End): LogPipe {
    const known = this.find(name);
    if (known !== undefined && !(end === 'write' && known.isReleased)) return known;
    known?.retire();
    this.#prune();
    const pipe = new LogPipe(this.#maker() ?? this.#fifos.make());
    this.#current.set(name, pipe);
    this.#all.add(pipe);
    if (end === 'write') this.#withoutWriter.delete(name);
    else if (this.#withoutWriter.has(name)) pipe.release();
    return pipe;
  }

  /** The pipe that there is, if there is one. */
  find(name: string): LogPipe | undefined {
    const known = this.#current.get(name);
    return known?.isClosed === true ? undefined : known;
  }

  release(name: string): void {
    const pipe = this.find(name);
    if (pipe === undefined) this.#withoutWriter.add(name);
    else pipe.release();
  }

  /** Closes everything. */
  close(): void {
    for (const pipe of this.#all) pipe.close();
    this.#all.clear();
    this.#current.clear();
  }

  #prune(): void {
    for (const pipe of this.#all) if (pipe.isClosed) this.#all.delete(pipe);
  }
}

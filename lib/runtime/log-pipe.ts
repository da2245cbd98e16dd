import { execFile } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, unlinkSync } from 'node:fs';
import type { RuntimeDirectory } from './runtime-directory.ts';

/** The two ends of a log pipe, as this process keeps them. */
interface LogPipe {
  readonly readEnd: number;
  /** `undefined` once it was let go of. */
  writeEnd: number | undefined;
}

/**
 * The kernel pipes between services and their loggers. Both ends stay open here, so that what is in a pipe outlives either
 * side, and no byte of it comes through this process.
 */
export class LogPipes {
  readonly #runtime: RuntimeDirectory;
  readonly #pipes = new Map<string, LogPipe>();
  readonly #opening = new Map<string, Promise<void>>();
  #batch: { readonly names: string[]; readonly made: Promise<void> } | undefined;
  #count = 0;

  constructor(runtime: RuntimeDirectory) {
    this.#runtime = runtime;
  }

  /** Whether the pipe is there for this side: a producer needs one that can be written to, a logger takes what there is. */
  has(name: string, side: 'read' | 'write'): boolean {
    const pipe = this.#pipes.get(name);
    return pipe !== undefined && (side === 'read' || pipe.writeEnd !== undefined);
  }

  /** Makes a pipe; rejects with the system's error when that cannot be. */
  async open(name: string): Promise<void> {
    const opening = this.#opening.get(name) ?? this.#open(name);
    this.#opening.set(name, opening);
    try {
      await opening;
    } finally {
      this.#opening.delete(name);
    }
  }

  /**
   * A descriptor of one end for one process; to be closed once that is spawned. It has an open file description of its own
   * (Linux): otherwise a process that makes its end non-blocking would do so for every other one.
   */
  lend(name: string, side: 'read' | 'write'): number {
    const pipe = this.#pipes.get(name);
    const end = side === 'read' ? pipe?.readEnd : pipe?.writeEnd;
    if (end === undefined) throw new Error(`The log pipe of ${name} is closed.`);
    const path = `/proc/self/fd/${String(end)}`;
    // Opening the read end would wait for a writer; the child's own copy is made blocking when it is spawned.
    const flags = side === 'read' ? constants.O_RDONLY | constants.O_NONBLOCK : constants.O_WRONLY;
    return existsSync(path) ? openSync(path, flags) : openSync(`/dev/fd/${String(end)}`, flags);
  }

  /** Lets go of the write end: the logger finds end-of-file once the last writer is gone. */
  release(name: string): void {
    const pipe = this.#pipes.get(name);
    if (pipe?.writeEnd === undefined) return;
    closeSync(pipe.writeEnd);
    pipe.writeEnd = undefined;
  }

  /** Closes everything. */
  close(): void {
    for (const name of this.#pipes.keys()) this.#drop(name);
  }

  async #open(name: string): Promise<void> {
    const path = await this.#makeFifo();
    try {
      // Read-write first: opened so, a FIFO waits for nobody.
      const both = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
      const readEnd = openSync(path, constants.O_RDONLY);
      const writeEnd = openSync(path, constants.O_WRONLY);
      closeSync(both);
      this.#drop(name);
      this.#pipes.set(name, { readEnd, writeEnd });
    } finally {
      unlinkSync(path);
    }
  }

  /** One `mkfifo` for all pipes that are asked for in the same turn of the loop. */
  async #makeFifo(): Promise<string> {
    this.#batch ??= this.#newBatch();
    this.#count += 1;
    const path = this.#runtime.entry(`pipe-${String(this.#count)}`);
    this.#batch.names.push(path);
    await this.#batch.made;
    return path;
  }

  #newBatch(): { readonly names: string[]; readonly made: Promise<void> } {
    const names: string[] = [];
    const made = new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        this.#batch = undefined;
        execFile('mkfifo', ['-m', '600', ...names], (error, _stdout, stderr) => {
          if (error === null) resolve();
          else reject(new Error(`mkfifo: ${stderr.trim() || error.message}`));
        });
      });
    });
    return { names, made };
  }

  #drop(name: string): void {
    const pipe = this.#pipes.get(name);
    if (pipe === undefined) return;
    this.release(name);
    closeSync(pipe.readEnd);
    this.#pipes.delete(name);
  }
}

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFifos } from '../os/mkfifo.ts';
import type { RuntimeDirectory } from '../directory/runtime-directory.ts';

/** How the name of their folder in the runtime directory begins. It is ours alone: nobody else finds a pipe while it has a name. */
const folderPrefix = 'pipes-';

/** FIFOs that are made together. */
interface Batch {
  readonly folder: string;
  readonly names: string[];
  readonly made: Promise<void>;
}

/**
 * Makes named pipes (FIFOs), the only pipes that Node can make without help: what it calls a pipe is a socket, which cannot
 * be opened as `/dev/stdout` and holds less.
 *
 * All that are asked for in one turn of the loop are made together.
 */
export class Fifos {
  readonly #runtime: RuntimeDirectory;
  #folder: string | undefined;
  #count = 0;
  #batch: Batch | undefined;
  readonly #underWay = new Set<Promise<void>>();

  constructor(runtime: RuntimeDirectory) {
    this.#runtime = runtime;
  }

  /** Makes a FIFO and returns its path; rejects with an error that has the system's code and says why not. */
  async make(): Promise<string> {
    this.#batch ??= this.#begin(this.#openFolder());
    this.#count += 1;
    const name = String(this.#count);
    const { folder, names, made } = this.#batch;
    names.push(name);
    await made;
    return join(folder, name);
  }

  /** Resolves when nothing is being made any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  /** A script may have removed it: it is a folder in a place that scripts know. */
  #openFolder(): string {
    if (this.#folder === undefined || !existsSync(this.#folder)) {
      this.#folder = this.#runtime.makePrivateFolder(folderPrefix);
    }
    return this.#folder;
  }

  #begin(folder: string): Batch {
    const names: string[] = [];
    const made = new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        this.#batch = undefined;
        makeAll(folder, names).then(resolve, reject);
      });
    });
    const over = made.catch(() => undefined).then(() => void this.#underWay.delete(over));
    this.#underWay.add(over);
    return { folder, names, made };
  }
}

/** Anybody may open them who gets at them: a child under another account may want to open its own `/dev/stdout`. */
const forAll = 0o666;

async function makeAll(folder: string, names: readonly string[]): Promise<void> {
  try {
    await makeFifos(folder, names, forAll);
  } catch (error) {
    for (const name of names) rmSync(join(folder, name), { force: true });
    throw error;
  }
}

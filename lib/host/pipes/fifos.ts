import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFifos } from '../os/mkfifo.ts';
import type { RuntimeDirectory } from '../directory/runtime-directory.ts';

/** The prefix of the name of their folder in the runtime directory. Only the host's account can enter it and open a pipe by its name. */
const folderPrefix = 'pipes-';

/** FIFOs that are made by one call. */
interface Batch {
  readonly folder: string;
  readonly names: string[];
  readonly made: Promise<void>;
}

/**
 * Makes named pipes (FIFOs), the only pipes that are available without native code: Node's own pipes are sockets, which cannot be
 * opened as `/dev/stdout` and have a smaller buffer.
 *
 * All FIFOs that are requested in one turn of the loop are made by one call.
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

  /** Makes a FIFO and returns its path; rejects with an error that has the system's code and the reason. */
  async make(): Promise<string> {
    this.#batch ??= this.#begin(this.#openFolder());
    this.#count += 1;
    const name = String(this.#count);
    const { folder, names, made } = this.#batch;
    names.push(name);
    await made;
    return join(folder, name);
  }

  /** Resolves when no FIFO is being made any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  /** Returns the folder; makes it again if a script has removed it. */
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

/** Every account may open a FIFO that it can reach: a child under another account may open its own `/dev/stdout`. */
const openToAll = 0o666;

async function makeAll(folder: string, names: readonly string[]): Promise<void> {
  try {
    await makeFifos(folder, names, openToAll);
  } catch (error) {
    for (const name of names) rmSync(join(folder, name), { force: true });
    throw error;
  }
}

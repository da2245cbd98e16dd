import type { FileSpec, TreeFiles } from '../loader/literal-files.ts';
import { literalTree } from '../loader/literal-files.ts';
import type { Loaded } from '../loader/load.ts';
import type { Problem } from '../model/problem.ts';
import type { World } from '../runtime/engine.ts';
import { rereading } from '../sources.ts';
import { requirePlain } from './files.ts';
import type { SortedSource } from './tree-source.ts';
import { readSource } from './tree-source.ts';

type Files = ReadonlyMap<string, string | FileSpec>;

/** Where a simulated tree stands: in memory, where the test can change it, or on the real disk, which is read and never written. */
export class SimulatedDisk {
  readonly #source: SortedSource;
  #files: Files;
  #readings = 0;

  constructor(source: SortedSource) {
    this.#source = source;
    this.#files = new Map(source.kind === 'files' ? Object.entries(source.files) : []);
  }

  /** Whether it is being read. */
  get isBusy(): boolean {
    return this.#readings > 0;
  }

  async read(): Promise<Loaded> {
    this.#readings += 1;
    try {
      return await readSource(this.#now);
    } finally {
      this.#readings -= 1;
    }
  }

  /** What a supervisor finds here in the place of the host's disk. */
  world(problems: readonly Problem[]): Partial<World> {
    const isRead = this.#source.kind !== 'data';
    return {
      prepare: () => Promise.resolve([]),
      ...(isRead && { reread: rereading(problems, () => this.read()) }),
    };
  }

  /**
   * Adds files, or replaces them.
   *
   * @throws TreeError when a path is not plain and relative, or does not fit in with the others.
   * @throws Error when the tree is not in memory.
   */
  write(files: TreeFiles): Promise<void> {
    return this.#change('written to', () => {
      const after = new Map([...this.#files, ...Object.entries(files)]);
      literalTree(Object.fromEntries(after));
      return after;
    });
  }

  /**
   * Removes a file, or a folder with all that is in it.
   *
   * @throws Error when the tree is not in memory.
   */
  remove(path: string): Promise<void> {
    return this.#change('removed from', () => {
      requirePlain(path);
      const inside = `${path}/`;
      return new Map(
        [...this.#files].filter(([name]) => name !== path && !name.startsWith(inside)),
      );
    });
  }

  get #now(): SortedSource {
    return this.#source.kind === 'files'
      ? { kind: 'files', files: Object.fromEntries(this.#files) }
      : this.#source;
  }

  /** The change is made at once; what is refused rejects, as it does where the disk is real. */
  #change(what: string, change: () => Files): Promise<void> {
    return new Promise((resolve) => {
      this.#refuseOthers(what);
      this.#files = change();
      resolve();
    });
  }

  #refuseOthers(what: string): void {
    const { kind } = this.#source;
    if (kind === 'files') return;
    const remedy =
      kind === 'folder'
        ? 'Change the folder itself, or simulate a literal.'
        : 'Simulate a literal.';
    throw new Error(`Only a tree that is given as a literal can be ${what} here. ${remedy}`);
  }
}

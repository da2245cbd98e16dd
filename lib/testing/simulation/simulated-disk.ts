import type { Files } from '../../loader/files/files.ts';
import { imageFiles } from '../../loader/files/image-files.ts';
import type { Host } from '../../loader/host.ts';
import { thisHost } from '../../loader/host.ts';
import type { TreeFiles } from '../../loader/files/literal-files.ts';
import { literalFiles } from '../../loader/files/literal-files.ts';
import type { Loaded } from '../../loader/load.ts';
import type { Problem } from '../../model/problem.ts';
import type { Command } from '../../model/program.ts';
import type { SpawnFailure } from '../../model/spawn-failure.ts';
import type { World } from '../../engine/world.ts';
import { treeReader } from '../../supervisor/reread.ts';
import { requirePlain } from '../trees/files.ts';
import { pathsIn } from '../observation/tree-names.ts';
import { scriptFailure } from './script-files.ts';
import type { ReadOptions, SortedSource } from '../trees/tree-source.ts';
import { readSource } from '../trees/tree-source.ts';

/** The disk of a simulated tree: files in memory, which the test can change, or the real disk, which is only read. */
export class SimulatedDisk {
  readonly #source: SortedSource;
  /** The files in memory, as they were given and as the loader reads them. */
  #memory: { readonly files: TreeFiles; readonly disk: Files } | undefined;
  #readings = 0;
  /** The folder of the tree; `undefined` for a tree made in code. */
  #root: string | undefined;
  #host: Host | null = null;

  /** @throws TreeError when a path of a literal is not plain and relative. */
  constructor(source: SortedSource) {
    this.#source = source;
    if (source.kind === 'files') this.#remember(source.files);
  }

  /** Whether a read is under way. */
  get isBusy(): boolean {
    return this.#readings > 0;
  }

  /** The paths of the tree's files as they are now. */
  get paths(): readonly string[] {
    if (this.#memory !== undefined) return Object.keys(this.#memory.files);
    return this.#root === undefined ? [] : pathsIn(this.#root);
  }

  /** Reads the tree, or a profile of it, for the first time. */
  async read(options: ReadOptions): Promise<Loaded> {
    const loaded = await readSource(this.#source, options);
    this.#root = loaded.tree.root;
    if (options.host === true) this.#host = thisHost();
    return loaded;
  }

  /** Why the script of a command could not be run with real processes, from its file as it is now. */
  failureOf(command: Command): SpawnFailure | undefined {
    if (this.#root === undefined) return undefined;
    const files = this.#memory?.disk ?? imageFiles(this.#root);
    const emptyRuns = this.#memory !== undefined && this.#host === null;
    return scriptFailure(command, { root: this.#root, files, host: this.#host, emptyRuns });
  }

  /** The replacement for the host's disk. */
  world(problems: readonly Problem[]): Partial<World> {
    const sources = treeReader(problems, { disk: () => this.#memory?.disk });
    const reread: World['reread'] = async (root) => {
      this.#readings += 1;
      try {
        return await sources.reread(root);
      } finally {
        this.#readings -= 1;
      }
    };
    return {
      prepare: () => Promise.resolve([]),
      openLog: () => [],
      rereadService: sources.rereadService,
      // Nothing is written, so the tree is not copied.
      copyRoot: reread,
      reread,
    };
  }

  /**
   * Adds files, or replaces them.
   *
   * @throws TreeError when a path is not plain and relative, or conflicts with another one.
   * @throws Error when the tree is not in memory.
   */
  write(files: TreeFiles): Promise<void> {
    return this.#change('written to', (before) => ({ ...before, ...files }));
  }

  /**
   * Removes a file, or a folder with its contents.
   *
   * @throws TreeError when the path is not plain and relative.
   * @throws Error when the tree is not in memory.
   */
  remove(path: string): Promise<void> {
    return this.#change('removed from', (before) => {
      requirePlain(path);
      const inside = `${path}/`;
      const left = Object.entries(before).filter(
        ([name]) => name !== path && !name.startsWith(inside),
      );
      return Object.fromEntries(left);
    });
  }

  /** Changes the files in memory synchronously; an error rejects the promise, as it does with a real disk. */
  #change(what: string, change: (before: TreeFiles) => TreeFiles): Promise<void> {
    return new Promise((resolve) => {
      if (this.#memory === undefined) throw new Error(refusal(what, this.#source));
      this.#remember(change(this.#memory.files));
      resolve();
    });
  }

  #remember(files: TreeFiles): void {
    this.#memory = { files, disk: literalFiles(files) };
  }
}

function refusal(what: string, { kind }: SortedSource): string {
  const remedy =
    kind === 'folder' ? 'Change the folder itself, or simulate a literal.' : 'Simulate a literal.';
  return `Only a tree that is given as a literal can be ${what} here. ${remedy}`;
}

import type { LateOptions } from '../machine/tree/tree-options.ts';
import type { Problem } from '../model/problem.ts';
import type { FixAttrsRule, ServiceSpec, Tree } from '../model/tree.ts';

/** What the engine needs besides time and processes. Methods that return a promise never reject. */
export interface World {
  /** Applies the ownership and mode rules of `fix-attrs.d`. */
  prepare(rules: readonly FixAttrsRule[]): Promise<readonly Problem[]>;
  /** Reads the tree again; `null` when it cannot be used any more. Also returns the variables, where they may have changed. */
  reread(root: string): Promise<TreeReading & Partial<LateOptions>>;
  /**
   * Copies the tree to a writable place, and reads it there; `null` when it stays where it is. A world without such a place
   * omits it.
   */
  readonly copyRoot?: (root: string) => Promise<TreeReading>;
  /**
   * Reads the directory of one service again, synchronously; `undefined` when it is unchanged. A world without service
   * directories omits it.
   */
  readonly rereadService?: (
    root: string,
    known: ServiceSpec,
  ) => { spec: ServiceSpec; problems: readonly Problem[] } | undefined;
  /** The exit code that a script has requested; a world without such scripts omits it. */
  readonly exitCode?: () => { readonly exitCode?: number; readonly problems: readonly Problem[] };
  /**
   * Writes the exit code of the life where scripts look for it, synchronously; `replaces`: also in place of one that a script has
   * written. A world without such scripts omits it.
   */
  readonly recordExitCode?: (exitCode: number, replaces: boolean) => readonly Problem[];
  /** Prepares the folder of the catch-all log, synchronously; a world without folders omits it. */
  readonly openLog?: (directory: string) => readonly Problem[];
  /** Releases everything that was taken: files, folders. An operation that may hang gets at most `grace` milliseconds. */
  release(grace: number): Promise<readonly Problem[]>;
}

/** A tree that was read, and the problems that were not known before. */
export interface TreeReading {
  readonly tree: Tree | null;
  readonly problems: readonly Problem[];
}

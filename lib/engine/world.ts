import type { LateOptions } from '../machine/tree/tree-options.ts';
import type { Problem } from '../model/problem.ts';
import type { FixAttrsRule, ServiceSpec, Tree } from '../model/tree.ts';

/** What the engine needs of the world beside time and processes; each may take its time, none rejects. */
export interface World {
  /** Applies the ownership and mode rules of `fix-attrs.d`. */
  prepare(rules: readonly FixAttrsRule[]): Promise<readonly Problem[]>;
  /** Reads the tree again; `null` when nothing sensible is there any more. And the variables, where they may be others by now. */
  reread(root: string): Promise<TreeReading & Partial<LateOptions>>;
  /**
   * Copies the tree to where it can be written to, and reads it there; `null` when it stays where it is. A world that has no
   * other place leaves it out.
   */
  readonly copyRoot?: (root: string) => Promise<TreeReading>;
  /**
   * Looks again at the directory of one service, at once; `undefined` when it is as it was. A world without service
   * directories leaves it out.
   */
  readonly rereadService?: (
    root: string,
    known: ServiceSpec,
  ) => { spec: ServiceSpec; problems: readonly Problem[] } | undefined;
  /** What a script has asked to end with; a world without such scripts leaves it out. */
  readonly exitCode?: () => { readonly exitCode?: number; readonly problems: readonly Problem[] };
  /** Makes the folder of the catch-all log ready, at once; a world without folders leaves it out. */
  readonly openLog?: (directory: string) => readonly Problem[];
  /** Gives back everything that was taken: files, folders. What may hang is to take no more than `grace` milliseconds. */
  release(grace: number): Promise<readonly Problem[]>;
}

/** A tree that was read, and the problems that were not known before. */
export interface TreeReading {
  readonly tree: Tree | null;
  readonly problems: readonly Problem[];
}

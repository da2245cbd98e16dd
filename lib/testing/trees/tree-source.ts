import type { TreeInput } from '../../loader/define.ts';
import { defineTree } from '../../loader/define.ts';
import { thisHost } from '../../loader/host.ts';
import type { TreeFiles } from '../../loader/files/literal-files.ts';
import { literalFiles, literalRoot } from '../../loader/files/literal-files.ts';
import type { Loaded } from '../../loader/load.ts';
import { load } from '../../loader/load.ts';
import type { Tree } from '../../model/tree.ts';
import { filesOf } from './files.ts';

/** The tree under test: a folder on disk, a tree as data (from `treeOf`, or a literal), or its files as an object literal. */
export type TreeSource = string | URL | Tree | TreeInput | TreeFiles;

/** A source, discriminated by its kind. A tree from `treeOf` counts as its files, so that it can be written to disk. */
export type SortedSource =
  | { readonly kind: 'folder'; readonly root: string | URL }
  | { readonly kind: 'files'; readonly files: TreeFiles }
  | { readonly kind: 'data'; readonly tree: Tree | TreeInput };

/** Returns the source with its kind. */
export function sorted(source: TreeSource): SortedSource {
  if (typeof source === 'string' || source instanceof URL) return { kind: 'folder', root: source };
  const files = filesOf(source) ?? (looksLikeFiles(source) ? source : undefined);
  if (files !== undefined) return { kind: 'files', files };
  return { kind: 'data', tree: source };
}

/** How a tree is read. */
export interface ReadOptions {
  /** Whether the interpreters and accounts of this machine are checked. Default: true for a folder, false for a literal. */
  readonly host?: boolean | undefined;
  /** The profile to read instead of the tree. Default: none. */
  readonly profile?: string | undefined;
}

/**
 * Reads a tree from its source.
 *
 * @throws TreeError when the tree leaves nothing to run.
 */
export async function readSource(
  source: SortedSource,
  { host, profile }: ReadOptions = {},
): Promise<Loaded> {
  switch (source.kind) {
    case 'folder':
      return load(source.root, undefined, (host ?? true) ? thisHost() : null, profile);
    case 'files':
      return load(
        literalRoot,
        literalFiles(source.files),
        (host ?? false) ? thisHost() : null,
        profile,
      );
    case 'data':
      return { tree: defineTree(source.tree), problems: [] };
  }
}

/** The fields of a tree as data; the paths of a literal of files begin with the folders of the stages instead. */
const fields: ReadonlySet<string> = new Set<keyof Tree>([
  'root',
  'fixAttrs',
  'init',
  'services',
  'finish',
]);

function looksLikeFiles(source: Tree | TreeInput | TreeFiles): source is TreeFiles {
  return (
    Object.keys(source).some((key) => !fields.has(key)) &&
    !Object.values(source).some((value) => Array.isArray(value))
  );
}

import type { TreeInput } from '../loader/define.ts';
import { defineTree } from '../loader/define.ts';
import { diskFiles } from '../loader/disk-files.ts';
import { thisHost } from '../loader/host.ts';
import type { TreeFiles } from '../loader/literal-files.ts';
import { literalFiles, literalRoot } from '../loader/literal-files.ts';
import type { Loaded } from '../loader/load.ts';
import { load } from '../loader/load.ts';
import type { Tree } from '../model/tree.ts';
import { filesOf } from './files.ts';

/** What a test is about: a folder on disk, a tree as data (`treeOf`, or made in code), or its files as an object literal. */
export type TreeSource = string | URL | Tree | TreeInput | TreeFiles;

/** A source by its kind. A tree that `treeOf` made is its files again, so that it can be written to disk. */
export type SortedSource =
  | { readonly kind: 'folder'; readonly root: string | URL }
  | { readonly kind: 'files'; readonly files: TreeFiles }
  | { readonly kind: 'data'; readonly tree: Tree | TreeInput };

/** Tells the kinds of source apart. */
export function sorted(source: TreeSource): SortedSource {
  if (typeof source === 'string' || source instanceof URL) return { kind: 'folder', root: source };
  const files = filesOf(source) ?? (looksLikeFiles(source) ? source : undefined);
  if (files !== undefined) return { kind: 'files', files };
  return { kind: 'data', tree: source };
}

/** How a tree is read. */
export interface ReadOptions {
  /** Whether this machine's interpreters and accounts count. Default: those of a folder do, those of a literal not. */
  readonly host?: boolean | undefined;
  /** The profile that stands in the tree's place. Default: none. */
  readonly profile?: string | undefined;
}

/**
 * Reads a tree from where it is.
 *
 * @throws TreeError when nothing sensible is left to run.
 */
export async function readSource(
  source: SortedSource,
  { host, profile }: ReadOptions = {},
): Promise<Loaded> {
  switch (source.kind) {
    case 'folder':
      return load(source.root, diskFiles, (host ?? true) ? thisHost() : null, profile);
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

/** What a tree in code consists of; the paths of a literal begin with the folders of the stages. */
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

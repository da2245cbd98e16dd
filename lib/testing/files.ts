import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LiteralNode, TreeFiles } from '../loader/literal-files.ts';
import { literalFiles, literalMode, literalRoot, literalTree } from '../loader/literal-files.ts';
import { loadAtOnce } from '../loader/load.ts';
import type { Tree } from '../model/tree.ts';

export type {
  FileSpec,
  LiteralFile,
  LiteralFolder,
  LiteralLink,
  TreeFiles,
} from '../loader/literal-files.ts';

/**
 * The tree that a folder with these files would be: `treeOf({ 'services.d/web/run': '#!/bin/sh\n...' })`.
 *
 * It has no `root`, so that it is not read again; its scripts' paths begin with `/tree`. Warnings are not told; `load` a
 * tree that `writeTree` wrote for those.
 *
 * @throws TreeError when there is no stage in it, or a path is not plain and relative.
 */
export function treeOf(files: TreeFiles): Tree {
  const { tree } = loadAtOnce(literalRoot, literalFiles(files));
  origins.set(tree, files);
  return tree;
}

/** The files that `treeOf` made a tree of; `undefined` for any other tree. */
export function filesOf(tree: object): TreeFiles | undefined {
  return origins.get(tree);
}

const origins = new WeakMap<object, TreeFiles>();

/**
 * Writes files to a folder, which is made if it is missing. A file or link that stands in the place of one of them is
 * replaced; all else is left alone.
 *
 * @throws TreeError, before anything is written, when a path is not plain and relative, so that nothing leaves the folder.
 */
export async function writeTree(directory: string, files: TreeFiles): Promise<void> {
  await write(directory, literalTree(files));
}

/**
 * Makes sure that a path stays within its folder.
 *
 * @throws TreeError when it is not plain and relative.
 */
export function requirePlain(path: string): void {
  literalTree({ [path]: '' });
}

async function write(path: string, node: LiteralNode): Promise<void> {
  if (node.kind === 'folder') {
    await mkdir(path, { recursive: true, mode: literalMode });
    for (const [name, inner] of node.names) await write(join(path, name), inner);
  } else {
    await rm(path, { force: true });
    if (node.kind === 'link') {
      await symlink(node.target, path);
      return;
    }
    await writeFile(path, node.bytes, { flag: 'wx' });
  }
  // Last, since a folder may be meant to be read-only; and not left to the umask.
  if (node.mode !== undefined) await chmod(path, node.mode);
}

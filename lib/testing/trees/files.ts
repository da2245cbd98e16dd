import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LiteralNode, TreeFiles } from '../../loader/files/literal-files.ts';
import {
  literalFiles,
  literalMode,
  literalRoot,
  literalTree,
} from '../../loader/files/literal-files.ts';
import { loadAtOnce } from '../../loader/load.ts';
import type { Tree } from '../../model/tree.ts';

export type {
  FileSpec,
  LiteralFile,
  LiteralFolder,
  LiteralLink,
  TreeFiles,
} from '../../loader/files/literal-files.ts';

/**
 * Makes the tree that a folder with these files would be: `treeOf({ 'services.d/web/run': '#!/bin/sh\n...' })`.
 *
 * The tree has no `root`, so it is not read again; the paths of its scripts begin with `/tree`. Warnings are not reported; to get
 * them, write the files with `writeTree` and load the folder.
 *
 * @throws TreeError when the files contain no stage, or a path is not plain and relative.
 */
export function treeOf(files: TreeFiles): Tree {
  const { tree } = loadAtOnce(literalRoot, literalFiles(files));
  origins.set(tree, files);
  return tree;
}

/** The files that `treeOf` made a tree from; `undefined` for any other tree. */
export function filesOf(tree: object): TreeFiles | undefined {
  return origins.get(tree);
}

const origins = new WeakMap<object, TreeFiles>();

/**
 * Writes files to a folder, which it makes if it is missing. Replaces a file or link at the path of one of them, and leaves
 * everything else alone.
 *
 * @throws TreeError, before it writes anything, when a path is not plain and relative and so might leave the folder.
 */
export async function writeTree(directory: string, files: TreeFiles): Promise<void> {
  await write(directory, literalTree(files));
}

/**
 * Checks that a path stays within its folder.
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
  // Last, since the mode may make a folder read-only; and by chmod, which the umask does not affect.
  if (node.mode !== undefined) await chmod(path, node.mode);
}

import { copyFile, mkdir, readdir, readlink, stat, symlink } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';

/**
 * Copies a folder with all that is in it, modes included. A link within the folder leads to the copy, one that leaves it to
 * where it led before. What is neither file, folder nor link is left out.
 */
export async function copyTree(from: string, to: string): Promise<void> {
  await copyFolder(resolve(from), from, to);
}

async function copyFolder(root: string, from: string, to: string): Promise<void> {
  const { mode } = await stat(from);
  await mkdir(to, { mode: mode | ownersRights });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyFolder(root, source, target);
    else if (entry.isSymbolicLink()) await symlink(await targetOf(root, source), target);
    else if (entry.isFile()) await copyFile(source, target);
  }
}

/** Without these nothing could be put into the copy of a folder. */
const ownersRights = 0o700;

async function targetOf(root: string, link: string): Promise<string> {
  const target = await readlink(link);
  const place = resolve(dirname(link), target);
  const inside = relative(root, place);
  const leaves = inside === '..' || inside.startsWith('../') || isAbsolute(inside);
  if (leaves) return place;
  return isAbsolute(target) ? relative(dirname(resolve(link)), place) : target;
}

import {
  chmod,
  copyFile,
  lchown,
  lstat,
  mkdir,
  opendir,
  readlink,
  stat,
  symlink,
} from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { placeInImage } from '../../system/image-path.ts';

/** How to copy a folder. */
export interface CopyOptions {
  /** Whether copies keep their owners, if this process is root. Default: false, the account of this process owns them. */
  readonly keepOwners?: boolean;
  /** The image in which absolute links are followed; where it has no such path they keep their target. Default: none. */
  readonly image?: string | undefined;
  /**
   * Called with each entry that cannot be copied and the reason; the other entries are copied. Default: the first error rejects,
   * and an entry that is neither file, folder nor link is skipped.
   */
  readonly onFailure?: (path: string, why: string) => void;
}

/**
 * Copies a folder and everything below it, modes included. A link to a target in the folder leads to the copy of the target; a
 * link to a target outside keeps its target.
 */
export async function copyTree(from: string, to: string, options: CopyOptions = {}): Promise<void> {
  await copyFolder({ ...options, root: resolve(from) }, from, to);
}

interface Copying extends CopyOptions {
  readonly root: string;
}

async function copyFolder(copying: Copying, from: string, to: string): Promise<void> {
  const { mode, uid, gid } = await stat(from);
  await mkdir(to, { mode: mode | ownersRights });
  // One after the other: to list 100 000 entries at once would hold up the event loop.
  for await (const entry of await opendir(from)) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    try {
      if (entry.isDirectory()) await copyFolder(copying, source, target);
      else await copyEntry(copying, entry, source, target);
    } catch (error) {
      if (copying.onFailure === undefined) throw error;
      copying.onFailure(source, (error as Error).message);
    }
  }
  if (keepsOwner(copying)) await lchown(to, uid, gid);
  await chmod(to, mode | ownersRights);
}

/** The permissions without which no entry could be created in the copy of a folder. */
const ownersRights = 0o700;

async function copyEntry(
  copying: Copying,
  entry: { isSymbolicLink(): boolean; isFile(): boolean },
  from: string,
  to: string,
): Promise<void> {
  if (entry.isSymbolicLink()) await symlink(await targetOf(copying, from), to);
  else if (entry.isFile()) await copyFile(from, to);
  else return copying.onFailure?.(from, 'it is neither file, folder nor link');
  if (!keepsOwner(copying)) return;
  const { mode, uid, gid } = await lstat(from);
  await lchown(to, uid, gid);
  // A change of the owner clears setuid and setgid.
  if (entry.isFile()) await chmod(to, mode);
}

function keepsOwner({ keepOwners = false }: CopyOptions): boolean {
  return keepOwners && process.geteuid?.() === 0;
}

async function targetOf({ root, image }: Copying, link: string): Promise<string> {
  const written = await readlink(link);
  const isOfImage = image !== undefined && isAbsolute(written);
  const target = isOfImage ? (placeInImage(image, written) ?? written) : written;
  const resolved = resolve(dirname(link), target);
  const inside = relative(root, resolved);
  const leaves = inside === '..' || inside.startsWith('../') || isAbsolute(inside);
  if (leaves) return resolved;
  return isAbsolute(target) ? relative(dirname(resolve(link)), resolved) : target;
}

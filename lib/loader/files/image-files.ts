import { lstatSync, readlinkSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { diskFiles } from './disk-files.ts';
import type { Files } from './files.ts';

/**
 * The folder trees of the disk, for the tree in `root`. If that is the `/etc` of an image, `R/etc`, an absolute link in it that leads
 * nowhere on this machine is followed in the image: `/Y` is `R/Y`.
 */
export function imageFiles(root: string): Files {
  const image = dirname(root);
  if (basename(root) !== 'etc' || image === '/') return diskFiles;
  const locate = (path: string): string => locateIn(image, root, path);
  return {
    look: (path) => diskFiles.look(locate(path)),
    list: (path, wanted) => diskFiles.list(locate(path), wanted),
    read: (path, limit) => diskFiles.read(locate(path), limit),
  };
}

function locateIn(image: string, root: string, path: string): string {
  if (!path.startsWith(`${root}/`)) return path;
  const segments = path.slice(root.length + 1).split('/');
  return segments.reduce((folder, name) => follow(image, join(folder, name)), root);
}

/** The largest number of links on one path; the kernel's own limit. */
const mostLinks = 40;

function follow(image: string, path: string): string {
  let place = path;
  for (let links = 0; links < mostLinks; links += 1) {
    if (diskFiles.look(place).kind !== 'dangling') return place;
    const target = targetOf(place);
    if (target === undefined || !isThere(join(image, target))) return path;
    place = join(image, target);
  }
  return path;
}

/** The target of an absolute link. */
function targetOf(link: string): string | undefined {
  try {
    const target = readlinkSync(link);
    return isAbsolute(target) ? target : undefined;
  } catch {
    return undefined;
  }
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

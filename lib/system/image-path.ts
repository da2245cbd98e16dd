import { lstatSync, readlinkSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';

/**
 * The image that a path of a tree is in: `R` for the tree in `R/etc`, for a profile of it, and for what is in its stages. `undefined`
 * for other trees, and for that of the machine itself, `/etc`.
 */
export function imageOf(path: string): string | undefined {
  return imagePath.exec(path)?.[1];
}

const imagePath =
  /^(\/.+?)\/etc(?:\/cont-profile\.d\/[^/]+)?(?:\/(?:fix-attrs|cont-init|services|cont-finish)\.d(?:\/.*)?)?$/s;

/**
 * The place of a path of a tree, with its links followed. In the tree of an image an absolute link to `/Y` leads to `R/Y` if that
 * exists, as it does in a container of the image; else it leads to the `/Y` of this machine. A last link that leads nowhere is not
 * followed. Paths of other trees stay as they are.
 */
export function placeOf(path: string): string {
  const image = imageOf(path);
  if (image === undefined) return path;
  const place = placeInImage(image, path.slice(image.length));
  if (place !== undefined) return place;
  const folder = walk({ image, links: 0 }, image, dirname(path).slice(image.length));
  return folder === undefined ? path : join(folder, basename(path));
}

/** The place of an absolute path in an image; `undefined` if nothing is there. */
export function placeInImage(image: string, path: string): string | undefined {
  return existing(walk({ image, links: 0 }, image, path));
}

interface Walk {
  readonly image: string;
  /** The number of links that were followed. */
  links: number;
}

/** The largest number of links on one path; the kernel's own limit. */
const mostLinks = 40;

/** Follows the links of `path` from a folder on; `undefined` if they are too many. */
function walk(state: Walk, from: string, path: string): string | undefined {
  const names = path.split('/').filter((name) => name !== '');
  let place = from;
  for (const [index, name] of names.entries()) {
    const next: string | undefined = step(state, place, name);
    if (next === undefined) return undefined;
    place = next;
    if (!`${place}/`.startsWith(`${state.image}/`)) return join(place, ...names.slice(index + 1));
  }
  return place;
}

function step(state: Walk, folder: string, name: string): string | undefined {
  const path = join(folder, name);
  const target = targetOf(path);
  if (target === undefined) return path;
  state.links += 1;
  if (state.links > mostLinks) return undefined;
  if (!isAbsolute(target)) return walk(state, folder, target);
  return existing(walk(state, state.image, target)) ?? target;
}

/** The target of a link. */
function targetOf(path: string): string | undefined {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats?.isSymbolicLink() === true ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}

function existing(path: string | undefined): string | undefined {
  try {
    if (path === undefined || lstatSync(path, { throwIfNoEntry: false }) === undefined)
      return undefined;
    return path;
  } catch {
    return undefined;
  }
}

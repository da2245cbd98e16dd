import { resolve } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { TreeError } from '../errors.ts';
import type { Problem } from '../model/problem.ts';
import { problem } from '../model/problem.ts';
import type { Tree } from '../model/tree.ts';
import { deepFreeze } from '../model/tree.ts';
import { tellMissingPlaces } from './absolute-programs.ts';
import type { Files } from './files/files.ts';
import type { Host } from './host.ts';
import { thisHost } from './host.ts';
import { imageFiles } from './files/image-files.ts';
import { profileFolder } from './profile.ts';
import { Reading } from './reading.ts';
import { readTree } from './read-tree.ts';

/** A tree that was read, and the warnings found while reading; both frozen. */
export interface Loaded {
  readonly tree: Tree;
  readonly problems: readonly Problem[];
}

/**
 * Reads the tree in a folder: `fix-attrs.d`, `cont-init.d`, `services.d` and `cont-finish.d`, each of which may be
 * missing. Entries come in byte order, names that begin with a dot are left out, links are followed (s6-overlay).
 *
 * If the folder is the `etc` of an image, `R/etc`, an absolute link to `/Y` leads to `R/Y` if that exists, and an interpreter that
 * this machine does not have may be one of the image.
 *
 * It runs and writes nothing, leaves no descriptor open, and yields to the host's event loop every 10 ms. A second call
 * reads `services.d` again after the init stage.
 *
 * @param profile - The profile that replaces the tree: `cont-profile.d/<profile>` in its folder.
 * @throws TreeError when nothing sensible is left to run: the folder is missing, is not a folder or cannot be read, or
 * has no stage; or there is no such profile.
 */
export async function load(
  root: string | URL,
  files?: Files,
  host: Host | null = thisHost(),
  profile?: string,
): Promise<Loaded> {
  const base = pathOf(root);
  const own = files ?? imageFiles(base);
  const folder = profile === undefined ? base : profileFolder(base, profile, own);
  const reading = new Reading(own, host);
  const steps = readTree(reading, folder);
  let since = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return loaded({ root: folder, ...step.value }, reading);
    if (performance.now() - since < longestTurn) continue;
    await turn();
    since = performance.now();
  }
}

/**
 * Reads a tree synchronously, as `load` does, without checks against the machine and without a folder to read again
 * later.
 *
 * @throws TreeError as `load` does.
 */
export function loadAtOnce(root: string, files: Files): Loaded {
  const reading = new Reading(files, null);
  const steps = readTree(reading, root);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return loaded(step.value, reading);
  }
}

/** The longest time for which the host's event loop is blocked without a break, in milliseconds. */
const longestTurn = 10;

function loaded(tree: Tree, reading: Reading): Loaded {
  tellMissingPlaces(reading);
  const { problems } = reading;
  return deepFreeze({ tree, problems });
}

function pathOf(root: string | URL): string {
  try {
    const path = typeof root === 'string' ? root : fileURLToPath(root);
    if (path !== '') return resolve(path);
  } catch {
    // A URL of another scheme, or with an encoded slash in it.
  }
  const place = String(root);
  const remedy = 'Name a folder by its path or by a file: URL.';
  throw new TreeError(place, [
    problem('root-missing', place, 'the path names no folder', { remedy }),
  ]);
}

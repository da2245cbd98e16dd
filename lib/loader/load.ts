import { resolve } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { TreeError } from '../errors.ts';
import type { Problem } from '../model/problem.ts';
import { problem } from '../model/problem.ts';
import type { Tree } from '../model/tree.ts';
import { deepFreeze } from '../model/tree.ts';
import { diskFiles } from './disk-files.ts';
import type { Files } from './files.ts';
import type { Host } from './host.ts';
import { thisHost } from './host.ts';
import { profileFolder } from './profile.ts';
import { Reading } from './reading.ts';
import { readTree } from './tree.ts';

/** A tree that was read, and the warnings that were met on the way; both frozen. */
export interface Loaded {
  readonly tree: Tree;
  readonly problems: readonly Problem[];
}

/**
 * Reads the tree in a folder: `fix-attrs.d`, `cont-init.d`, `services.d` and `cont-finish.d`, each of which may be missing.
 * Entries come in byte order, names that begin with a dot are left out, links are followed (s6-overlay).
 *
 * Nothing is run, nothing is written, no descriptor stays open, and the host's event loop has its turn every 10 ms. Reading
 * `services.d` again after the init stage is calling this again.
 *
 * @param profile - The profile that stands in the tree's place: `cont-profile.d/<profile>` in its folder.
 * @throws TreeError when nothing sensible is left to run: the folder is missing, is none or cannot be read, or has no stage; or
 * there is no such profile.
 */
export async function load(
  root: string | URL,
  files: Files = diskFiles,
  host: Host | null = thisHost(),
  profile?: string,
): Promise<Loaded> {
  const base = pathOf(root);
  const folder = profile === undefined ? base : profileFolder(base, profile, files);
  const reading = new Reading(files, host);
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
 * Reads a tree in one go, as `load` does, without looking at the machine and with no folder to read again later.
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

/** How long the host's event loop may be kept waiting at a time. Milliseconds. */
const longestTurn = 10;

function loaded(tree: Tree, { problems }: Reading): Loaded {
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
  throw new TreeError(place, [problem('root-missing', place, 'this names no folder', { remedy })]);
}

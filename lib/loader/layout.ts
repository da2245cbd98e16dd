import { basename, dirname, join } from 'node:path';
import { nearest } from '../model/nearest.ts';
import { show } from '../schema/schema.ts';
import type { Reading } from './reading.ts';

/** The folders of the stages (s6-overlay), in the order in which they are read. */
export const stageFolders = ['fix-attrs.d', 'cont-init.d', 'services.d', 'cont-finish.d'] as const;

/** The name of the folder of a stage. */
export type StageFolder = (typeof stageFolders)[number];

/** Where s6-overlay v3 has its definitions for s6-rc, and which of them start. */
const sourceFolder = 's6-overlay/s6-rc.d';
const bundleFolder = 's6-overlay/user-bundles.d';

/** Reports the definitions of s6-rc beside the stages (s6-overlay v3), which do not run. Returns whether there are any. */
export function tellRcDefinitions(reading: Reading, root: string): boolean {
  const source = join(root, sourceFolder);
  const bundles = join(root, bundleFolder);
  const folder = [source, bundles].find((path) => isFolder(reading, path));
  if (folder === undefined) return false;
  const names = folder === source ? definitionsIn(reading, source) : [];
  const says = `has ${countOf(names)} of s6-rc (s6-overlay v3), which this version does not run`;
  reading.tell('s6-rc-unsupported', folder, says, {
    remedy:
      'Make them services of services.d and scripts of cont-init.d, or run the tree under s6-overlay.',
  });
  return true;
}

/** Reports a folder without a stage: what was looked for, what it is instead, and the nearest folder with a stage. */
export function tellNoStage(reading: Reading, root: string): void {
  const hasRc = tellRcDefinitions(reading, root);
  const looked = `has none of ${stageFolders.join(', ')} in it`;
  const { says, remedy } = hasRc ? onlyRc : (instead(reading, root) ?? anotherFolder);
  const found = nearestTree(reading, root);
  reading.tell('no-stage', root, says === '' ? looked : `${looked}; ${says}`, {
    remedy: found === undefined ? remedy : `Name ${found}, which has them.`,
  });
}

interface Words {
  /** What the folder is or has instead; may be empty. */
  readonly says: string;
  readonly remedy: string;
}

const anotherFolder: Words = { says: '', remedy: 'Name the folder that these are in.' };

const onlyRc: Words = {
  says: 'what it has is for s6-rc, so that nothing is left to run',
  remedy: 'Make services.d and cont-init.d from its definitions, or run the tree under s6-overlay.',
};

/** What a folder without a stage is instead, by its entries; `undefined` when that is unknown. */
function instead(reading: Reading, root: string): Words | undefined {
  const folders = foldersIn(reading, root);
  for (const name of folders) {
    const meant = nearest(name, stageFolders);
    if (meant === undefined) continue;
    const remedy = `Rename ${show(name)} to ${show(meant)}, if that is what it is.`;
    return { says: `it has ${show(name)}`, remedy };
  }
  const have = (file: string): boolean =>
    folders.length > 0 && folders.every((name) => has(reading, join(root, name, file)));
  if (have('type')) {
    const says = `it is a source directory of s6-rc with ${countOf(folders)}, which this version does not run`;
    return { ...onlyRc, says };
  }
  if (!have('run')) return undefined;
  const says = 'each of its folders has a run, so that it is a folder of services itself';
  return { says, remedy: 'Let it be the services.d of another folder, and name that one.' };
}

/** The nearest folder with a stage: one that this folder is a part of, or one below it. */
function nearestTree(reading: Reading, root: string): string | undefined {
  return above(reading, root) ?? below(reading, root);
}

/** The folder above a stage that this folder is, or is in. */
function above(reading: Reading, root: string): string | undefined {
  let path = root;
  for (let level = 0; level < levelsUp; level += 1) {
    const isStage = stageFolders.some((name) => name === basename(path));
    if (isStage && isFolder(reading, path)) return dirname(path);
    path = dirname(path);
  }
  return undefined;
}

/** A service's logger is three levels below its tree. */
const levelsUp = 4;

/** The folder of the tree in a folder that is above it, such as the root of an image. */
function below(reading: Reading, root: string): string | undefined {
  const folders = foldersIn(reading, root).slice(0, mostLookedInto);
  const firsts = folders.includes('etc') ? ['etc'] : [];
  const inside = [...firsts, ...folders, ...folders.map((name) => join(name, 'etc'))];
  return inside.map((name) => join(root, name)).find((path) => hasStage(reading, path));
}

/** How many folders of a folder are looked into. */
const mostLookedInto = 100;

function hasStage(reading: Reading, folder: string): boolean {
  return stageFolders.some((name) => isFolder(reading, join(folder, name)));
}

/** The definitions in a source directory of s6-rc: its folders with a `type`. */
function definitionsIn(reading: Reading, source: string): readonly string[] {
  return foldersIn(reading, source).filter((name) => has(reading, join(source, name, 'type')));
}

function foldersIn(reading: Reading, folder: string): readonly string[] {
  const listing = reading.files.list(folder, ['etc', ...stageFolders]);
  if (listing.kind === 'unreadable') return [];
  const visible = listing.names.filter((name) => !name.startsWith('.'));
  return visible.filter((name) => isFolder(reading, join(folder, name)));
}

function isFolder({ files }: Reading, path: string): boolean {
  return files.look(path).kind === 'folder';
}

function has({ files }: Reading, path: string): boolean {
  return files.look(path).kind === 'file';
}

/** `2 definitions (db, web)`. */
function countOf(names: readonly string[]): string {
  const [first, second, third, ...others] = names;
  const shown = [first, second, third].filter((name) => name !== undefined).join(', ');
  const more = others.length === 0 ? '' : ` and ${String(others.length)} more`;
  if (names.length === 0) return 'definitions';
  const word = names.length === 1 ? 'definition' : 'definitions';
  return `${String(names.length)} ${word} (${shown}${more})`;
}

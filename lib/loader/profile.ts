import { join } from 'node:path';
import { TreeError } from '../errors.ts';
import { problem } from '../model/problem.ts';
import type { Files } from './files/files.ts';

/** The folder of a tree's profiles (s6-overlay v2). */
const folderName = 'cont-profile.d';

/** Whether a string can be the name of a profile: one component of a path. */
export function isProfileName(name: string): boolean {
  return /^[^/\0]+$/.test(name) && name !== '.' && name !== '..';
}

/** The profile that the variables name; an empty name is none (s6-overlay v2). */
export function profileOf(
  variables: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const name = variables['S6_RUNTIME_PROFILE'];
  return name === '' ? undefined : name;
}

/**
 * The folder of a profile of the tree in `root`; a profile is a whole tree that replaces it. A missing root is not
 * reported here, but by the reader of the folder.
 *
 * @throws TreeError when there is no such profile.
 */
export function profileFolder(root: string, name: string, files: Files): string {
  const profiles = join(root, folderName);
  const isName = isProfileName(name);
  const folder = isName ? join(profiles, name) : profiles;
  if (isName && files.look(folder).kind === 'folder') return folder;
  if (files.look(root).kind !== 'folder') return root;
  const why = isName
    ? `there is no profile '${name}'`
    : `'${name}' is no profile: a name is one component of a path`;
  throw new TreeError(root, [
    problem('root-missing', folder, why, { remedy: `${others(profiles, files)}${remedy}` }),
  ]);
}

const remedy = 'Make that folder, or change the option profile or the variable S6_RUNTIME_PROFILE.';

function others(profiles: string, files: Files): string {
  const listing = files.list(profiles);
  const names = listing.kind === 'names' ? listing.names : [];
  return names.length === 0 ? '' : `There are ${names.join(', ')}. `;
}

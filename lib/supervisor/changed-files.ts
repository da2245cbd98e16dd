import { dirname, join, relative } from 'node:path';
import { fields } from '../loader/fields.ts';
import type { Files } from '../loader/files/files.ts';
import { imageFiles } from '../loader/files/image-files.ts';

/** What scripts have changed of the files of a service, by name: the path of the changed file, or `null` for a removed one. */
export type ChangesOf = (
  service: string,
  names: { has(name: string): boolean },
) => ReadonlyMap<string, string | null>;

/**
 * The host's disk, with the control files of services as scripts have changed them in the scan directory, where these changes do not
 * reach the tree.
 */
export function changedFiles(root: string, changesOf: ChangesOf): Files {
  const disk = imageFiles(root);
  const services = join(root, 'services.d');
  const known = new Map<string, ReadonlyMap<string, string | null>>();
  const changesIn = (folder: string): ReadonlyMap<string, string | null> => {
    const found = known.get(folder) ?? changesOf(relative(services, folder), fields);
    known.set(folder, found);
    return found;
  };
  const isService = (folder: string): boolean => {
    const name = relative(services, folder);
    return name !== '' && !/^\.\.(\/|$)/.test(name) && /^[^/]+(\/log)?$/.test(name);
  };
  const placeOf = (path: string): string | null => {
    const folder = dirname(path);
    const name = path.slice(folder.length + 1);
    const isControlFile = fields.has(name) && isService(folder);
    const changed = isControlFile ? changesIn(folder).get(name) : undefined;
    return changed === undefined ? path : changed;
  };
  return {
    look: (path) => {
      const place = placeOf(path);
      return place === null ? { kind: 'missing' } : disk.look(place);
    },
    read: (path, limit) => disk.read(placeOf(path) ?? path, limit),
    listInSteps: (folder) => disk.listInSteps(folder),
    list: (folder, wanted) => {
      const listing = disk.list(folder, wanted);
      if (listing.kind !== 'names' || !isService(folder)) return listing;
      const changes = changesIn(folder);
      if (changes.size === 0) return listing;
      const kept = listing.names.filter((name) => changes.get(name) !== null);
      const added = [...changes].flatMap(([name, path]) => (path === null ? [] : [name]));
      return { ...listing, names: [...new Set([...kept, ...added])] };
    },
  };
}

import { imageOf, placeOf } from '../../system/image-path.ts';
import { diskFiles } from './disk-files.ts';
import type { Files } from './files.ts';

/** The folder trees of the disk, for the tree in `root`. If that is the `etc` of an image, its absolute links are followed in the image. */
export function imageFiles(root: string): Files {
  if (imageOf(root) === undefined) return diskFiles;
  return {
    look: (path) => diskFiles.look(placeOf(path)),
    list: (path, wanted) => diskFiles.list(placeOf(path), wanted),
    listInSteps: (path) => diskFiles.listInSteps(placeOf(path)),
    read: (path, limit) => diskFiles.read(placeOf(path), limit),
  };
}

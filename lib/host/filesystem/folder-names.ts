import type { LoopPause } from './loop-turns.ts';
import { attempt } from './entry-error.ts';
import type { Inode } from './inode.ts';

/** Returns the names in a folder for which `accepts` is true, as byte strings, in the order of the file system. */
export async function namesIn(
  folder: Inode,
  accepts: (name: string) => boolean,
  pause: LoopPause,
): Promise<string[]> {
  const names: string[] = [];
  const listing = folder.openFolder();
  try {
    for (;;) {
      const entry = attempt(folder.path, () => listing.readSync());
      if (entry === null) return names;
      const name = Buffer.from(entry.name).toString('latin1');
      if (accepts(name)) names.push(name);
      if (pause.isDue) await pause.take();
    }
  } finally {
    listing.closeSync();
  }
}

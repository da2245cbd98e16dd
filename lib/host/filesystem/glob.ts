import type { LoopPause } from './loop-turns.ts';
import { EntryError } from './entry-error.ts';
import { namesIn } from './folder-names.ts';
import { Inode } from './inode.ts';
import type { Attributes } from './entry-trust.ts';
import { isFixed, isTrusted } from './entry-trust.ts';
import type { GlobPattern } from '../../model/glob-pattern.ts';
import { parseGlobPath, splitPath } from '../../model/glob-pattern.ts';

/** An entry that a path or a walk has found. The receiver closes the inode. */
export interface FoundPath {
  readonly inode: Inode;
  /** The attributes of the folder that contains it. */
  readonly folder: Attributes;
}

/** A parsed path: the patterns of its names, beginning at the root. */
export interface Glob {
  readonly patterns: readonly GlobPattern[];
  /** Whether it has a wildcard, so that it may match nothing. */
  readonly isWild: boolean;
}

/** How to expand a path. */
export interface Expansion {
  /** The mount point of procfs. */
  readonly procfs: string;
  readonly pause: LoopPause;
  /** Called with the error for each entry that cannot be reached. */
  readonly onFailure: (error: unknown) => void;
}

/** Parses a path with wildcards; a relative one begins in the working directory. Returns a string that says why it is invalid. */
export function readGlob(text: string): Glob | string {
  const parsed = parseGlobPath(bytesOf(text));
  if (typeof parsed === 'string') return parsed;
  const before = text.startsWith('/') ? [] : workingDirectory();
  if (before === undefined) return 'begins in the present folder, which does not exist';
  const patterns = [...before, ...parsed];
  return { patterns, isWild: parsed.some(({ name }) => name === undefined) };
}

/**
 * Yields the entries that a path matches, in the order of the file system. Symbolic links in the middle, and one that is named at
 * the end, are followed if only root and the account of this process can have made them; a link that a wildcard finds at the end is
 * not followed. No wildcard matches `.` and `..`.
 */
export async function* expandGlob(glob: Glob, how: Expansion): AsyncGenerator<FoundPath> {
  let inode: Inode;
  try {
    inode = Inode.root(how.procfs);
  } catch (error) {
    how.onFailure(error);
    return;
  }
  yield* expand({ inode, folder: inode.stats }, glob.patterns, 0, how);
}

/** Closes the inode that it starts from, unless it yields it. */
async function* expand(
  start: FoundPath,
  patterns: readonly GlobPattern[],
  from: number,
  how: Expansion,
): AsyncGenerator<FoundPath> {
  let at = start;
  for (let index = from; index < patterns.length; index++) {
    const name = patterns[index]?.name;
    if (name === undefined) {
      yield* expandWildcard(at.inode, patterns, index, how);
      return;
    }
    const { inode } = at;
    try {
      at = step(inode, name, true);
    } catch (error) {
      return how.onFailure(error);
    } finally {
      inode.close();
    }
  }
  yield at;
}

async function* expandWildcard(
  folder: Inode,
  patterns: readonly GlobPattern[],
  index: number,
  how: Expansion,
): AsyncGenerator<FoundPath> {
  const follows = index < patterns.length - 1;
  try {
    for (const name of await matchingNames(folder, patterns[index], how)) {
      if (how.pause.isDue) await how.pause.take();
      const found = tryStep(folder, name, follows, how);
      if (found !== undefined) yield* expand(found, patterns, index + 1, how);
    }
  } finally {
    folder.close();
  }
}

async function matchingNames(
  folder: Inode,
  pattern: GlobPattern | undefined,
  { pause, onFailure }: Expansion,
): Promise<readonly string[]> {
  try {
    return await namesIn(folder, (name) => pattern?.matches(name) === true, pause);
  } catch (error) {
    onFailure(error);
    return [];
  }
}

function tryStep(
  folder: Inode,
  name: string,
  follows: boolean,
  { onFailure }: Expansion,
): FoundPath | undefined {
  try {
    return step(folder, name, follows);
  } catch (error) {
    onFailure(error);
    return undefined;
  }
}

/** Opens an entry of a folder and follows links, as many as the kernel does (40). */
function step(folder: Inode, name: string, follows: boolean, left = { links: 40 }): FoundPath {
  const inode = folder.open(name);
  if (!follows || !inode.stats.isSymbolicLink()) return { inode, folder: folder.stats };
  try {
    return followLink(folder, inode, name, left);
  } finally {
    inode.close();
  }
}

function followLink(folder: Inode, link: Inode, name: string, left: { links: number }): FoundPath {
  refuseForeignLink(folder, link);
  if (folder.isOfProcfs) return { inode: folder.openFollowed(name), folder: folder.stats };
  if (left.links-- === 0) {
    throw new EntryError(link.path, 'is a link that leads to itself', { code: 'ELOOP' });
  }
  const text = folder.readLink(name);
  const inode = text.startsWith('/') ? folder.openRoot() : folder.open('.');
  let at: FoundPath = { inode, folder: folder.stats };
  for (const next of splitPath(text)) {
    const { inode: before } = at;
    try {
      at = step(before, next, true, left);
    } finally {
      before.close();
    }
  }
  return at;
}

/**
 * Rejects a link that another account could point anywhere, as the kernel does with `fs.protected_symlinks`. The folder is
 * checked as well, since the text of a link can only be read by its name.
 */
function refuseForeignLink(folder: Inode, link: Inode): void {
  const { uid } = link.stats;
  const remedy = 'Name the place that it leads to instead.';
  if (!isTrusted(uid)) {
    const reason = `is a symbolic link of the account ${String(uid)} and is not followed`;
    throw new EntryError(link.path, reason, { remedy });
  }
  if (isFixed(folder.stats, link.stats)) return;
  const reason = 'is a symbolic link that another account can replace and is not followed';
  throw new EntryError(link.path, reason, { remedy });
}

function workingDirectory(): readonly GlobPattern[] | undefined {
  try {
    const names = splitPath(bytesOf(process.cwd()));
    return names.map((name) => ({ name, matches: (text) => text === name }));
  } catch {
    return undefined;
  }
}

/** Converts a text into a byte string: one character for each byte. */
function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}

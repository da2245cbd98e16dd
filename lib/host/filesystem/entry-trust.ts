import type { Stats } from 'node:fs';

/** What is known of an entry in a folder. */
export type Attributes = Pick<Stats, 'uid' | 'gid' | 'mode' | 'nlink' | 'isDirectory'>;

/** Whether an entry belongs to root or to the account of this process. */
export function isTrusted(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.();
}

/** Whether only root and the account of this process can add, rename or remove entries of a folder. */
export function isClosed(folder: Attributes): boolean {
  return isTrusted(folder.uid) && !isOpenToGroup(folder) && (folder.mode & 0o002) === 0;
}

/** Whether no other account can put something else in the place of an entry of a folder. */
export function isFixed(folder: Attributes, entry: Attributes): boolean {
  const isSticky = (folder.mode & 0o1000) !== 0;
  return isClosed(folder) || (isSticky && isTrusted(folder.uid) && isTrusted(entry.uid));
}

/**
 * Whether an entry has other names, and another account than its owner may have put it into the folder: a hard link needs no
 * right to the file itself, unless the kernel demands one (`fs.protected_hardlinks`).
 */
export function isForeignLink(folder: Attributes, entry: Attributes): boolean {
  if (entry.isDirectory() || entry.nlink < 2 || isClosed(folder)) return false;
  const isOpen = isOpenToGroup(folder) && folder.gid !== entry.gid;
  return folder.uid !== entry.uid || isOpen || (folder.mode & 0o002) !== 0;
}

function isOpenToGroup({ mode, gid }: Attributes): boolean {
  return (mode & 0o020) !== 0 && gid !== 0 && gid !== process.getegid?.();
}

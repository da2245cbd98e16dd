import type { Stats } from 'node:fs';

/** The attributes that these checks read. */
export type Attributes = Pick<Stats, 'uid' | 'gid' | 'mode' | 'nlink' | 'isDirectory'>;

/** Whether an entry belongs to root or to the account of this process. */
export function isTrusted(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.();
}

/** Whether only root and the account of this process can add, rename or remove entries of a folder. */
export function isClosed(folder: Attributes): boolean {
  return isTrusted(folder.uid) && !isOpenToGroup(folder) && (folder.mode & 0o002) === 0;
}

/** Whether no other account can replace an entry of a folder. */
export function isFixed(folder: Attributes, entry: Attributes): boolean {
  const isSticky = (folder.mode & 0o1000) !== 0;
  return isClosed(folder) || (isSticky && isTrusted(folder.uid) && isTrusted(entry.uid));
}

/**
 * Whether an entry has several names, and an account other than its owner may have linked it into the folder: creating a hard
 * link needs no permission for the file itself, unless the kernel requires one (`fs.protected_hardlinks`).
 */
export function isForeignLink(folder: Attributes, entry: Attributes): boolean {
  if (entry.isDirectory() || entry.nlink < 2 || isClosed(folder)) return false;
  const isOpen = isOpenToGroup(folder) && folder.gid !== entry.gid;
  return folder.uid !== entry.uid || isOpen || (folder.mode & 0o002) !== 0;
}

function isOpenToGroup({ mode, gid }: Attributes): boolean {
  return (mode & 0o020) !== 0 && gid !== 0 && gid !== process.getegid?.();
}

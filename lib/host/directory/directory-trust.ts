import { lstatSync, readlinkSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { readMembers } from '../os/read-accounts.ts';
import { RuntimeDirectoryError } from '../../errors.ts';

/** A component of a path that another account can change, or that is not a folder, and the remedy. */
export interface Distrust {
  readonly reason: 'untrusted' | 'unusable';
  readonly path: string;
  /** The reason, worded to follow the path in a sentence. */
  readonly why: string;
  readonly remedy: string;
}

/** The number of symbolic links that Linux follows in one path. */
const mostLinks = 40;

/**
 * The first component of a path through which an account other than root and the host's could replace the directory or put
 * files into it; `undefined` when there is none.
 *
 * The directory, each directory above it, and each symbolic link in the path must belong to root, to the host's account or to
 * the owner of `/` (in a user namespace root may have another number). Other accounts may have write permission to a directory
 * above it only if that has the sticky bit, which protects the files of other owners (`/tmp`), and never to the directory itself.
 * Group write permission is accepted for root's group, and for the host's group if that has no other member. The check ends at a
 * component that does not exist, since the host's account creates it. Access control lists are not read.
 *
 * @throws the system's error when a component cannot be inspected.
 */
export function distrustOf(path: string): Distrust | undefined {
  const owners = new Set([0, process.geteuid?.() ?? 0, lstatSync('/').uid]);
  let at = '/';
  const rest = components(path);
  let links = 0;
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const next = name === '..' ? dirname(at) : join(at, name);
    const stats = lstatSync(next, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    const found = ownerOf(next, stats, owners) ?? writersOf(next, stats);
    if (found !== undefined) return found;
    if (!stats.isSymbolicLink()) at = next;
    else {
      links += 1;
      if (links > mostLinks) return undefined;
      const target = readlinkSync(next);
      if (isAbsolute(target)) at = '/';
      rest.unshift(...components(target));
    }
  }
  const stats = lstatSync(at);
  if (!stats.isDirectory()) return noFolder(at);
  return isOpenToOthers(stats) ? openDirectory(at, stats) : undefined;
}

/** @throws RuntimeDirectoryError when another account can change the contents of the directory. */
export function requireTrust(path: string): void {
  const distrust = distrustOf(path);
  if (distrust === undefined) return;
  throw new RuntimeDirectoryError(distrust.reason, distrust.path, distrust.why, distrust.remedy);
}

function components(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function ownerOf(path: string, stats: Stats, owners: ReadonlySet<number>): Distrust | undefined {
  if (owners.has(stats.uid)) return undefined;
  return {
    reason: 'untrusted',
    path,
    why: `belongs to the account ${String(stats.uid)} (mode ${modeOf(stats)}), which can replace what is in it`,
    remedy: `Give it to root or to the host's account (chown), or name another runtimeDirectory.`,
  };
}

function writersOf(path: string, stats: Stats): Distrust | undefined {
  const isSticky = (stats.mode & 0o1000) !== 0;
  if (!stats.isDirectory() || isSticky || !isOpenToOthers(stats)) return undefined;
  return openDirectory(path, stats);
}

function noFolder(path: string): Distrust {
  const remedy = 'Name a folder as the runtimeDirectory.';
  return { reason: 'unusable', path, why: 'is not a folder', remedy };
}

function openDirectory(path: string, stats: Stats): Distrust {
  const isSticky = (stats.mode & 0o1000) !== 0;
  const where = isSticky
    ? `where others have to, name a folder in it, such as ${join(path, 'stagekeeper')}.`
    : `where others have to, set its sticky bit (chmod +t ${path}) and name a folder in it as the runtimeDirectory.`;
  return {
    reason: 'untrusted',
    path,
    why: `can be written to by other accounts (owner ${String(stats.uid)}, group ${String(stats.gid)}, mode ${modeOf(stats)})`,
    remedy: `Let root and the host's account alone write to it (chmod go-w ${path}); ${where}`,
  };
}

function isOpenToOthers({ mode, gid }: Stats): boolean {
  return (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && !isOwnGroup(gid));
}

function isOwnGroup(gid: number): boolean {
  if (gid === 0) return true;
  if (gid !== process.getegid?.()) return false;
  return readMembers(gid).every((uid) => uid === 0 || uid === process.geteuid?.());
}

function modeOf({ mode }: Stats): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

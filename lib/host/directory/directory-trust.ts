import { lstatSync, readlinkSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { readMembers } from '../os/read-accounts.ts';
import { RuntimeDirectoryError } from '../../errors.ts';

/** A component of a path that another account can change, or that is no folder, and the way to mend that. */
export interface Distrust {
  readonly reason: 'untrusted' | 'unusable';
  readonly path: string;
  /** The rest of a sentence that begins with the path. */
  readonly why: string;
  readonly remedy: string;
}

/** The links on the way to one file that Linux follows. */
const mostLinks = 40;

/**
 * The first component on the way to a directory by which another account than root and the host's own could put another
 * directory in its place, or its own files into it; `undefined` where there is none.
 *
 * The directory, every directory above it, and every link on the way must belong to root, to the host's account or to the
 * owner of `/` (in a user namespace root may appear under another number). Other accounts may write to a directory above it
 * only where the sticky bit keeps them from what is not theirs (`/tmp`), and to the directory itself not at all. A group may
 * write where it is root's, or the host's own one that no other account is in. A component that does not exist ends the way:
 * the host's account makes it. Access control lists are not read.
 *
 * @throws the system's error when a component cannot be looked at.
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

/** @throws RuntimeDirectoryError when another account can change what is in the directory. */
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

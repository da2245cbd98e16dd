import { accessSync, constants, fchmodSync, fstatSync, readlinkSync } from 'node:fs';
import { isatty } from 'node:tty';
import { pathOf } from '../os/descriptor.ts';
import type { Credentials } from '../../model/accounts.ts';

/** The properties of one of the host's standard streams. */
export interface HostStream {
  readonly kind: 'pipe' | 'terminal' | 'device' | 'socket' | 'file';
  /** Whether the supervisor can open it again. */
  readonly reopens: boolean;
  /** Permissions and owner, which decide whether another account can open it. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Equal for two descriptors of one pipe, socket or device. */
  readonly identity: string;
}

/**
 * How a child gets a standard stream of the host:
 *
 * - `none`: the host has closed it, so the child gets `/dev/null`.
 * - `reopened`: an open file description of its own. Programs make their standard streams non-blocking (each Node program does),
 *   and a program that shares the description then fails with EAGAIN.
 * - `inherited`: the host's own description, for devices, and for a terminal that cannot be opened again.
 * - `relayed`: a pipe that the supervisor copies to the stream. A socket cannot be opened as `/dev/stdout`, and a pipe of
 *   another account cannot be opened again; a program that opens `/dev/stdout` by `>` would truncate a file; and another
 *   account may not open what it has no permission for.
 */
export type Sharing = 'none' | 'reopened' | 'inherited' | 'relayed';

/** @param account - The account of the child. Default: the host's. */
export function sharingOf(stream: HostStream | undefined, account?: Credentials): Sharing {
  if (stream === undefined) return 'none';
  if (stream.kind === 'socket' || stream.kind === 'file' || !mayOpen(stream, account)) {
    return 'relayed';
  }
  if (stream.kind === 'device') return 'inherited';
  if (stream.reopens) return 'reopened';
  return stream.kind === 'pipe' ? 'relayed' : 'inherited';
}

function mayOpen({ mode, uid, gid }: HostStream, account: Credentials | undefined): boolean {
  if (account === undefined || account.uid === 0) return true;
  if (account.uid === uid) return (mode & constants.S_IWUSR) !== 0;
  const isMember = account.groups.includes(gid);
  return (mode & (isMember ? constants.S_IWGRP : constants.S_IWOTH)) !== 0;
}

/** Inspects a descriptor of this process; `undefined` if it is closed. */
export function inspectStream(descriptor: number): HostStream | undefined {
  try {
    const stat = fstatSync(descriptor);
    const { mode, uid, gid, dev, ino } = stat;
    const identity = `${String(dev)}:${String(ino)}`;
    const reopens = canOpen(descriptor);
    return { kind: kindOf(stat, descriptor), reopens, mode, uid, gid, identity };
  } catch {
    return undefined;
  }
}

type Stat = ReturnType<typeof fstatSync>;

function kindOf(stat: Stat, descriptor: number): HostStream['kind'] {
  if (stat.isFIFO()) return 'pipe';
  if (stat.isSocket()) return 'socket';
  if (!stat.isCharacterDevice()) return 'file';
  return isatty(descriptor) ? 'terminal' : 'device';
}

function canOpen(descriptor: number): boolean {
  try {
    accessSync(pathOf(descriptor), constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Lets every account open a pipe for writing, which a program that drops root (`s6-setuidgid`) needs for its `/dev/stdout`. Only
 * root does this, and only for a pipe without a name in a file system: a process can open that only if it has a descriptor of it.
 */
export function letAllOpen(descriptor: number, { kind, mode }: HostStream): void {
  const isOpen = (mode & constants.S_IWOTH) !== 0;
  if (kind !== 'pipe' || isOpen || process.geteuid?.() !== 0) return;
  try {
    if (!readlinkSync(pathOf(descriptor)).startsWith('pipe:')) return;
    fchmodSync(descriptor, (mode & 0o777) | forWriters);
  } catch {
    // The mode is unchanged, and children of other accounts get a relay.
  }
}

const forWriters = 0o222;

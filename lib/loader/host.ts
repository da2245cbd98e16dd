import { readlinkSync, statSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import type { Accounts } from '../model/accounts.ts';
import { longestAccountList, parseAccounts } from '../model/accounts.ts';
import { imageOf, placeInImage } from '../system/image-path.ts';
import { readText } from '../system/read-file.ts';

/** The port to the machine that a tree is looked at on: what the tree needs of it to run. */
export interface Host {
  /**
   * Whether there is such a program to execute. A name is looked up on the host's PATH; a path that is not absolute is
   * taken from `folder`. If that is in the tree of an image, `/Y` may also be a program of the image.
   */
  finds(program: string, folder: string): boolean;
  /** Whether a script can execute the program at this absolute path once the supervisor runs. */
  reaches(path: string): boolean;
  /** The machine's accounts; none, when they cannot be read. */
  accounts(): Accounts;
}

/** What a supervisor adds to its machine while it runs. */
export interface Additions {
  /** The folder of its programs, to which links of the machine may lead. Default: that of s6-overlay's runtime directory. */
  readonly programs?: string;
  /** Whether it makes the links of s6-overlay to them. Default: false. */
  readonly makesLinks?: boolean;
}

/** This machine, as it is now: to be made anew for each reading, since it remembers what it has found. */
export function thisHost({ programs = '/run/s6/bin', makesLinks = false }: Additions = {}): Host {
  const found = new Map<string, boolean>();
  let known: Accounts | undefined;
  const isThere = (path: string): boolean => {
    const before = found.get(path);
    if (before !== undefined) return before;
    const is = isExecutable(path);
    found.set(path, is);
    return is;
  };
  return {
    finds(program, folder) {
      const places = program.includes('/') ? placesOf(program, folder) : onPath(program, folder);
      return places.some(isThere);
    },
    reaches(path) {
      return makesLinks || isThere(path) || [path, dirname(path)].some(leadsTo(programs));
    },
    accounts: () => (known ??= parseAccounts(listAt('/etc/passwd'), listAt('/etc/group'))),
  };
}

/** Where programs are looked up when the host has no PATH (s6-overlay's and Docker's default). */
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function onPath(program: string, folder: string): readonly string[] {
  const path = process.env['PATH'] ?? defaultPath;
  return path.split(':').map((entry) => resolve(folder, entry, program));
}

function placesOf(program: string, folder: string): readonly string[] {
  const image = isAbsolute(program) ? imageOf(folder) : undefined;
  const inImage = image === undefined ? undefined : placeInImage(image, program);
  return [resolve(folder, program), ...(inImage === undefined ? [] : [inImage])];
}

function isExecutable(path: string): boolean {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.isFile() === true && (stats.mode & 0o111) !== 0;
  } catch {
    return false;
  }
}

/** Whether a path is a link into a folder, which need not exist yet. */
function leadsTo(folder: string): (path: string) => boolean {
  return (path) => {
    try {
      const target = resolve(dirname(path), readlinkSync(path));
      return target === folder || dirname(target) === folder;
    } catch {
      return false;
    }
  };
}

function listAt(path: string): string {
  return readText(path, longestAccountList) ?? '';
}

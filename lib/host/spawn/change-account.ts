import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import type { Credentials } from '../../model/accounts.ts';
import type { Problem } from '../../model/problem.ts';
import { problem } from '../../model/problem.ts';

/** How a process gets its account. */
export interface AccountChange {
  /** The ids that the start sets; it drops all supplementary groups. Absent: the process keeps those of the host. */
  readonly ids?: { readonly uid: number; readonly gid: number };
  /** The program, with its first words, that changes the account and then executes the rest of its words in the same process. */
  readonly program?: readonly string[];
}

/**
 * Decides how processes change their account. Node and `posix_spawn` set no supplementary groups, so a process of an account that
 * has some is started by a program that does: `setpriv` of util-linux, `s6-applyuidgid`, runit's `chpst`, or busybox's `su`.
 * Where there is none the process runs without them, and a problem says so once for each account.
 */
export class AccountChanges {
  readonly #onProblem: (problem: Problem) => void;
  readonly #folders: () => readonly string[];
  readonly #reported = new Set<string>();

  /** @param folders - Where the programs are looked for. Default: the host's PATH, and the system's folders. */
  constructor(
    onProblem: (problem: Problem) => void = () => undefined,
    folders: () => readonly string[] = systemFolders,
  ) {
    this.#onProblem = onProblem;
    this.#folders = folders;
  }

  /** @param user - The account in the words of the service; `name` is the service, for problems. */
  to(wanted: Credentials, user: string, name: string): AccountChange {
    if (isAlreadyHere(wanted)) return {};
    const { uid, gid, groups } = wanted;
    const further = groups.filter((group) => group !== gid);
    const isBeyondNode = Math.max(uid, gid) > largestOfNode;
    const program =
      (further.length > 0 || isBeyondNode) && maySetGroups()
        ? this.#programFor(wanted, user)
        : undefined;
    if (program !== undefined) return { program };
    // The system refuses that an account without privileges drops a group, and Node ignores it.
    const kept = isPrivileged() ? [] : presentGroups();
    const missing = further.filter((group) => !kept.includes(group));
    if (missing.length > 0) this.#report(user, name, missing);
    return { ids: { uid, gid } };
  }

  #programFor({ uid, gid, groups }: Credentials, user: string): readonly string[] | undefined {
    const [owner, group, all] = [String(uid), String(gid), groups.map(String)];
    const busybox = this.#find('busybox');
    const setpriv = this.#find('setpriv', busybox);
    if (setpriv !== undefined) {
      const ids = ['--reuid', owner, '--regid', group, '--groups', all.join()];
      return [setpriv, ...ids, '--'];
    }
    const apply = this.#find('s6-applyuidgid');
    if (apply !== undefined) return [apply, '-u', owner, '-g', group, '-G', all.join(), '--'];
    const chpst = this.#find('chpst', busybox);
    if (chpst !== undefined) return [chpst, '-u', `:${[owner, ...all].join(':')}`];
    return this.#byBusybox(user, busybox);
  }

  /** Its `su` reads the groups itself, and executes the program; other implementations of `su` stay its parent. */
  #byBusybox(user: string, busybox: string | undefined): readonly string[] | undefined {
    const su = this.#find('su');
    const isBusybox = [busybox, this.#find('bbsuid')].some((its) => isSameFile(su, its));
    if (su === undefined || !isBusybox || !/^[a-z_][\w.-]*$/i.test(user)) return undefined;
    return [su, '-m', '-s', '/bin/sh', '-c', 'exec "$@"', '--', user, 'sh'];
  }

  /** The path of a program, unless it is the same file as `other`: busybox has programs with other options. */
  #find(name: string, other?: string): string | undefined {
    const path = this.#folders()
      .map((folder) => `${folder}/${name}`)
      .find(isExecutable);
    return isSameFile(path, other) ? undefined : path;
  }

  #report(user: string, name: string, missing: readonly number[]): void {
    if (this.#reported.has(user)) return;
    this.#reported.add(user);
    const list = missing.join(', ');
    const message = `the service runs as '${user}' without its supplementary groups (${list}): ${whyNot()}`;
    this.#onProblem(problem('groups-missing', name, message, { remedy: remedyFor() }));
  }
}

/** The largest id that Node sets; Linux has twice as many. */
const largestOfNode = 2 ** 31 - 1;

function systemFolders(): readonly string[] {
  const own = (process.env['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/'));
  return [...new Set([...own, '/usr/sbin', '/usr/bin', '/sbin', '/bin', '/command'])];
}

function isAlreadyHere({ uid, gid, groups }: Credentials): boolean {
  const isUser = process.getuid?.() === uid && process.geteuid?.() === uid;
  if (!isUser || process.getgid?.() !== gid || process.getegid?.() !== gid) return false;
  const present = new Set([gid, ...presentGroups()]);
  return present.size === groups.length && groups.every((group) => present.has(group));
}

function presentGroups(): readonly number[] {
  return process.getgroups?.() ?? [];
}

function isPrivileged(): boolean {
  return process.geteuid?.() === 0;
}

/** Root of a user namespace may be denied it. */
function maySetGroups(): boolean {
  return isPrivileged() && !isDenied();
}

function isDenied(): boolean {
  try {
    return readFileSync('/proc/self/setgroups', 'latin1').trim() === 'deny';
  } catch {
    return false;
  }
}

function whyNot(): string {
  if (!isPrivileged()) return 'only root can give a process groups that this host does not have';
  if (isDenied()) return 'the user namespace of this host allows no change of groups';
  return 'there is no program here that can set them';
}

function remedyFor(): string {
  if (!isPrivileged()) return 'Start the host as root, or with these groups.';
  if (isDenied()) return 'Start the host in a user namespace that maps groups (newgidmap).';
  return 'Install util-linux (setpriv), s6 (s6-applyuidgid) or runit (chpst).';
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isSameFile(path: string | undefined, other: string | undefined): boolean {
  if (path === undefined || other === undefined) return false;
  const [one, two] = [statSync(path), statSync(other)];
  return one.dev === two.dev && one.ino === two.ino;
}

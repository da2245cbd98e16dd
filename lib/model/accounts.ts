/** The accounts of a machine, by name, as `passwd` and `group` list them. */
export interface Accounts {
  readonly users: ReadonlyMap<string, User>;
  /** The id of each group. */
  readonly groups: ReadonlyMap<string, number>;
}

/** The bytes of the longest list of accounts that is read. */
export const longestAccountList = 16 * 1024 * 1024;

/** A user of the system. */
export interface User {
  readonly name: string;
  readonly uid: number;
  /** The user's primary group. */
  readonly gid: number;
}

/** The ids of an account. An id that the account does not name is absent; it stays as it is. */
export interface AccountIds {
  readonly uid?: number;
  readonly gid?: number;
}

/** What a process of an account has. */
export interface Credentials {
  readonly uid: number;
  readonly gid: number;
  /** All its groups: the primary one and the supplementary ones, each once. */
  readonly groups: readonly number[];
}

/**
 * Reads the text of `/etc/passwd` and `/etc/group`. Of two lines for one name the first counts; malformed lines are
 * ignored (getpwnam).
 */
export function parseAccounts(passwd: string, group: string): Accounts {
  const users = new Map<string, User>();
  for (const [name, , uid, gid] of records(passwd)) {
    const user = { uid: parseId(uid), gid: parseId(gid) };
    if (name === undefined || name === '' || users.has(name)) continue;
    if (user.uid !== undefined && user.gid !== undefined) {
      users.set(name, { name, uid: user.uid, gid: user.gid });
    }
  }
  const groups = new Map<string, number>();
  for (const [name, , text] of records(group)) {
    const gid = parseId(text);
    if (name === undefined || name === '' || groups.has(name) || gid === undefined) continue;
    groups.set(name, gid);
  }
  return { users, groups };
}

/**
 * The accounts in a group, by the text of `/etc/passwd` and `/etc/group`: those that have it as their primary group, and its
 * members. Each is a uid, or the name of a member that `passwd` does not list.
 */
export function parseMembers(
  gid: number,
  passwd: string,
  group: string,
): readonly (number | string)[] {
  const { users } = parseAccounts(passwd, '');
  const primary = [...users.values()].filter((user) => user.gid === gid).map(({ uid }) => uid);
  const listed = records(group)
    .filter(([, , id]) => parseId(id) === gid)
    .flatMap(([, , , names = '']) => names.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .map((name) => users.get(name)?.uid ?? name);
  return [...primary, ...listed];
}

/**
 * The ids of an account: `name`, `uid`, `uid:gid`, `name:group` or a mix, optionally followed by `,fallback` for
 * whatever cannot be resolved (s6-overlay's fix-attrs). `-` names no id, so the owner stays (this library, as `-` does
 * for a mode).
 *
 * A user without a group gets its primary group; a uid without a user gets no group. A name takes precedence over a
 * number, as with chown. Returns `undefined` when a part is unknown and the fallback cannot be resolved either.
 */
export function resolveAccount(accounts: Accounts, account: string): AccountIds | undefined {
  const found = find(accounts, account);
  if (found === undefined) return undefined;
  const { uid, gid } = found;
  return { ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) };
}

/**
 * What a process gets that runs as an account, in the forms of `resolveAccount`, by the text of `/etc/passwd` and `/etc/group`.
 *
 * A user without a group gets all groups that it is a member of (initgroups). A uid without a user gets the group with the same
 * number (this library: otherwise it would keep the host's, root's as a rule). A group that is named is the only one (su-exec,
 * gosu, Docker). Returns `undefined` for an unknown account, and for one that names no uid.
 */
export function resolveCredentials(
  account: string,
  passwd: string,
  group: string,
): Credentials | undefined {
  const { uid, gid = uid, name } = find(parseAccounts(passwd, group), account) ?? {};
  if (uid === undefined || gid === undefined) return undefined;
  const groups = name === undefined ? [] : groupsOf(name, group);
  return { uid, gid, groups: [...new Set([gid, ...groups])] };
}

/** The groups that list this account as a member. */
function groupsOf(account: string, group: string): readonly number[] {
  return records(group).flatMap(([, , id, names = '']) => {
    const gid = parseId(id);
    const isMember = names.split(',').some((name) => name.trim() === account);
    return isMember && gid !== undefined ? [gid] : [];
  });
}

/** The ids of an account, with its name if it is a user, and the text names no group. */
interface Found extends AccountIds {
  readonly name?: string;
}

function find(accounts: Accounts, account: string): Found | undefined {
  if (account === '-') return {};
  const comma = account.indexOf(',');
  if (comma === -1) return resolve(accounts, account, undefined);
  const fallback = find(accounts, account.slice(comma + 1));
  return resolve(accounts, account.slice(0, comma), fallback);
}

/** The kernel's -1, which means "leave it", is no id. */
const highestId = 2 ** 32 - 2;

function parseId(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id > highestId ? undefined : id;
}

function records(text: string): readonly (readonly string[])[] {
  return text.split('\n').map((line) => line.split(':'));
}

function split(account: string): { user: string; group?: string } | undefined {
  const [user = '', group, ...more] = account.split(':');
  if (user === '' || group === '' || more.length > 0) return undefined;
  return group === undefined ? { user } : { user, group };
}

function resolve(
  accounts: Accounts,
  account: string,
  fallback: Found | undefined,
): Found | undefined {
  const wish = split(account);
  if (wish === undefined) return undefined;
  const user = findUser(accounts, wish.user) ?? fallback;
  if (user?.uid === undefined) return undefined;
  if (wish.group === undefined) return user;
  const gid = accounts.groups.get(wish.group) ?? parseId(wish.group) ?? fallback?.gid;
  return gid === undefined ? undefined : { uid: user.uid, gid };
}

function findUser({ users }: Accounts, wish: string): Found | undefined {
  const named = users.get(wish);
  if (named !== undefined) return named;
  const uid = parseId(wish);
  if (uid === undefined) return undefined;
  for (const user of users.values()) if (user.uid === uid) return user;
  return { uid };
}

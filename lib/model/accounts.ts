/** The accounts of a machine, by name, as `passwd` and `group` list them. */
export interface Accounts {
  readonly users: ReadonlyMap<string, User>;
  /** The id of each group. */
  readonly groups: ReadonlyMap<string, number>;
}

/** The bytes of the longest list of accounts that is read. */
export const longestAccountList = 16 * 1024 * 1024;

/** A user's ids. */
export interface User {
  readonly uid: number;
  /** The user's primary group. */
  readonly gid: number;
}

/** The ids of an account. An id that the account does not name is absent; it stays as it is. */
export interface AccountIds {
  readonly uid?: number;
  readonly gid?: number;
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
      users.set(name, { uid: user.uid, gid: user.gid });
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
  if (account === '-') return {};
  const comma = account.indexOf(',');
  if (comma === -1) return resolve(accounts, account, undefined);
  const fallback = resolveAccount(accounts, account.slice(comma + 1));
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
  fallback: AccountIds | undefined,
): AccountIds | undefined {
  const wish = split(account);
  if (wish === undefined) return undefined;
  const user = findUser(accounts, wish.user) ?? fallback;
  if (user?.uid === undefined) return undefined;
  if (wish.group === undefined) return user;
  const gid = accounts.groups.get(wish.group) ?? parseId(wish.group) ?? fallback?.gid;
  return gid === undefined ? undefined : { uid: user.uid, gid };
}

function findUser({ users }: Accounts, wish: string): AccountIds | undefined {
  const named = users.get(wish);
  if (named !== undefined) return named;
  const uid = parseId(wish);
  if (uid === undefined) return undefined;
  for (const user of users.values()) if (user.uid === uid) return user;
  return { uid };
}

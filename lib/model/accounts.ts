/** The accounts of a machine, by name. */
export interface Accounts {
  readonly users: ReadonlyMap<string, { readonly uid: number; readonly gid: number }>;
  readonly groups: ReadonlyMap<string, number>;
}

/** Who an account is; what is absent is left as it is. */
export interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/** Reads the accounts from what `/etc/passwd` and `/etc/group` hold. */
export function parseAccounts(passwd: string, group: string): Accounts {
  const users = new Map<string, { uid: number; gid: number }>();
  for (const [name, , uid, gid] of rows(passwd)) {
    if (name && isNumber(uid) && isNumber(gid))
      users.set(name, { uid: Number(uid), gid: Number(gid) });
  }
  const groups = new Map<string, number>();
  for (const [name, , gid] of rows(group)) {
    if (name && isNumber(gid)) groups.set(name, Number(gid));
  }
  return { users, groups };
}

/**
 * Resolves `name`, `uid`, `uid:gid` or a mix, with an optional fallback `,uid:gid` for what cannot be resolved, and `-` for
 * nobody. A bare name brings its primary group along. `undefined` when something stays unknown.
 */
export function resolveAccount(accounts: Accounts, account: string): Owner | undefined {
  const [first = '', fallback] = account.split(',', 2);
  if (first === '-') return {};
  return (
    resolve(accounts, first) ?? (fallback === undefined ? undefined : resolve(accounts, fallback))
  );
}

function resolve({ users, groups }: Accounts, account: string): Owner | undefined {
  const [user = '', group] = account.split(':', 2);
  const known = users.get(user);
  const uid = isNumber(user) ? Number(user) : known?.uid;
  const gid =
    group === undefined ? known?.gid : isNumber(group) ? Number(group) : groups.get(group);
  if (uid === undefined || (group !== undefined && gid === undefined)) return undefined;
  return { uid, ...(gid !== undefined && { gid }) };
}

function rows(text: string): readonly (readonly (string | undefined)[])[] {
  return text.split('\n').map((line) => line.split(':'));
}

function isNumber(text: string | undefined): text is string {
  return text !== undefined && /^\d+$/.test(text);
}

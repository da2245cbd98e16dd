import type { Accounts, Credentials } from '../../model/accounts.ts';
import {
  longestAccountList,
  parseAccounts,
  parseMembers,
  resolveCredentials,
} from '../../model/accounts.ts';
import { readWhole } from '../../system/read-file.ts';

/** The lists of accounts of this system. */
const lists = ['/etc/passwd', '/etc/group'] as const;

/** The accounts of this system as they are now: an init script may have added one. A list that cannot be read counts as empty. */
export function readAccounts(): Accounts {
  const [passwd = '', group = ''] = lists.map((path) => read(path).text);
  return parseAccounts(passwd, group);
}

/** Why accounts may be missing from those that were read: a list cannot be read. `undefined` when all can be. */
export function missingAccounts(): string | undefined {
  return lists.map((path) => read(path).failure).find((failure) => failure !== undefined);
}

/** What a process of an account gets now; `undefined`: there is no such account. */
export function readCredentials(account: string): Credentials | undefined {
  const [passwd = '', group = ''] = lists.map((path) => read(path).text);
  return resolveCredentials(account, passwd, group);
}

/** The accounts that are in a group now: the uid of each, or the name of an account that is not listed. */
export function readMembers(gid: number): readonly (number | string)[] {
  const [passwd = '', group = ''] = lists.map((path) => read(path).text);
  return parseMembers(gid, passwd, group);
}

function read(path: string): { readonly text: string; readonly failure?: string } {
  try {
    return { text: readWhole(path, longestAccountList).toString() };
  } catch (error) {
    return { text: '', failure: `${path} cannot be read: ${(error as Error).message}` };
  }
}

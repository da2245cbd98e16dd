import { readFileSync } from 'node:fs';
import type { Accounts } from '../model/accounts.ts';
import { parseAccounts } from '../model/accounts.ts';

/** The accounts of this system as they are now: an init script may have added one. None, if they cannot be read. */
export function readAccounts(): Accounts {
  return parseAccounts(textOf('/etc/passwd'), textOf('/etc/group'));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

import { chmodSync, chownSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeWithParents } from '../os/folders.ts';
import { readAccounts } from '../os/read-accounts.ts';
import { resolveAccount } from '../../model/accounts.ts';
import type { Problem } from '../../model/problem.ts';
import { problem } from '../../model/problem.ts';

/** Only the logger's account can read the log (s6-log). */
const mode = 0o2700;

/** The account that `logutil-service` changes to when it is root (s6-overlay). */
const account = 'nobody,65534:65534';

/**
 * Prepares the folder of the catch-all log for a new log (s6-overlay v2): creates it, removes the files of an earlier log, and
 * gives it to the account of the logger. If it contains anything else, that stays, and so do the folder's owner and mode. Never
 * throws: a failure is a problem.
 */
export function openLogDirectory(directory: string): readonly Problem[] {
  try {
    const isMade = makeWithParents(directory);
    if (isMade || isEmptied(directory)) giveToLogger(directory);
    return [];
  } catch (error) {
    const message = `the catch-all log cannot begin anew here: ${(error as Error).message}`;
    const remedy = 'Name a folder that can be written to: loggingDirectory.';
    return [problem('logging-directory', directory, message, { remedy })];
  }
}

/** Removes the files of s6-log; returns whether the folder is empty then. */
function isEmptied(directory: string): boolean {
  const entries = readdirSync(directory, { withFileTypes: true });
  const ofLog = entries.filter((entry) => entry.isFile() && isOfLog(entry.name));
  // A folder without these two does not belong to a log, whatever the names of its files are.
  const isLog = ['lock', 'current'].every((name) => ofLog.some((entry) => entry.name === name));
  if (isLog) for (const { name } of ofLog) rmSync(join(directory, name));
  return entries.length === (isLog ? ofLog.length : 0);
}

const ownNames = new Set(['current', 'lock', 'state', 'previous', 'processed', 'newstate']);

function isOfLog(name: string): boolean {
  return ownNames.has(name) || /^@[0-9a-f]{24}\.[a-z]$/.test(name);
}

function giveToLogger(directory: string): void {
  if (process.geteuid?.() === 0) {
    const { uid = 0, gid = uid } = resolveAccount(readAccounts(), account) ?? {};
    chownSync(directory, uid, gid);
  }
  chmodSync(directory, mode);
}

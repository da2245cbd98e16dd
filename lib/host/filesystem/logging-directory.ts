import { chmodSync, chownSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeWithParents } from '../os/folders.ts';
import { readAccounts } from '../os/read-accounts.ts';
import { resolveAccount } from '../../model/accounts.ts';
import type { Problem } from '../../model/problem.ts';
import { problem } from '../../model/problem.ts';

/** Only the logger may look at its log (s6-log). */
const mode = 0o2700;

/** Whom `logutil-service` runs as when it is root (s6-overlay). */
const account = 'nobody,65534:65534';

/**
 * Makes the folder of the catch-all log ready for a log that begins anew (s6-overlay v2): there, without what an earlier log
 * has left, and its logger's own. If anything else is in it, that stays, and the folder's owner and mode do, too. Never
 * throws: what cannot be done is a problem.
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

/** Takes away what s6-log has left; whether nothing else is there. */
function isEmptied(directory: string): boolean {
  const entries = readdirSync(directory, { withFileTypes: true });
  const ofLog = entries.filter((entry) => entry.isFile() && isOfLog(entry.name));
  // A folder without these two is no log's, whatever the names of its files.
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

import type { Stats } from 'node:fs';
import { LoopPause } from './loop-turns.ts';
import { EntryError } from './entry-error.ts';
import { walkTree } from './fix-attrs-walk.ts';
import type { FoundPath } from './glob.ts';
import { expandGlob, readGlob } from './glob.ts';
import { readAccounts } from '../os/read-accounts.ts';
import { isForeignLink } from './entry-trust.ts';
import type { AccountIds } from '../../model/accounts.ts';
import { resolveAccount } from '../../model/accounts.ts';
import type { Problem } from '../../model/problem.ts';
import { problem } from '../../model/problem.ts';
import type { FixAttrsRule } from '../../model/tree.ts';

/** How to apply the rules. */
export interface FixAttrsOptions {
  /** Whether a recursive rule includes hidden files (`S6_FIX_ATTRS_HIDDEN`). */
  readonly hidden: boolean;
  /** The mount point of procfs. Default: `/proc`. */
  readonly procfs?: string;
}

/**
 * Applies the rules of `fix-attrs.d`, in order. Failures become problems, one for each rule, and do not affect the other entries
 * and rules (s6-overlay).
 *
 * A rule sets owner and group of everything that it names, and modes of files and folders. A link that a rule names itself is
 * followed; a link that a wildcard or a recursive rule finds is not: the link itself gets the new owner. A glob without a match is
 * no problem; a plain path that does not exist is one.
 *
 * An account that writes to the folders meanwhile cannot redirect a change: it applies to the inode that was found (see Inode).
 * Links of other accounts are not followed, and files that another account may have linked into the folder are not changed; each
 * is a problem.
 */
export async function applyFixAttrs(
  rules: readonly FixAttrsRule[],
  options: FixAttrsOptions,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const pause = new LoopPause();
  for (const rule of rules) {
    if (pause.isDue) await pause.take();
    const found = await applyRule(rule, options, pause);
    if (found !== undefined) problems.push(found);
  }
  return problems;
}

async function applyRule(
  rule: FixAttrsRule,
  { hidden, procfs = '/proc' }: FixAttrsOptions,
  pause: LoopPause,
): Promise<Problem | undefined> {
  const { source, line, account, path } = rule;
  const owner = resolveAccount(readAccounts(), account);
  if (owner === undefined) {
    const message = `there is no account '${account}' here; nothing was done for ${path}`;
    const remedy = 'Create it, or name a fallback behind it: name,uid:gid.';
    return problem('account-unknown', source, message, { line, remedy });
  }
  const glob = readGlob(path);
  if (typeof glob === 'string') {
    return problem('fix-attrs-failed', source, `${path} ${glob}; nothing was done for it`, {
      line,
    });
  }
  const failures: Failures = { first: undefined, count: 0 };
  const expansion = {
    procfs,
    pause,
    onFailure: collectUnless(failures, glob.isWild ? absent : []),
  };
  const walk = { hidden, pause, onFailure: collectUnless(failures, ['ENOENT']) };
  for await (const start of expandGlob(glob, expansion)) {
    for await (const found of rule.recurse ? walkTree(start, walk) : alone(start)) {
      applyTo(found, rule, owner, walk.onFailure);
    }
  }
  return problemOf(rule, failures);
}

/** The error codes for a glob without a match. */
const absent: readonly string[] = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'];

function* alone(found: FoundPath): Generator<FoundPath> {
  try {
    yield found;
  } finally {
    found.inode.close();
  }
}

/** The failures of one rule: the first one, and the count, since there may be thousands. */
interface Failures {
  first: EntryError | undefined;
  count: number;
}

function collectUnless(failures: Failures, expected: readonly string[]): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof EntryError)) throw error;
    if (error.code !== undefined && expected.includes(error.code)) return;
    failures.first ??= error;
    failures.count += 1;
  };
}

function problemOf(
  { source, line }: FixAttrsRule,
  { first, count }: Failures,
): Problem | undefined {
  if (first === undefined) return undefined;
  const others = count === 1 ? '' : `; so it is with ${String(count - 1)} more`;
  const more = { line, ...(first.remedy !== undefined && { remedy: first.remedy }) };
  return problem('fix-attrs-failed', source, `${first.message}${others}`, more);
}

/** Changes only what differs: on a layered file system every change copies the file. Sets the owner first, since that clears bits of the mode. */
function applyTo(
  { inode, folder }: FoundPath,
  rule: FixAttrsRule,
  owner: AccountIds,
  onFailure: (error: unknown) => void,
): void {
  const { stats } = inode;
  const { uid = stats.uid, gid = stats.gid } = owner;
  const isOwned = uid === stats.uid && gid === stats.gid;
  const mode = modeFor(stats, rule);
  if (isOwned && (mode === undefined || mode === (stats.mode & 0o7777))) return;
  try {
    if (isForeignLink(folder, stats)) throw new EntryError(inode.path, foreignLink, { remedy });
    if (!isOwned) inode.changeOwner(uid, gid);
    if (mode !== undefined) inode.changeMode(mode);
  } catch (error) {
    onFailure(error);
  }
}

function modeFor(stats: Stats, { fileMode, folderMode }: FixAttrsRule): number | undefined {
  if (stats.isDirectory()) return folderMode;
  return stats.isFile() ? fileMode : undefined;
}

const foreignLink =
  'is left as it is: it has other names, and another account may have linked it into its folder';
const remedy = 'Put a copy in its place, or take the other names away.';

import { chmod, lchown, lstat, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AccountIds, Accounts } from '../model/accounts.ts';
import { parseAccounts, resolveAccount } from '../model/accounts.ts';
import type { Problem } from '../model/problem.ts';
import { problem } from '../model/problem.ts';
import type { FixAttrsRule } from '../model/tree.ts';

/** Applies rules of `fix-attrs.d` in order. What cannot be done is a problem, never an error: the stage goes on (s6-overlay). */
export async function applyFixAttrs(
  rules: readonly FixAttrsRule[],
  options: { readonly hidden: boolean },
): Promise<readonly Problem[]> {
  const accounts = parseAccounts(await readOr('/etc/passwd'), await readOr('/etc/group'));
  const problems: Problem[] = [];
  for (const rule of rules) {
    const found = await apply(rule, accounts, options.hidden);
    if (found !== undefined) problems.push(found);
  }
  return problems;
}

async function apply(
  rule: FixAttrsRule,
  accounts: Accounts,
  hidden: boolean,
): Promise<Problem | undefined> {
  const owner = resolveAccount(accounts, rule.account);
  const at = { line: rule.line };
  if (owner === undefined) {
    return problem('account-unknown', rule.source, `there is no account '${rule.account}'`, at);
  }
  try {
    const paths = await expand(rule.path);
    if (paths.length === 0 && !isPattern(rule.path)) {
      return problem('fix-attrs-failed', rule.source, `${rule.path} is not there`, at);
    }
    for (const path of paths) await fix(path, rule, owner, hidden);
    return undefined;
  } catch (error) {
    return problem('fix-attrs-failed', rule.source, `${(error as Error).message}`, at);
  }
}

/** Links are given to their new owner but not followed: what they lead to may be anybody's. */
async function fix(
  path: string,
  rule: FixAttrsRule,
  owner: AccountIds,
  hidden: boolean,
): Promise<void> {
  const stat = await lstat(path);
  const uid = owner.uid ?? stat.uid;
  const gid = owner.gid ?? stat.gid;
  if (uid !== stat.uid || gid !== stat.gid) await lchown(path, uid, gid);
  if (stat.isSymbolicLink()) return;
  const mode = stat.isDirectory() ? rule.folderMode : rule.fileMode;
  if (mode !== undefined && mode !== (stat.mode & 0o7777)) await chmod(path, mode);
  if (!rule.recurse || !stat.isDirectory()) return;
  for (const name of await readdir(path)) {
    if (hidden || !name.startsWith('.')) await fix(join(path, name), rule, owner, hidden);
  }
}

/** The paths that a glob names: `*`, `?` and `[...]` within one segment, never a leading dot unless it is written. */
async function expand(pattern: string): Promise<readonly string[]> {
  let paths = ['/'];
  for (const segment of pattern.split('/').filter((part) => part !== '')) {
    const next: string[] = [];
    for (const path of paths) next.push(...(await matches(path, segment)));
    paths = next;
  }
  return paths;
}

async function matches(folder: string, segment: string): Promise<readonly string[]> {
  try {
    if (!isPattern(segment)) {
      await lstat(join(folder, segment));
      return [join(folder, segment)];
    }
    const test = expressionOf(segment);
    const names = (await readdir(folder)).filter((name) => test.test(name)).toSorted();
    const visible = names.filter((name) => !name.startsWith('.') || segment.startsWith('.'));
    return visible.map((name) => join(folder, name));
  } catch {
    return []; // not there, or no folder
  }
}

function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}

function expressionOf(segment: string): RegExp {
  const source = segment.replace(/\[!?[^\]]+\]|[\s\S]/g, (part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 1) return part.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
    return part.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, 'su');
}

async function readOr(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
}

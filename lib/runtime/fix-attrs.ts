import { chmodSync, chownSync, lchownSync, lstatSync, readdirSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { basename, join } from 'node:path';
import { setImmediate as breath } from 'node:timers/promises';
import { expandGlob, isGlob } from './glob.ts';
import { readAccounts } from './read-accounts.ts';
import type { AccountIds } from '../model/accounts.ts';
import { resolveAccount } from '../model/accounts.ts';
import type { Problem } from '../model/problem.ts';
import { problem } from '../model/problem.ts';
import type { FixAttrsRule } from '../model/tree.ts';

/** How rules are applied. */
export interface FixAttrsOptions {
  /** Whether hidden files are included where a rule goes down a folder (`S6_FIX_ATTRS_HIDDEN`). */
  readonly hidden: boolean;
}

/**
 * Applies the rules of `fix-attrs.d`, in order. What cannot be done is told as a problem, one for each rule, and everything
 * else is done all the same: a failure never matters for what comes after (s6-overlay).
 *
 * Owner and group go to everything that a rule names; modes to files and folders. A link that a rule names by its name is
 * followed, one that is merely found is not: it is given to the new owner itself, and what it leads to, possibly out of the
 * tree, stays as it is. A glob that names nothing is no problem, a plain path that does not exist is one.
 */
export async function applyFixAttrs(
  rules: readonly FixAttrsRule[],
  options: FixAttrsOptions,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const rule of rules) {
    const found = await applyRule(rule, options);
    if (found !== undefined) problems.push(found);
  }
  return problems;
}

/** Milliseconds of work after which the host may breathe: a rule may go down a large folder. */
const breathAfter = 10;

async function applyRule(
  rule: FixAttrsRule,
  { hidden }: FixAttrsOptions,
): Promise<Problem | undefined> {
  const { source, line, account, path } = rule;
  const owner = resolveAccount(readAccounts(), account);
  if (owner === undefined) {
    const message = `there is no account '${account}' here; nothing was done for ${path}`;
    const remedy = 'Create it, or name a fallback behind it: name,uid:gid.';
    return problem('account-unknown', source, message, { line, remedy });
  }
  const failures: Failures = { first: undefined, count: 0 };
  let begun = performance.now();
  for (const found of named(path)) {
    for (const place of walk(found, rule.recurse, hidden, failures)) {
      applyTo(place, rule, owner, failures);
      if (performance.now() - begun < breathAfter) continue;
      await breath();
      begun = performance.now();
    }
  }
  return problemOf(rule, failures);
}

/** What could not be done: the first in words, the others as a number, for there may be thousands. */
interface Failures {
  first: string | undefined;
  count: number;
}

function note(failures: Failures, path: string, error: unknown): void {
  failures.first ??= describe(path, error);
  failures.count += 1;
}

function problemOf(
  { source, line }: FixAttrsRule,
  { first, count }: Failures,
): Problem | undefined {
  if (first === undefined) return undefined;
  const others = count === 1 ? '' : `; so it is with ${String(count - 1)} more`;
  return problem('fix-attrs-failed', source, `${first}${others}`, { line });
}

/** Something to be fixed. */
interface Place {
  readonly path: string;
  readonly stat: Stats;
}

/** A path to begin with. */
interface Beginning {
  readonly path: string;
  /** Whether a link there is followed. */
  readonly follow: boolean;
  /** Whether it has to be there. */
  readonly required: boolean;
}

function named(pattern: string): readonly Beginning[] {
  if (!isGlob(pattern))
    return [{ path: pattern.replace(/\\(.)/g, '$1'), follow: true, required: true }];
  const follow = !isGlob(basename(pattern));
  return expandGlob(pattern).map((path) => ({ path, follow, required: false }));
}

/** A place and, where the rule says so, everything below it, folders before what is in them. */
function* walk(
  { path: start, follow, required }: Beginning,
  recurse: boolean,
  hidden: boolean,
  failures: Failures,
): Generator<Place> {
  const todo = [start];
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    try {
      const stat = follow && path === start ? statSync(path) : lstatSync(path);
      yield { path, stat };
      if (!recurse || !stat.isDirectory()) continue;
      const names = readdirSync(path).filter((name) => hidden || !name.startsWith('.'));
      for (const name of names) todo.push(join(path, name));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const gone = code === 'ENOENT' && !(required && path === start);
      if (!gone) note(failures, path, error);
    }
  }
}

/** Changes only what differs: on a layered file system every change copies the file. The owner first, since that resets bits of the mode. */
function applyTo(
  { path, stat }: Place,
  rule: FixAttrsRule,
  owner: AccountIds,
  failures: Failures,
): void {
  const { uid = stat.uid, gid = stat.gid } = owner;
  const mode = stat.isDirectory() ? rule.folderMode : stat.isFile() ? rule.fileMode : undefined;
  try {
    const owned = uid === stat.uid && gid === stat.gid;
    if (!owned) (stat.isSymbolicLink() ? lchownSync : chownSync)(path, uid, gid);
    if (mode !== undefined && (!owned || mode !== (stat.mode & 0o7777))) chmodSync(path, mode);
  } catch (error) {
    note(failures, path, error);
  }
}

function describe(path: string, error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return `${path} ${reasons[code] ?? `cannot be changed: ${message}`}`;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EPERM: 'cannot be changed: only its owner and root may do so',
  EACCES: 'cannot be reached: permission denied',
  EROFS: 'cannot be changed: the file system is read-only',
  ELOOP: 'is a link that leads to itself',
};

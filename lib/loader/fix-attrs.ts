import { join } from 'node:path';
import { resolveAccount } from '../model/accounts.ts';
import { parseGlobPath } from '../model/glob-pattern.ts';
import type { FixAttrsRule } from '../model/tree.ts';
import { show } from '../schema/schema.ts';
import { largestControlFile } from './control-files.ts';
import type { Reading } from './reading.ts';

/**
 * Reads the rules of `fix-attrs.d`, file by file. A line holds a path, `true` or `false` for recursion, an account, a mode for
 * files and one for folders, `-` for a mode that stays. Blank lines and lines that begin with `#` are none (s6-overlay v3).
 *
 * A line that is not understood is told and left out. One whose account is unknown is told and kept: the tree may be meant
 * for another machine, or an account may come before the rule is applied.
 */
export function* readFixAttrs(
  reading: Reading,
  folder: string,
): Generator<undefined, readonly FixAttrsRule[], undefined> {
  const rules: FixAttrsRule[] = [];
  for (const name of yield* reading.listInSteps(folder, 'its rules are left out')) {
    rules.push(...readRules(reading, join(folder, name)));
    yield;
  }
  return rules;
}

function readRules(reading: Reading, source: string): readonly FixAttrsRule[] {
  const limits = { bound: largestControlFile, first: largestControlFile };
  const bytes = reading.read(source, limits, 'its rules are left out');
  if (bytes === undefined) return [];
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  return lines.flatMap((raw, index) => {
    const line = index + 1;
    const text = decode(raw);
    const words = (text ?? raw).split(/[ \t\r]+/).filter((word) => word !== '');
    if (words[0] === undefined || words[0].startsWith('#')) return [];
    const parsed = text === undefined ? 'has a line that is not UTF-8' : parseWords(words);
    if (typeof parsed === 'string') {
      reading.tell('fix-attrs-line', source, `${parsed}; the line is left out`, { line, remedy });
      return [];
    }
    checkAccount(reading, source, line, parsed.account);
    return [{ source, line, ...parsed }];
  });
}

/** Bytes as text; `undefined` if they are not UTF-8, and so would name another file. */
function decode(bytes: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return undefined;
  }
}

const remedy = 'A line reads: PATH true|false ACCOUNT FILE-MODE FOLDER-MODE.';

/** A rule, or what is wrong with its line. */
function parseWords(words: readonly string[]): Omit<FixAttrsRule, 'source' | 'line'> | string {
  const [path = '', recurse = '', account = '', file, folder] = words;
  if (file === undefined || folder === undefined) {
    return `has ${String(words.length)} fields in a line of five`;
  }
  if (recurse !== 'true' && recurse !== 'false') {
    return `has ${show(recurse)} for true or false`;
  }
  for (const mode of [file, folder]) {
    if (!isMode(mode)) return `has ${show(mode)} for a mode in octal digits or -`;
  }
  const patterns = parseGlobPath(Buffer.from(path).toString('latin1'));
  if (typeof patterns === 'string') return `has the path ${show(path)}, which ${patterns}`;
  return {
    path,
    recurse: recurse === 'true',
    account,
    ...(file !== '-' && { fileMode: Number.parseInt(file, 8) }),
    ...(folder !== '-' && { folderMode: Number.parseInt(folder, 8) }),
  };
}

function isMode(text: string): boolean {
  return text === '-' || (/^[0-7]{1,5}$/.test(text) && Number.parseInt(text, 8) <= 0o7777);
}

function checkAccount(reading: Reading, source: string, line: number, account: string): void {
  if (reading.host === null) return;
  if (resolveAccount(reading.host.accounts(), account) !== undefined) return;
  reading.tell(
    'account-unknown',
    source,
    `names the account ${show(account)}, which is not known here`,
    {
      line,
      remedy: 'Make the account, or give a fallback in numbers behind a comma: name,1000:1000.',
    },
  );
}

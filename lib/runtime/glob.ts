import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The paths that a glob names, in the order of their names: `*`, `?` and `[...]` (`[!...]`) within one segment, a backslash
 * before what is meant as it is. A leading dot is only found if it is written.
 */
export function expandGlob(pattern: string): readonly string[] {
  let paths = [pattern.startsWith('/') ? '/' : '.'];
  for (const segment of pattern.split('/').filter((part) => part !== '')) {
    paths = paths.flatMap((folder) => matches(folder, segment));
  }
  return paths;
}

/** Whether a text names more than itself. */
export function isGlob(text: string): boolean {
  return /(?<!\\)[*?[]/.test(text);
}

function matches(folder: string, segment: string): readonly string[] {
  if (!isGlob(segment)) {
    const path = join(folder, segment.replace(/\\(.)/g, '$1'));
    return exists(path) ? [path] : [];
  }
  const test = expressionOf(segment);
  const names = list(folder).filter((name) => test.test(name));
  return names.map((name) => join(folder, name));
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return []; // no folder, or not ours to read: nothing in it is named
  }
}

function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** A segment as a regular expression. A class may begin with its closing bracket, as in POSIX. */
function expressionOf(segment: string): RegExp {
  const parts = segment.match(/\\[\s\S]|\[!?\]?[^\]]*\]|[\s\S]/g) ?? [];
  const source = parts.map(translate).join('');
  const hidden = segment.startsWith('.') ? '' : '(?!\\.)';
  return new RegExp(`^${hidden}${source}$`, 's');
}

function translate(part: string): string {
  if (part === '*') return '.*';
  if (part === '?') return '.';
  if (part.startsWith('\\')) return escape(part.slice(1));
  if (part.length === 1) return escape(part);
  const negated = part.startsWith('[!');
  const inside = part.slice(negated ? 2 : 1, -1).replace(/[\\\]^[]/g, '\\$&');
  const set = `[${negated ? '^' : ''}${inside}]`;
  return isExpression(set) ? set : '(?!)';
}

/** A range that runs backwards matches nothing. */
function isExpression(source: string): boolean {
  try {
    return new RegExp(source, 's').source !== '';
  } catch {
    return false;
  }
}

function escape(text: string): string {
  return text.replace(/[\\^$.|+*?()[\]{}-]/g, '\\$&');
}

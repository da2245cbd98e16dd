import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseGlob, parseGlobPath } from '../../lib/model/glob-pattern.ts';
import type { GlobPattern } from '../../lib/model/glob-pattern.ts';

function parsed(segment: string): GlobPattern {
  const pattern = parseGlob(segment);
  if (typeof pattern === 'string') assert.fail(`${segment} ${pattern}`);
  return pattern;
}

// As fnmatch(3) of the GNU C library has it in the C locale, with FNM_PERIOD.
for (const [pattern, matching, others] of [
  ['*', ['a', 'ab'], ['.a']],
  ['.*', ['.a'], ['a']],
  ['\\.*', ['.a'], ['a']],
  ['?', ['a', '\xff'], ['ab', '.']],
  ['[.]a', [], ['.a', 'a']],
  ['[!x]a', ['ba'], ['.a', 'xa']],
  ['a*b*c', ['abc', 'aXbYc', 'abcbc'], ['ab', 'acb']],
  ['*a*', ['a', 'bab'], ['b', '.a']],
  ['log[[:digit:]]', ['log1'], ['logs', 'log:', 'log']],
  ['log[^1]', ['logs', 'log^'], ['log1']],
  ['log[!1]', ['logs', 'log!'], ['log1']],
  ['[a^!]', ['a', '^', '!'], ['b']],
  ['[]a]', [']', 'a'], ['b', '[]a]']],
  ['[!]a]', ['b'], [']', 'a']],
  ['[a-c]', ['a', 'b', 'c'], ['d', '-']],
  ['[-a]', ['-', 'a'], ['b']],
  ['[a-]', ['-', 'a'], ['b']],
  ['[z-a]', [], ['z', 'a', '-']],
  ['[!z-a]', ['z', 'a', '-'], []],
  ['[z-ab]', ['b'], ['z', 'a']],
  ['[a-b-d]', ['a', 'b', '-', 'd'], ['c']],
  ['[\\]]', [']'], ['\\']],
  ['[\\-]', ['-'], ['\\']],
  ['[a\\-c]', ['a', '-', 'c'], ['b', '\\']],
  ['[\\a-\\c]', ['b'], ['\\']],
  ['[a-[:digit:]]', [':]', 'd]'], ['5', '-']],
  ['[[:digit:]-z]', ['5', '-', 'z'], ['y']],
  ['[[:alpha:][:space:]_]', ['x', 'X', ' ', '\n', '_'], ['1', '\xe9']],
  ['[![:upper:]]', ['x', '\xe9'], ['X']],
  ['[[=a=]b]', ['a', 'b'], ['=', '[']],
  ['[[.-.]x]', ['-', 'x'], ['.', '[']],
  ['[[...]x]', ['x'], ['a']],
  ['[[.a.]-c]', ['a', 'b', 'c'], ['-']],
  ['[a-[.c.]]', ['a', 'b', 'c'], ['-']],
  ['[[:digit]', ['[', ':', 'd'], ['5']],
  ['[[:Digit:]]', [':]', 'D]'], ['5']],
  ['[[.]', ['['], ['a', '[.']],
  ['[[.x', ['[[.x'], ['x']],
  ['[a', ['[a'], ['a']],
  ['[!', ['[!'], ['a']],
  ['*[', ['['], ['a']],
  ['[]', ['[]'], [']']],
  ['[\xe0-\xef]', ['\xe9'], ['\xff', 'e']],
  ['a+(b)|{c}~$^.', ['a+(b)|{c}~$^.'], ['a']],
  ['{a,b}', ['{a,b}'], ['a']],
  ['\\*\\?\\[a]\\\\', ['*?[a]\\'], ['*?[a]']],
  ['\\a', ['a'], ['\\a']],
  ['*\n', ['a\n'], ['a']],
  ['', [''], ['a']],
] as const) {
  test(`${JSON.stringify(pattern)} matches ${JSON.stringify(matching)}`, () => {
    const { matches } = parsed(pattern);
    assert.deepEqual([...matching, ...others].filter(matches), matching);
  });
}

test('a pattern without a wildcard is a name', () => {
  const names = ['a', '\\*', '[a', '{a}', '..', 'a*', 'a?', '[a]'].map((text) => parsed(text).name);
  const none = undefined;
  assert.deepEqual(names, ['a', '*', '[a', '{a}', '..', none, none, none]);
});

for (const [pattern, says] of [
  ['[[:foo:]]', 'has the unknown class [:foo:]'],
  ['[[::]]', 'has the unknown class [::]'],
  ['[[:foo:]', 'has the unknown class [:foo:]'],
  ['[[.space.]]', 'has the unknown collating element [.space.]'],
  ['[[..]]', 'has the unknown collating element [..]'],
  ['*\\', 'has a name that ends with a backslash'],
  ['[a]\\', 'has a name that ends with a backslash'],
] as const) {
  test(`${pattern} is not supported: ${says}`, () => {
    assert.equal(parseGlob(pattern), says);
    assert.equal(parseGlobPath(`/a/${pattern}`), says);
  });
}

test('a path is split at its slashes, whatever precedes or surrounds them', () => {
  const names = (path: string) => {
    const patterns = parseGlobPath(path);
    return typeof patterns === 'string' ? patterns : patterns.map(({ name }) => name);
  };
  assert.deepEqual(names('/a//b'), ['a', 'b']);
  assert.deepEqual(names('a\\/b\\\\/c'), ['a', 'b\\', 'c']);
  assert.deepEqual(names('/a[b/c]d'), ['a[b', 'c]d']);
  assert.deepEqual(names('/a/'), ['a', '.'], 'only a folder can be meant');
  assert.deepEqual(names('//'), []);
});

test('many stars and many brackets take no more time than their length allows', () => {
  const { matches } = parsed(`${'*a'.repeat(100_000)}b`);
  assert.equal(matches('a'.repeat(255)), false);
  assert.equal(parsed(`${'*a'.repeat(100)}*b`).matches('a'.repeat(255)), false);
  assert.equal(parsed(`${'*[a-c]?'.repeat(60)}b`).matches('a'.repeat(255)), false);
  for (const unclosed of [
    '['.repeat(20_000),
    '[.'.repeat(20_000),
    '[[:a'.repeat(20_000),
    '[\\]'.repeat(20_000),
    '[!\\]'.repeat(20_000),
  ]) {
    assert.notEqual(parsed(unclosed).name, undefined);
  }
});

/** What is simple enough to be seen to be right. */
function naive(tokens: readonly string[], text: string): boolean {
  const [token, ...rest] = tokens;
  if (token === undefined) return text === '';
  if (token === '*') return naive(rest, text) || (text !== '' && naive(tokens, text.slice(1)));
  return (
    text !== '' && (token === '?' || token.includes(text.charAt(0))) && naive(rest, text.slice(1))
  );
}

test('as many names match as a naive matcher finds', () => {
  const token = fc.constantFrom('*', '?', 'a', 'b', 'ab', 'bc');
  const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 9 });
  fc.assert(
    fc.property(fc.array(token, { maxLength: 8 }), name, (tokens, text) => {
      const pattern = tokens.map((each) => (each.length > 1 ? `[${each}]` : each)).join('');
      assert.equal(parsed(pattern).matches(text), naive(tokens, text), pattern);
    }),
    { numRuns: 2000 },
  );
});

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { expandGlob, isGlob } from '../../lib/runtime/glob.ts';
import { plant, testFolder, whoRuns } from './folder.ts';

async function expand(
  t: TestContext,
  pattern: string,
  names: readonly string[],
): Promise<readonly string[]> {
  const folder = await testFolder(t);
  for (const name of names) plant(join(folder, name), '');
  return expandGlob(join(folder, pattern)).map((path) => relative(folder, path));
}

for (const [pattern, names, found] of [
  ['a', ['a', 'b'], ['a']],
  ['c', ['a', 'b'], []],
  ['*', ['b', 'a', '.c'], ['a', 'b']],
  ['.*', ['a', '.c'], ['.c']],
  ['?', ['a', 'bb', '.'.concat('c')], ['a']],
  ['a*c', ['ac', 'abc', 'abcd', 'a\nc'], ['a\nc', 'abc', 'ac']],
  ['*/x', ['a/x', 'b/y', 'c'], ['a/x']],
  ['*/*', ['a/x', 'a/.h', '.b/y'], ['a/x']],
  ['[ab]c', ['ac', 'bc', 'cc'], ['ac', 'bc']],
  ['[!a]c', ['ac', 'bc'], ['bc']],
  ['[0-9]*', ['1a', 'a1'], ['1a']],
  ['[]a]', [']', 'a', 'b'], [']', 'a']],
  ['[^a]', ['^', 'a', 'b'], ['^', 'a']],
  ['[a', ['[a', 'a'], ['[a']],
  ['[z-a]*', ['z', 'a'], []],
  ['a.c*', ['a.c', 'abc'], ['a.c']],
  ['a+(b)|{c}*', ['a+(b)|{c}'], ['a+(b)|{c}']],
  ['\\**', ['*a', 'ba'], ['*a']],
  ['\\*', ['*', 'a'], ['*']],
  ['a//*', ['a/x'], ['a/x']],
] as const) {
  test(`${JSON.stringify(pattern)} names ${JSON.stringify(found)}`, async (t) => {
    assert.deepEqual(await expand(t, pattern, names), found);
  });
}

test('what is no glob is told from what is one', () => {
  assert.deepEqual(['a', 'a*', 'a?', '[a]', '\\*'].map(isGlob), [false, true, true, true, false]);
});

test('a path from the present folder stays one', () => {
  assert.deepEqual(expandGlob('lib/runtime/glob.ts'), ['lib/runtime/glob.ts']);
});

test('a folder that may not be read has nothing in it', { skip: whoRuns.plainUser }, async (t) => {
  const folder = await testFolder(t);
  mkdirSync(join(folder, 'closed'), { mode: 0 });
  assert.deepEqual(expandGlob(join(folder, 'closed', '*')), []);
});

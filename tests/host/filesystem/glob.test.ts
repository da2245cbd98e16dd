import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { LoopPause } from '../../../lib/host/filesystem/loop-turns.ts';
import { expandGlob, readGlob } from '../../../lib/host/filesystem/glob.ts';
import { unlessInCI } from '../../skipping.ts';
import { plant, testFolder, whoRuns } from '../folder.ts';

interface Expanded {
  /** Paths as byte strings, in the order of their names. */
  readonly paths: readonly string[];
  readonly failures: readonly string[];
}

async function expand(pattern: string, procfs = '/proc'): Promise<Expanded> {
  const paths: string[] = [];
  const failures: string[] = [];
  const onFailure = (error: unknown): void => {
    failures.push(error instanceof Error ? error.message : String(error));
  };
  const glob = readGlob(pattern);
  if (typeof glob === 'string') assert.fail(`${pattern} ${glob}`);
  for await (const { inode } of expandGlob(glob, { procfs, pause: new LoopPause(), onFailure })) {
    paths.push(inode.path);
    inode.close();
  }
  return { paths: paths.toSorted(), failures };
}

async function expandIn(
  t: TestContext,
  pattern: string,
  names: readonly string[],
): Promise<readonly string[]> {
  const folder = await testFolder(t);
  for (const name of names) plant(join(folder, name), '');
  const { paths } = await expand(join(folder, pattern));
  return paths.map((path) => relative(folder, path));
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
  ['*/*/*', ['a/x', 'a/b/c', 'd/e/f'], ['a/b/c', 'd/e/f']],
  ['[ab]c', ['ac', 'bc', 'cc'], ['ac', 'bc']],
  ['[!a]c', ['ac', 'bc'], ['bc']],
  ['[^a]c', ['ac', 'bc', '^c'], ['^c', 'bc']],
  ['[[:digit:]]*', ['1a', 'a1'], ['1a']],
  ['[]a]', [']', 'a', 'b'], [']', 'a']],
  ['[a', ['[a', 'a'], ['[a']],
  ['a.c*', ['a.c', 'abc'], ['a.c']],
  ['a+(b)|{c}*', ['a+(b)|{c}'], ['a+(b)|{c}']],
  ['\\**', ['*a', 'ba'], ['*a']],
  ['\\*', ['*', 'a'], ['*']],
  ['a\\\\*', ['a\\x', 'ab'], ['a\\x']],
  ['a//*', ['a/x'], ['a/x']],
  ['a\\/*', ['a/x'], ['a/x']],
  ['*/../b', ['a/x', 'b'], ['b']],
  ['~', ['~', 'a'], ['~']],
] as const) {
  test(`${JSON.stringify(pattern)} names ${JSON.stringify(found)}`, async (t) => {
    assert.deepEqual(await expandIn(t, pattern, names), found);
  });
}

test('a relative path begins in the working directory', async () => {
  const { paths } = await expand('lib/host/filesystem/glob.ts');
  assert.deepEqual(paths, [join(process.cwd(), 'lib/host/filesystem/glob.ts')]);
});

test('a slash at the end matches folders only', async (t) => {
  const folder = await testFolder(t);
  plant(join(folder, 'a', 'x'), '');
  plant(join(folder, 'ab'), '');
  assert.deepEqual((await expand(join(folder, 'a*/'))).paths, [`${folder}/a/`]);
  assert.deepEqual(await expand(join(folder, 'ab/')), {
    paths: [],
    failures: [`${join(folder, 'ab')}/ cannot be reached: a name on the way is not a folder`],
  });
});

test('names that are not UTF-8 match, and `?` is one byte', async (t) => {
  const folder = await testFolder(t);
  for (const byte of [0xff, 0xe9, 0x61]) {
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/n`), Buffer.of(byte, 0x2e)]), '');
  }
  writeFileSync(join(folder, 'né.'), '');
  const names = async (pattern: string) =>
    (await expand(join(folder, pattern))).paths.map((path) => path.slice(folder.length + 1));
  assert.deepEqual(await names('n?.'), ['na.', 'n\xe9.', 'n\xff.']);
  assert.deepEqual(await names('n??.'), ['n\xc3\xa9.']);
  assert.deepEqual(await names('né.'), ['n\xc3\xa9.']);
  assert.deepEqual(await names('n[!a].'), ['n\xe9.', 'n\xff.']);
});

test('a folder that cannot be read is reported', { skip: whoRuns.plainUser }, async (t) => {
  const folder = await testFolder(t);
  mkdirSync(join(folder, 'closed'), { mode: 0 });
  const { paths, failures } = await expand(join(folder, '*', '*'));
  assert.deepEqual(paths, []);
  assert.deepEqual(failures, [`${folder}/closed cannot be reached: permission denied`]);
});

test('links in the middle of a path are followed, a link that a wildcard finds at the end is not', async (t) => {
  const folder = await testFolder(t);
  plant(join(folder, 'real/below/file'), '');
  for (const [name, target] of [
    ['absolute', `${folder}/real/`],
    ['relative', './real//below/..'],
    ['chain', 'absolute'],
    ['loop', 'loop'],
    ['dangling', 'nowhere'],
  ] as const) {
    symlinkSync(target, join(folder, name));
  }
  const file = (path: string) => relative(folder, path);
  for (const name of ['absolute', 'relative', 'chain']) {
    const { paths, failures } = await expand(join(folder, name, 'below', 'file'));
    assert.deepEqual([paths.length, failures], [1, []], name);
    assert.match(paths[0] ?? '', /real\/.*below\/file$/);
  }
  assert.deepEqual((await expand(join(folder, '*'))).paths.map(file), [
    'absolute',
    'chain',
    'dangling',
    'loop',
    'real',
    'relative',
  ]);
  assert.equal((await expand(join(folder, '*', 'below', 'file'))).paths.length, 4);
  assert.deepEqual((await expand(join(folder, 'loop'))).failures, [
    `${folder}/loop is a link that leads to itself`,
  ]);
  assert.deepEqual((await expand(join(folder, 'dangling'))).failures, [
    `${folder}/nowhere does not exist`,
  ]);
});

test('links of procfs lead to their inode', async () => {
  const { paths, failures } = await expand('/proc/self/fd/0');
  assert.deepEqual([paths.length, failures], [1, []]);
});

test('links of other accounts are not followed', { skip: whoRuns.root }, async (t) => {
  const folder = await testFolder(t);
  plant(join(folder, 'secret', 'file'), '');
  mkdirSync(join(folder, 'open'));
  chmodSync(join(folder, 'open'), 0o777);
  symlinkSync('../secret', join(folder, 'open', 'ours'));
  symlinkSync('secret', join(folder, 'theirs'));
  lchownSync(join(folder, 'theirs'), 1234, 1234);
  symlinkSync('theirs', join(folder, 'way'));
  const theirs = `${folder}/theirs is a symbolic link of the account 1234 and is not followed`;
  const open = 'is a symbolic link that another account can replace and is not followed';
  for (const [pattern, failure] of [
    ['theirs', theirs],
    ['theirs/file', theirs],
    ['theirs/', theirs],
    ['t*/file', theirs],
    ['way/file', theirs],
    ['open/ours/file', `${folder}/open/ours ${open}`],
  ] as const) {
    assert.deepEqual(await expand(join(folder, pattern)), { paths: [], failures: [failure] });
  }
  assert.deepEqual((await expand(join(folder, 't*'))).paths, [`${folder}/theirs`]);
  chmodSync(join(folder, 'open'), 0o1777);
  assert.equal((await expand(join(folder, 'open/ours/file'))).paths.length, 1, 'sticky');
});

test('without /proc a folder that other accounts may write to is not entered', async (t) => {
  const folder = await testFolder(t);
  const file = plant(join(folder, 'open', 'file'), '');
  assert.deepEqual(await expand(file, '/nowhere'), { paths: [file], failures: [] });
  chmodSync(dirname(file), 0o777);
  assert.deepEqual(await expand(file, '/nowhere'), {
    paths: [],
    failures: [`${file} is left as it is: another account may replace it meanwhile`],
  });
});

const elglob = ['/usr/lib/execline/bin/elglob', '/command/elglob', '/bin/elglob'].find(existsSync);

/** The matches of glob(3) of the C library for a pattern, except `.` and `..`. */
function globOfC(folder: string, pattern: string): readonly string[] {
  const command = ['-0', 'FOUND', pattern, 'printf', '%s/', '${FOUND}'];
  const output = execFileSync(elglob ?? 'elglob', command, { cwd: folder, encoding: 'latin1' });
  const names = output.split('/').filter((name) => !['', '.', '..'].includes(name));
  return names.toSorted();
}

test(
  'patterns match as with glob(3) of the C library',
  { skip: unlessInCI(elglob === undefined && 'execline (elglob) is not installed') },
  async (t) => {
    const folder = await testFolder(t);
    const names = ['a', 'ab', 'abc', 'b', '.a', '[', '[a', '[a]', ']', '*', '?', '\\', 'a\\', '^'];
    names.push('!', '-', 'a-b', 'A', '1', 'a1', '11', ':', '=', '^b', '!b', '{a}', '~', ' ', '\n');
    for (const name of names) writeFileSync(join(folder, name), '');
    const inner = fc.constantFrom(
      'a',
      'b',
      '-',
      'a-c',
      '1-',
      '\\]',
      '^',
      '!',
      '[:digit:]',
      '[=a=]',
    );
    const set = fc
      .tuple(
        fc.constantFrom('', '!', '^'),
        fc.constantFrom('', ']'),
        fc.array(inner, { minLength: 1 }),
      )
      .map((parts) => `[${parts.flat().join('')}]`);
    const plain = fc.constantFrom(
      '*',
      '?',
      'a',
      'b',
      '1',
      '.',
      '[',
      ']',
      '\\*',
      '\\a',
      '\\\\',
      '!',
    );
    const pattern = fc.array(fc.oneof(plain, plain, set), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(pattern, async (parts) => {
        const text = parts.join('');
        // POSIX does not define a class at the end of a range, or an element without its end.
        fc.pre(text !== '.' && text !== '..' && !/-\[[:=]|\[\./.test(text));
        const { paths } = await expand(`${folder}/${text}`);
        const found = paths.map((path) => path.slice(folder.length + 1));
        assert.deepEqual(found, globOfC(folder, text), text);
      }),
      { numRuns: 300 },
    );
  },
);

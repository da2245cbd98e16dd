import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TreeError } from '../../../lib/errors.ts';
import type { TreeFiles } from '../../../lib/loader/files/literal-files.ts';
import { literalFiles } from '../../../lib/loader/files/literal-files.ts';
import { short } from '../trees.ts';

const files = literalFiles({
  'a/file': 'four',
  'a/bytes': { content: Buffer.from([1, 2, 3]), mode: 0o644 },
  'a/empty': {},
  folder: { folder: true, mode: 0o700 },
  'folder/inner': 'x',
  'to-a': { link: 'a' },
  'b/up': { link: '../a/file' },
  'b/absolute': { link: '/tree/a' },
  'b/beyond': { link: '../../../tree/./a//file' },
  'to-to-a': { link: 'to-a' },
  nowhere: { link: 'a/missing' },
  outside: { link: '/etc/passwd' },
  'below-a-file': { link: 'a/file/x' },
  x: { link: 'y' },
  y: { link: 'x' },
});
const look = (path: string): unknown => files.look(`/tree/${path}`);

test('look returns what a path of a literal leads to', () => {
  const file = { kind: 'file', executable: true, size: 4 };
  assert.deepEqual(look('a/file'), file);
  assert.deepEqual(look('a/bytes'), { kind: 'file', executable: false, size: 3 });
  assert.deepEqual(look('a/empty'), { kind: 'file', executable: true, size: 0 });
  for (const folder of ['', 'a', 'folder', 'to-a', 'to-to-a', 'b/absolute']) {
    assert.deepEqual(look(folder), { kind: 'folder' }, folder);
  }
  for (const path of ['to-to-a/file', 'b/up', 'b/absolute/file', 'b/beyond', 'b/../a/file']) {
    assert.deepEqual(look(path), file, path);
  }
  for (const path of ['z', 'a/file/x', 'to-a/z', 'nowhere/z']) {
    assert.deepEqual(look(path), { kind: 'missing' }, path);
  }
  for (const path of ['nowhere', 'outside', 'below-a-file']) {
    assert.deepEqual(look(path), { kind: 'dangling' }, path);
  }
  for (const path of ['x', 'y', 'x/z']) assert.deepEqual(look(path), { kind: 'loop' }, path);
});

test('a literal is listed and read like a folder', () => {
  const list = (path: string): unknown => files.list(`/tree/${path}`);
  const read = (path: string, limit: number): unknown => {
    const content = files.read(`/tree/${path}`, limit);
    return content.kind === 'bytes' ? Buffer.from(content.bytes).toString() : content.code;
  };
  assert.deepEqual(list('to-a'), { kind: 'names', names: ['bytes', 'empty', 'file'], foreign: [] });
  assert.deepEqual(list('a/file'), { kind: 'unreadable', code: 'ENOTDIR' });
  assert.deepEqual(list('z'), { kind: 'unreadable', code: 'ENOENT' });
  assert.equal(read('b/up', 10), 'four');
  assert.equal(read('b/up', 2), 'fo');
  assert.equal(read('a', 2), 'EISDIR');
  assert.equal(read('x', 2), 'ENOENT');
});

const refused: readonly (readonly [files: TreeFiles, told: readonly string[], says: RegExp])[] = [
  [{ '/a': '' }, ['tree-invalid /a'], /expected a relative path/],
  [{ '../a': '' }, ['tree-invalid ../a'], /expected a relative path/],
  [{ 'a/../../b': '' }, ['tree-invalid a/../../b'], /expected a relative path/],
  [{ './a': '', 'a//b': '' }, ['tree-invalid ./a', 'tree-invalid a//b'], /relative path/],
  [{ '': '', 'a/': '' }, ['tree-invalid ', 'tree-invalid a/'], /relative path/],
  [{ 'a\0b': '' }, ['tree-invalid a\0b'], /relative path/],
  [{ a: '', 'a/b': '' }, ['tree-invalid a/b'], /'a' is a file here/],
  [{ a: { link: '/etc' }, 'a/passwd': '' }, ['tree-invalid a/passwd'], /'a' is a link here/],
  [{ 'a/b': '', a: '' }, ['tree-invalid a'], /'a' is a folder here/],
];

for (const [literal, told, says] of refused) {
  test(`a literal is rejected: ${JSON.stringify(Object.keys(literal))}`, () => {
    assert.throws(
      () => literalFiles(literal),
      (error) => {
        assert.ok(error instanceof TreeError);
        assert.deepEqual(error.problems.map(short), told);
        assert.match(error.problems[0]?.message ?? '', says);
        return true;
      },
    );
  });
}

test('a folder may be named before or after its contents', () => {
  for (const literal of [
    { 'a/b': '', a: { folder: true } },
    { a: { folder: true }, 'a/b': '' },
  ] as TreeFiles[]) {
    assert.equal(literalFiles(literal).look('/tree/a/b').kind, 'file');
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fine, loadLiteral, short } from './trees.ts';

const source = '/tree/fix-attrs.d/10-web';
const withLines = (...lines: string[]) => loadLiteral({ 'fix-attrs.d/10-web': lines.join('\n') });

test('a line is a path, recursion, an account and two modes', async () => {
  const { tree, problems } = await withLines(
    '/var/lib/web true web 0600 0700',
    '/var/lib/web/* false root:root 644 -',
    '\t/srv/a   true\tweb,1:1 -   2755  ',
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(tree.fixAttrs, [
    {
      source,
      line: 1,
      path: '/var/lib/web',
      recurse: true,
      account: 'web',
      fileMode: 0o600,
      folderMode: 0o700,
    },
    {
      source,
      line: 2,
      path: '/var/lib/web/*',
      recurse: false,
      account: 'root:root',
      fileMode: 0o644,
    },
    { source, line: 3, path: '/srv/a', recurse: true, account: 'web,1:1', folderMode: 0o2755 },
  ]);
});

test('files come in byte order, blank lines and comments are ignored, CRLF is accepted', async () => {
  const { tree, problems } = await loadLiteral({
    'fix-attrs.d/b': '# a comment\r\n\r\n  \t\n  # another\n/b true root - -\r\n',
    'fix-attrs.d/a': '/a true root - -',
    'fix-attrs.d/.hidden': '/c true root - -',
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(
    tree.fixAttrs.map(({ path, line }) => [path, line]),
    [
      ['/a', 1],
      ['/b', 5],
    ],
  );
});

const faults: readonly (readonly [line: string, says: RegExp])[] = [
  ['/a true root 0644', /^"10-web" has 4 fields in a line of five; the line is left out$/],
  ['/a', /has 1 fields/],
  ['/a yes root 0644 0755', /has "yes" for true or false/],
  ['/a b true root 0644 0755', /has "b" for true or false/],
  ['/a true root 0648 0755', /has "0648" for a mode/],
  ['/a true root u+x 0755', /has "u\+x" for a mode/],
  ['/a true root 0644 77777', /has "77777" for a mode/],
  ['/a true root 0644 --', /has "--" for a mode/],
  [
    '/[[:foo:]] true root - -',
    /has the path "\/\[\[:foo:\]\]", which has the unknown class \[:foo:\]/,
  ],
  ['/a\\ true root - -', /which has a name that ends with a backslash/],
];

for (const [line, says] of faults) {
  test(`the line '${line}' is reported and left out, the others stay`, async () => {
    const { tree, problems } = await withLines('/x true root - -', '', line, '/y true root - -');
    assert.deepEqual(problems.map(short), ['fix-attrs-line fix-attrs.d/10-web:3']);
    assert.match(problems[0]?.message ?? '', says);
    assert.match(problems[0]?.remedy ?? '', /PATH true\|false ACCOUNT/);
    assert.deepEqual(
      tree.fixAttrs.map(({ path }) => path),
      ['/x', '/y'],
    );
  });
}

test('a line that is not UTF-8 would name another file, and is left out', async () => {
  const lines = ['# caf\xe9', '/caf\xe9 true root - -', '/caf? true root - -'].join('\n');
  const { tree, problems } = await loadLiteral({
    'fix-attrs.d/10-web': { content: Buffer.from(lines, 'latin1') },
  });
  assert.deepEqual(problems.map(short), ['fix-attrs-line fix-attrs.d/10-web:2']);
  assert.match(problems[0]?.message ?? '', /has a line that is not UTF-8; the line is left out$/);
  assert.deepEqual(
    tree.fixAttrs.map(({ path }) => path),
    ['/caf?'],
  );
});

test('a rule with an unknown account is reported and kept', async () => {
  const { tree, problems } = await withLines('/a true nobody 0644 0755', '/b true - - -');
  assert.deepEqual(problems.map(short), ['account-unknown fix-attrs.d/10-web:1']);
  assert.match(problems[0]?.message ?? '', /^"10-web" names the account "nobody"/);
  assert.match(problems[0]?.remedy ?? '', /fallback/);
  assert.equal(tree.fixAttrs[0]?.account, 'nobody');
  assert.equal(tree.fixAttrs.length, 2);
});

test('an entry that is not a file is reported', async () => {
  const { tree, problems } = await loadLiteral({
    'fix-attrs.d/a': { folder: true },
    'fix-attrs.d/b': { link: 'nowhere' },
    'fix-attrs.d/c': 'x'.repeat(2 ** 20 + 1),
    'fix-attrs.d/d': '',
    'cont-init.d/a': fine,
  });
  assert.deepEqual(problems.map(short), [
    'unreadable fix-attrs.d/a',
    'link-dangling fix-attrs.d/b',
    'file-too-large fix-attrs.d/c',
  ]);
  assert.deepEqual(tree.fixAttrs, []);
});

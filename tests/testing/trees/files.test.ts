import assert from 'node:assert/strict';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TreeError } from '../../../lib/errors.ts';
import { serviceDefaults } from '../../../lib/model/tree.ts';
import { treeOf, writeTree } from '../../../lib/testing/trees/files.ts';
import { fine, refusal, temporaryFolder } from '../../loader/trees.ts';

test('treeOf() makes a tree of an object literal', () => {
  const tree = treeOf({
    'cont-init.d/10-first': fine,
    'services.d/web/run': '#!/opt/no-such-interpreter\n',
    'services.d/web/down': '',
    'cont-finish.d/last': fine,
  });
  assert.deepEqual(tree, {
    fixAttrs: [],
    init: [{ name: '10-first', run: { script: '/tree/cont-init.d/10-first' } }],
    services: [
      {
        name: 'web',
        run: { script: '/tree/services.d/web/run' },
        ...serviceDefaults,
        down: true,
      },
    ],
    finish: [{ name: 'last', run: { script: '/tree/cont-finish.d/last' } }],
  });
  assert.equal(Object.isFrozen(tree.services[0]), true);
});

test('a literal without a stage, or with an invalid path, is rejected', () => {
  assert.throws(() => treeOf({}), TreeError);
  assert.throws(() => treeOf({ run: fine }), /no-stage/);
  assert.throws(() => treeOf({ '../services.d/web/run': fine }), /tree-invalid/);
});

const mode = (path: string): number => lstatSync(path).mode & 0o7777;

test('writeTree() gives the same tree on disk, whatever the umask', async (context) => {
  const folder = join(temporaryFolder(context), 'new', 'folder');
  const umask = process.umask(0o077);
  context.after(() => process.umask(umask));
  await writeTree(folder, {
    'services.d/web/run': fine,
    'services.d/web/data': { content: Buffer.from([0, 255]), mode: 0o640 },
    'services.d/web/none': {},
    'services.d/log': { link: '../nowhere' },
    empty: { folder: true },
    closed: { folder: true, mode: 0o500 },
    'closed/file': 'x',
  });
  const at = (path: string): string => join(folder, path);
  assert.equal(readFileSync(at('services.d/web/run'), 'utf8'), fine);
  assert.equal(mode(at('services.d/web/run')), 0o755);
  assert.deepEqual([...readFileSync(at('services.d/web/data'))], [0, 255]);
  assert.equal(mode(at('services.d/web/data')), 0o640);
  assert.equal(lstatSync(at('services.d/web/none')).size, 0);
  assert.equal(readlinkSync(at('services.d/log')), '../nowhere');
  assert.deepEqual(readdirSync(at('empty')), []);
  assert.equal(mode(at('closed')), 0o500);
  assert.equal(readFileSync(at('closed/file'), 'utf8'), 'x');
  await writeTree(folder, { closed: { folder: true, mode: 0o700 } });
  assert.equal(mode(at('closed')), 0o700);
});

test('writeTree() replaces files and links without following them, and keeps everything else', async (context) => {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, 'victim'), 'untouched', { mode: 0o600 });
  writeFileSync(join(folder, 'old'), 'old');
  symlinkSync('victim', join(folder, 'link'));
  mkdirSync(join(folder, 'kept'), { mode: 0o700 });
  const before = mode(folder);
  await writeTree(folder, { link: 'new', old: { link: 'victim' }, 'kept/file': 'x' });
  await writeTree(folder, { old: { link: 'link' } });
  assert.equal(readFileSync(join(folder, 'victim'), 'utf8'), 'untouched');
  assert.equal(lstatSync(join(folder, 'link')).isFile(), true);
  assert.equal(readlinkSync(join(folder, 'old')), 'link');
  assert.equal(mode(folder), before);
  assert.equal(mode(join(folder, 'kept')), 0o700);
});

test('writeTree() writes nothing when one path would leave the folder', async (context) => {
  const folder = temporaryFolder(context);
  const odd = [
    { '../out': 'x' },
    { '/out': 'x' },
    { 'a/../../out': 'x' },
    { up: { link: '..' }, 'up/out': 'x' },
  ];
  for (const files of odd) {
    const error = await refusal(writeTree(join(folder, 'inner'), { fine: 'x', ...files }));
    assert.equal(error.problems[0]?.code, 'tree-invalid');
  }
  assert.deepEqual(readdirSync(folder), []);
});

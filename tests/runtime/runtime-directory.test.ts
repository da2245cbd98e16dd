import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { RuntimeDirectory } from '../../lib/runtime/runtime-directory.ts';
import { plant, testFolder, whoRuns } from './folder.ts';

test('the private folder is made when it is needed, for others to pass through only, and goes with all in it', () => {
  const runtime = new RuntimeDirectory();
  assert.equal(dirname(runtime.path), tmpdir());
  assert.match(basename(runtime.path), /^stagekeeper-[0-9a-f]{16}$/);
  assert.equal(existsSync(runtime.path), false);
  assert.equal(runtime.inUse, false);

  const folder = runtime.makeFolder('things');
  assert.equal(folder, join(runtime.path, 'things'));
  assert.equal(statSync(runtime.path).mode & 0o777, 0o711);
  assert.deepEqual([runtime.isPrivate, runtime.folderMode], [true, 0o700]);
  assert.equal(runtime.inUse, true);
  plant(join(runtime.path, 'of-a-script'), 'x');

  assert.deepEqual(runtime.remove(), []);
  assert.equal(existsSync(runtime.path), false);
  assert.equal(runtime.inUse, false);
  assert.deepEqual(runtime.remove(), [], 'a second time nothing is left to do');
});

test('it knows what was made in it in this life', async (t) => {
  for (const runtime of [new RuntimeDirectory(), new RuntimeDirectory(await testFolder(t))]) {
    assert.equal(runtime.holds('things'), false);
    runtime.makeFolder('things');
    assert.equal(runtime.holds('things'), true);
    runtime.remove();
    runtime.makeFolder('others');
    assert.equal(runtime.holds('things'), false);
    runtime.remove();
  }
});

test('two of them never meet', () => {
  assert.notEqual(new RuntimeDirectory().path, new RuntimeDirectory().path);
});

test('of a folder that the host gave, only what was made in it is removed', async (t) => {
  const given = await testFolder(t);
  plant(join(given, 'mine'), 'keep');
  const runtime = new RuntimeDirectory(given);
  runtime.makeFolder('things');
  runtime.makePrivateFolder('more-');
  assert.equal(readdirSync(given).length, 3);
  assert.deepEqual(runtime.remove(), []);
  assert.deepEqual(readdirSync(given), ['mine']);
});

test('a folder that the host named but did not make is made, and removed if it is empty', async (t) => {
  const parent = await testFolder(t);
  const given = join(parent, 'deep', 'down');
  const runtime = new RuntimeDirectory(given);
  runtime.makeFolder('things');
  assert.equal(statSync(given).mode & 0o777, 0o755);
  assert.deepEqual([runtime.isPrivate, runtime.folderMode], [false, 0o755]);
  assert.deepEqual(runtime.remove(), []);
  assert.equal(existsSync(given), false);

  const again = new RuntimeDirectory(given);
  again.makeFolder('things');
  plant(join(given, 'of-a-script'), 'x');
  assert.deepEqual(again.remove(), []);
  assert.deepEqual(readdirSync(given), ['of-a-script']);
});

test('what an earlier life left behind is not taken over', async (t) => {
  const given = await testFolder(t);
  plant(join(given, 'things', 'old'), 'x');
  new RuntimeDirectory(given).makeFolder('things');
  assert.deepEqual(readdirSync(join(given, 'things')), []);
});

test('a private folder inside is for our account alone, under a name of its own', async (t) => {
  const given = await testFolder(t);
  mkdirSync(join(given, 'pipes-'));
  const runtime = new RuntimeDirectory(given);
  const one = runtime.makePrivateFolder('pipes-');
  assert.notEqual(one, runtime.makePrivateFolder('pipes-'));
  assert.equal(statSync(one).mode & 0o777, 0o700);
  runtime.remove();
  assert.deepEqual(readdirSync(given), ['pipes-']);
});

test('what cannot be made throws the reason', async (t) => {
  const given = plant(join(await testFolder(t), 'file'), 'text');
  const runtime = new RuntimeDirectory(join(given, 'below'));
  assert.throws(() => runtime.makeFolder('things'), { code: 'ENOTDIR' });
  assert.deepEqual(runtime.remove(), []);
  assert.equal(readFileSync(given, 'utf8'), 'text');
});

test('what cannot be removed is a problem', { skip: whoRuns.plainUser }, async (t) => {
  const given = await testFolder(t);
  const runtime = new RuntimeDirectory(given);
  runtime.makeFolder('things');
  chmodSync(given, 0o500);
  const [found] = runtime.remove();
  chmodSync(given, 0o700);
  assert.equal(found?.code, 'runtime-directory');
  assert.equal(found.path, given);
});

test('a name that is claimed is ours: what stood there is gone, and what stands there at the end goes', async (t) => {
  const given = await testFolder(t);
  plant(join(given, 'control'), 'old');
  const runtime = new RuntimeDirectory(given);
  assert.equal(runtime.claim('control'), join(given, 'control'));
  assert.deepEqual(readdirSync(given), []);
  plant(join(given, 'control'), 'new');
  plant(join(given, 'mine'), 'keep');
  runtime.remove();
  assert.deepEqual(readdirSync(given), ['mine']);
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { defineTree } from '../../lib/loader/define.ts';
import { diskFiles } from '../../lib/loader/files/disk-files.ts';
import type { Files } from '../../lib/loader/files/files.ts';
import { literalFiles } from '../../lib/loader/files/literal-files.ts';
import { load, loadAtOnce } from '../../lib/loader/load.ts';
import type { Problem } from '../../lib/model/problem.ts';
import { writeTree } from '../../lib/testing/trees/files.ts';
import { cpuTimeOf } from '../processes.ts';
import { fine, refusal, skipForRoot, temporaryFolder } from './trees.ts';

const files = {
  'fix-attrs.d/10': '/a true root - -',
  'cont-init.d/10-first': fine,
  'services.d/web/run': fine,
  'services.d/web/finish': fine,
  'services.d/web/log/run': fine,
  'services.d/web/down': '',
  'services.d/web/timeout-kill': '5',
  'services.d/web/notification-fd': '3',
};

const within = (problems: readonly Problem[], root: string): readonly string[] =>
  problems.map(({ code, path }) => `${code} ${path.replace(`${root}/`, '')}`);

test('a folder is named by its path, absolute or not, or by its URL', async (context) => {
  const folder = temporaryFolder(context);
  await writeTree(folder, files);
  const { tree, problems } = await load(folder);
  assert.deepEqual(problems, []);
  assert.equal(tree.root, folder);
  assert.deepEqual(tree.services[0]?.run, { script: join(folder, 'services.d/web/run') });
  assert.deepEqual((await load(`${folder}/`)).tree, tree);
  assert.deepEqual((await load(pathToFileURL(folder))).tree, tree);
  assert.deepEqual((await load(pathToFileURL(`${folder}/`))).tree, tree);
  const before = process.cwd();
  context.after(() => {
    process.chdir(before);
  });
  process.chdir(join(folder, 'services.d'));
  assert.deepEqual((await load('..')).tree, tree);
});

test('a root that names no folder rejects the promise and does not throw', async () => {
  for (const root of ['', new URL('https://example.org/etc'), new URL('file:///a%2Fb')]) {
    const { problems } = await refusal(load(root));
    assert.deepEqual(
      problems.map(({ code, path }) => [code, path]),
      [['root-missing', String(root)]],
    );
    assert.match(problems[0]?.remedy ?? '', /file: URL/);
  }
  assert.equal((await refusal(load('a\0b'))).problems[0]?.code, 'root-unreadable');
  assert.equal((await refusal(load(`/${'x'.repeat(5000)}`))).problems[0]?.code, 'root-unreadable');
  assert.equal((await refusal(load('/dev/null'))).problems[0]?.code, 'root-not-a-folder');
});

test('disk and literal give the same tree', async (context) => {
  const folder = temporaryFolder(context);
  await writeTree(folder, files);
  const { root, ...fromDisk } = (await load(folder)).tree;
  const fromLiteral = loadAtOnce('/tree', literalFiles(files)).tree;
  const text = JSON.stringify(fromDisk).replaceAll(String(root), '/tree');
  assert.equal(JSON.stringify(fromLiteral), text);
});

test('a loaded tree is frozen, and a conversion to JSON and back gives the same text', async (context) => {
  const folder = temporaryFolder(context);
  await writeTree(folder, files);
  const { tree } = await load(folder);
  assert.equal(Object.isFrozen(tree.services[0]?.logger?.run), true);
  const again = defineTree(JSON.parse(JSON.stringify(tree)) as typeof tree);
  assert.deepEqual(again, tree);
  assert.equal(JSON.stringify(again), JSON.stringify(tree));
  assert.equal(JSON.stringify((await load(folder)).tree), JSON.stringify(tree));
});

test('the next reading sees what init scripts wrote, linked, renamed and removed', async (context) => {
  const folder = temporaryFolder(context);
  await writeTree(folder, { ...files, 'services.d/late': { folder: true } });
  const first = await load(folder);
  assert.deepEqual(within(first.problems, folder), ['run-missing services.d/late/run']);
  await writeTree(folder, { 'services.d/late/run': fine, 'store/new/run': fine });
  symlinkSync('../store/new', join(folder, 'services.d', 'linked'));
  rmSync(join(folder, 'services.d', 'web'), { recursive: true });
  const second = await load(folder);
  assert.deepEqual(second.problems, []);
  assert.deepEqual(
    second.tree.services.map(({ name }) => name),
    ['late', 'linked'],
  );
});

test('unusual entries of a real disk are reported', async (context) => {
  const folder = temporaryFolder(context);
  await writeTree(folder, files);
  const at = (path: string): string => join(folder, path);
  mkdirSync(at('services.d/b'));
  execFileSync('mkfifo', [at('services.d/b/run'), at('services.d/c'), at('cont-init.d/fifo')]);
  execFileSync('mkfifo', [at('services.d/b/timeout-kill'), at('fix-attrs.d/fifo')]);
  symlinkSync('x'.repeat(300), at('services.d/d'));
  symlinkSync('/dev/zero', at('cont-init.d/zero'));
  writeFileSync(Buffer.concat([Buffer.from(at('cont-init.d/x')), Buffer.from([0xff])]), fine);
  writeFileSync(Buffer.concat([Buffer.from(at('cont-init.d/.x')), Buffer.from([0xff])]), fine);
  const { tree, problems } = await load(folder);
  assert.deepEqual(within(problems, folder), [
    'unreadable fix-attrs.d/fifo',
    'name-not-utf8 cont-init.d/x\\xff',
    'unreadable cont-init.d/fifo',
    'unreadable cont-init.d/zero',
    'unreadable services.d/b/run',
    'unreadable services.d/b/timeout-kill',
    'unreadable services.d/d',
  ]);
  assert.match(problems[0]?.message ?? '', /FIFO, socket or device where a file belongs/);
  const odd = problems.find(({ code }) => code === 'name-not-utf8');
  assert.equal(odd?.message, '"x\\\\xff" is no name in UTF-8; it is left out');
  assert.equal(odd.remedy, 'Rename it.');
  assert.deepEqual(
    tree.services.map(({ name }) => name),
    ['b', 'web'],
  );
});

test(
  'a file that would block its reader does not block the load',
  { skip: process.platform !== 'linux' && 'the file is one of Linux' },
  async (context) => {
    const folder = temporaryFolder(context);
    await writeTree(folder, { 'cont-init.d/log': { link: '/proc/kmsg' } });
    const { problems } = await load(folder);
    assert.ok(problems.length > 0);
  },
);

test(
  'without the right to read, an entry is reported or the root rejected',
  { skip: skipForRoot },
  async (context) => {
    const folder = temporaryFolder(context);
    await writeTree(folder, { ...files, 'cont-init.d/20': { content: fine, mode: 0o100 } });
    const { problems } = await load(folder);
    assert.deepEqual(within(problems, folder), ['unreadable cont-init.d/20']);
    chmodSync(folder, 0o600);
    const error = await refusal(load(folder));
    assert.equal(error.problems.at(-1)?.code, 'root-unreadable');
  },
);

test("the host's event loop runs while a large tree is read", async () => {
  const literal = literalFiles(
    Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`services.d/${String(index)}/run`, fine]),
    ),
  );
  const slow: Files = {
    ...literal,
    list(path) {
      const end = performance.now() + 2;
      while (performance.now() < end); // like a slow disk
      return literal.list(path);
    },
  };
  let turns = 0;
  let over = false;
  const count = (): void => {
    turns += 1;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  await load('/tree', slow, null);
  over = true;
  assert.ok(turns >= 10, `200 ms of work left room for ${String(turns)} turns`);
});

test('a thousand services are loaded without delay', async (context) => {
  const folder = temporaryFolder(context);
  const many = Array.from({ length: 1000 }, (_, index) => [
    [`services.d/s${String(index)}/run`, fine],
    [`services.d/s${String(index)}/notification-fd`, '3\n'],
  ]);
  await writeTree(folder, Object.fromEntries(many.flat()) as Record<string, string>);
  const took = await cpuTimeOf(async () => {
    const { tree, problems } = await load(folder);
    assert.equal(tree.services.length, 1000);
    assert.deepEqual(problems, []);
  });
  // It takes some 100 ms; the bound is for a slow machine, and still far below what a slower method would take.
  assert.ok(took < 1500, `it took ${String(took)} ms`);
});

test('a file that disappears while it is read is reported', async () => {
  const literal = literalFiles(files);
  const { problems } = await load(
    '/tree',
    { ...literal, read: (path) => diskFiles.read(path, 1) }, // this file is not on the disk
    null,
  );
  assert.deepEqual(
    problems.map(({ code }) => code),
    Array.from({ length: 7 }, () => 'unreadable'),
  );
  assert.match(problems[0]?.message ?? '', /\(ENOENT\)/);
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { defineTree } from '../../../lib/loader/define.ts';
import type { Problem } from '../../../lib/model/problem.ts';
import type { Tree } from '../../../lib/model/tree.ts';
import { RuntimeDirectory } from '../../../lib/host/directory/runtime-directory.ts';
import { ScanDirectory } from '../../../lib/host/script-interface/scan-directory.ts';
import { plant, testFolder } from '../folder.ts';

interface Scanned {
  readonly root: string;
  readonly runtime: RuntimeDirectory;
  readonly scan: ScanDirectory;
  readonly problems: readonly Problem[];
  /** The services that the tree has from now on. */
  have(...names: readonly string[]): void;
}

async function scanned(t: TestContext, ...names: readonly string[]): Promise<Scanned> {
  const folder = await testFolder(t);
  const root = join(folder, 'root');
  const problems: Problem[] = [];
  const runtime = new RuntimeDirectory(join(folder, 'runtime'), (it) => problems.push(it));
  t.after(() => runtime.remove());
  let tree: Tree;
  const have = (...services: readonly string[]): void => {
    tree = defineTree({
      root,
      services: services.map((name) => ({
        name,
        run: { script: plant(join(root, 'services.d', name, 'run'), '') },
        logger: { run: { script: plant(join(root, 'services.d', name, 'log/run'), '') } },
      })),
    });
  };
  have(...names);
  return { root, runtime, problems, scan: new ScanDirectory(runtime, () => tree), have };
}

test('the scan directory has a folder for each service of the present tree', async (t) => {
  const { root, runtime, scan, have } = await scanned(t, 'web', 'a b');
  const target = (name: string): string => readlinkSync(join(runtime.path, 'services', name));
  scan.update();
  assert.equal(existsSync(join(runtime.path, 'services')), false, 'it is not made by the way');
  scan.provide();
  assert.equal(target('web/run'), join(root, 'services.d/web/run'));
  assert.equal(target('web/log/run'), join(root, 'services.d/web/log/run'));
  assert.equal(target('a b/run'), join(root, 'services.d/a b/run'));
  have('web', 'api');
  scan.update();
  assert.equal(target('api/run'), join(root, 'services.d/api/run'));
  assert.equal(existsSync(join(runtime.path, 'services/a b')), false);
});

test('entries that a service directory gets later are shown, and such that a script has removed are not', async (t) => {
  const { root, runtime, scan } = await scanned(t, 'web');
  plant(join(root, 'services.d/web/timeout-kill'), '500');
  scan.provide();
  rmSync(join(runtime.path, 'services/web/timeout-kill'));
  plant(join(root, 'services.d/web/data/check'), '#!/bin/sh');
  plant(join(root, 'services.d/web/log/data/check'), '#!/bin/sh');
  scan.refresh();
  for (const name of ['web/data/check', 'web/log/data/check'])
    assert.equal(existsSync(join(runtime.path, 'services', name)), true, name);
  assert.equal(existsSync(join(runtime.path, 'services/web/timeout-kill')), false);
});

test('of a service directory with very many entries only the usual ones are shown', async (t) => {
  const { root, runtime, scan } = await scanned(t, 'web');
  for (let count = 0; count < 150; count += 1)
    plant(join(root, 'services.d/web', `file ${String(count)}`), '');
  plant(join(root, 'services.d/web/data/check'), '');
  scan.provide();
  assert.deepEqual(readdirSync(join(runtime.path, 'services/web')).toSorted(), [
    'data',
    'log',
    'run',
  ]);
});

test('what a script writes to a control file, or removes, is told and does not change the tree', async (t) => {
  const { root, runtime, scan } = await scanned(t, 'web');
  const names = new Set(['down', 'timeout-kill', 'timeout-finish', 'notification-fd']);
  const inTree = (name: string): string => join(root, 'services.d', name);
  const shown = (name: string): string => join(runtime.path, 'services', name);
  plant(inTree('web/timeout-kill'), '500\n', 0o755);
  plant(inTree('web/timeout-finish'), '700\n', 0o644);
  plant(inTree('web/notification-fd'), '3\n', 0o644);
  scan.provide();
  assert.deepEqual(scan.changesOf('web', names), new Map());
  plant(inTree('web/notification-fd'), '4\n', 0o644);
  assert.deepEqual(scan.changesOf('web', names), new Map(), 'the tree itself decides');
  writeFileSync(shown('web/timeout-kill'), '900\n');
  rmSync(shown('web/timeout-finish'));
  writeFileSync(shown('web/log/down'), '');
  writeFileSync(shown('web/other'), '');
  assert.deepEqual([...scan.changesOf('web', names)].toSorted(), [
    ['timeout-finish', null],
    ['timeout-kill', shown('web/timeout-kill')],
  ]);
  assert.deepEqual([...scan.changesOf('web/log', names)], [['down', shown('web/log/down')]]);
  assert.equal(readFileSync(inTree('web/timeout-kill'), 'utf8'), '500\n');
  assert.equal(existsSync(inTree('web/timeout-finish')), true);
  assert.equal(existsSync(inTree('web/log/down')), false);
  assert.deepEqual(scan.changesOf('api', names), new Map());
});

test('a service is known by every path that scripts have for its directory', async (t) => {
  const { root, runtime, scan } = await scanned(t, 'web');
  scan.provide();
  symlinkSync(join(root, 'services.d/web'), join(root, 'elsewhere'));
  for (const directory of [
    join(runtime.path, 'services/web'),
    join(root, 'services.d/web'),
    join(root, 'services.d/web/'),
    join(root, 'services.d/../services.d/web/.'),
    join(root, 'elsewhere'),
    '/run/s6/services/web',
    '/var/run/s6/services/web',
    '/run/service/web',
    '/run/s6/legacy-services/web/',
  ]) {
    assert.equal(scan.serviceAt(directory), 'web', directory);
    assert.equal(scan.serviceAt(join(directory, 'log')), 'web/log', directory);
  }
  assert.equal(scan.serviceAt('/run/service/api'), 'api', 'it would be, if there were one');
  for (const other of [root, '/', '/run/service', join(root, 'services.d/web/data'), '/no/where'])
    assert.equal(scan.serviceAt(other), undefined, other);
});

test('the scan directory is known by several paths', async (t) => {
  const { root, runtime, scan } = await scanned(t, 'web');
  scan.provide();
  const own = [join(runtime.path, 'services'), join(root, 'services.d'), `${root}/services.d/`];
  for (const path of [...own, '/run/service', '/var/run/s6/services', '/run/s6/services/'])
    assert.equal(scan.isScanDirectory(path), true, path);
  for (const path of [root, '/run', '/run/s6', join(root, 'services.d/web'), '/no/where'])
    assert.equal(scan.isScanDirectory(path), false, path);
});

test('the down file of a service is made and removed, a logger’s too, and the tree stays as it is', async (t) => {
  const { root, runtime, scan } = await scanned(t, 'web');
  scan.setDown('web', true);
  assert.equal(existsSync(join(runtime.path, 'services')), false, 'nothing runs for real');
  scan.provide();
  for (const [name, file] of [
    ['web', 'web/down'],
    ['web/log', 'web/log/down'],
  ] as const) {
    const down = join(runtime.path, 'services', file);
    scan.setDown(name, true);
    assert.equal(existsSync(down), true);
    scan.setDown(name, true);
    scan.setDown(name, false);
    scan.setDown(name, false);
    assert.equal(existsSync(down), false);
    assert.equal(existsSync(join(root, 'services.d', file)), false);
  }
  scan.setDown('nobody', true);
});

test('a FIFO with the name of the down file is left unchanged, and no write blocks', async (t) => {
  const { runtime, scan } = await scanned(t, 'web');
  scan.provide();
  const file = join(runtime.path, 'services/web/down');
  execFileSync('mkfifo', [file]);
  scan.setDown('web', true);
  assert.equal(lstatSync(file).isFIFO(), true);
  scan.setDown('web', false);
  assert.equal(existsSync(file), false);
});

test('folders that a cleaner has removed, or links in them, are made again, and that is reported', async (t) => {
  const { root, runtime, scan, problems } = await scanned(t, 'web', 'api');
  scan.provide();
  for (const gone of ['', 'run']) {
    for (const name of ['web', 'api'])
      rmSync(join(runtime.path, 'services', name, gone), { recursive: true });
    scan.provide();
    const link = join(runtime.path, 'services/web/run');
    assert.equal(readlinkSync(link), join(root, 'services.d/web/run'));
  }
  assert.deepEqual(
    problems.map(({ code, path }) => [code, path]),
    [
      ['runtime-directory-restored', join(runtime.path, 'services')],
      ['runtime-directory-restored', join(runtime.path, 'services')],
    ],
  );
  scan.provide();
  assert.equal(problems.length, 2);
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
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

test('the scan directory has a link for each service of the present tree', async (t) => {
  const { root, runtime, scan, have } = await scanned(t, 'web', 'a b');
  const link = (name: string): string => readlinkSync(join(runtime.path, 'services', name));
  scan.update();
  assert.equal(existsSync(join(runtime.path, 'services')), false, 'it is not made by the way');
  scan.provide();
  assert.equal(link('web'), join(root, 'services.d/web'));
  assert.equal(link('a b'), join(root, 'services.d/a b'));
  have('web', 'api');
  scan.update();
  assert.equal(link('api'), join(root, 'services.d/api'));
  assert.equal(existsSync(join(runtime.path, 'services/a b')), false);
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

test('the down file of a service is made and removed, a logger’s too', async (t) => {
  const { root, scan } = await scanned(t, 'web');
  scan.setDown('web', true);
  assert.equal(existsSync(join(root, 'services.d/web/down')), false, 'nothing runs for real');
  scan.provide();
  for (const [name, file] of [
    ['web', 'web/down'],
    ['web/log', 'web/log/down'],
  ] as const) {
    scan.setDown(name, true);
    assert.equal(existsSync(join(root, 'services.d', file)), true);
    scan.setDown(name, true);
    scan.setDown(name, false);
    scan.setDown(name, false);
    assert.equal(existsSync(join(root, 'services.d', file)), false);
  }
  scan.setDown('nobody', true);
});

test('a FIFO with the name of the down file is left unchanged, and no write blocks', async (t) => {
  const { root, scan } = await scanned(t, 'web');
  scan.provide();
  const file = join(root, 'services.d/web/down');
  execFileSync('mkfifo', [file]);
  scan.setDown('web', true);
  assert.equal(lstatSync(file).isFIFO(), true);
  scan.setDown('web', false);
  assert.equal(existsSync(file), false);
});

test('links that a cleaner has removed are made again, and that is reported', async (t) => {
  const { root, runtime, scan, problems } = await scanned(t, 'web', 'api');
  scan.provide();
  const link = join(runtime.path, 'services/web');
  for (const name of ['web', 'api']) rmSync(join(runtime.path, 'services', name));
  scan.provide();
  assert.equal(readlinkSync(link), join(root, 'services.d/web'));
  assert.deepEqual(
    problems.map(({ code, path }) => [code, path]),
    [['runtime-directory-restored', join(runtime.path, 'services')]],
  );
  scan.provide();
  assert.equal(problems.length, 1);
});

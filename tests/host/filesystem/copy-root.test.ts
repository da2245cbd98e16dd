import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { leaveMark, plant, testFolder, whoRuns } from '../folder.ts';
import { copyRoot } from '../../../lib/host/filesystem/copy-root.ts';
import { RuntimeDirectory } from '../../../lib/host/directory/runtime-directory.ts';

interface Place {
  readonly root: string;
  readonly run: string;
  readonly runtime: RuntimeDirectory;
}

async function place(t: TestContext): Promise<Place> {
  const folder = await testFolder(t);
  const [root, run] = [join(folder, 'root'), join(folder, 'run')];
  plant(join(root, 'services.d/web/run'), '#!/bin/sh\n', 0o644);
  return { root, run, runtime: new RuntimeDirectory(run) };
}

function modeOf(...path: readonly string[]): number {
  return lstatSync(join(...path)).mode & 0o7777;
}

test('the folders of the four stages are copied, and nothing else', async (t) => {
  const { root, run, runtime } = await place(t);
  plant(join(root, 'cont-init.d/10'), 'ten');
  plant(join(root, 'passwd'), '');
  assert.deepEqual(await copyRoot(root, runtime), { copy: join(run, 'etc'), problems: [] });
  assert.equal(readFileSync(join(run, 'etc/cont-init.d/10'), 'utf8'), 'ten');
  assert.equal(existsSync(join(run, 'etc/passwd')), false);
  assert.deepEqual(runtime.remove(), []);
  assert.equal(existsSync(run), false);
});

test('scripts are made executable in the copy, and only there', async (t) => {
  const { root, run, runtime } = await place(t);
  const programs = ['finish', 'log/run', 'log/finish', 'data/check'];
  for (const name of programs) plant(join(root, 'services.d/web', name), '', 0o600);
  plant(join(root, 'services.d/web/down'), '', 0o640);
  plant(join(root, 'cont-init.d/10'), '', 0o444);
  plant(join(root, 'cont-finish.d/10'), '', 0o400);
  plant(join(root, 'fix-attrs.d/10'), '', 0o755);
  await copyRoot(root, runtime);
  for (const name of ['run', ...programs]) {
    assert.equal(modeOf(run, 'etc/services.d/web', name), 0o755, name);
  }
  assert.equal(modeOf(run, 'etc/services.d/web/down'), 0o640);
  assert.equal(modeOf(run, 'etc/cont-init.d/10'), 0o755);
  assert.equal(modeOf(run, 'etc/cont-finish.d/10'), 0o755);
  assert.equal(modeOf(run, 'etc/fix-attrs.d/10'), 0o644);
  assert.equal(modeOf(root, 'services.d/web/run'), 0o644);
});

test('links stay links: those within a folder lead to the copy, others keep their target', async (t) => {
  const { root, run, runtime } = await place(t);
  const outside = plant(join(root, '../shared/run'), '', 0o600);
  plant(join(root, 'common/run'), '', 0o600);
  symlinkSync('web/run', join(root, 'services.d/near'));
  symlinkSync('../common', join(root, 'services.d/far'));
  symlinkSync(join(root, '../shared'), join(root, 'services.d/away'));
  symlinkSync('nowhere', join(root, 'services.d/dangling'));
  assert.deepEqual((await copyRoot(root, runtime)).problems, []);
  const target = (name: string) => readlinkSync(join(run, 'etc/services.d', name));
  assert.deepEqual(['near', 'dangling'].map(target), ['web/run', 'nowhere']);
  assert.equal(
    statSync(join(run, 'etc/services.d/far/run')).ino,
    statSync(join(root, 'common/run')).ino,
  );
  assert.equal(statSync(join(run, 'etc/services.d/away/run')).ino, statSync(outside).ino);
  assert.equal(modeOf(outside), 0o600, 'what is behind a link is not the copy’s');
});

test('a stage that is a link to a folder is copied like a folder', async (t) => {
  const { root, run, runtime } = await place(t);
  plant(join(root, '../init/10'), '');
  symlinkSync('../init', join(root, 'cont-init.d'));
  await copyRoot(root, runtime);
  assert.equal(lstatSync(join(run, 'etc/cont-init.d')).isDirectory(), true);
  assert.equal(modeOf(run, 'etc/cont-init.d/10'), 0o755);
});

test('copies keep their owners', { skip: whoRuns.root }, async (t) => {
  const { root, run, runtime } = await place(t);
  const data = plant(join(root, 'services.d/web/data'), '', 0o4750);
  chownSync(data, 12, 34);
  chownSync(join(root, 'services.d/web'), 56, 78);
  await copyRoot(root, runtime);
  const { uid, gid, mode } = lstatSync(join(run, 'etc/services.d/web/data'));
  assert.deepEqual([uid, gid, mode & 0o777], [12, 34, 0o750]);
  assert.equal(lstatSync(join(run, 'etc/services.d/web')).uid, 56);
});

test('an entry that cannot be copied is reported, and the others are copied', async (t) => {
  const { root, run, runtime } = await place(t);
  execFileSync('mkfifo', [join(root, 'services.d/web/fifo')]);
  const { problems } = await copyRoot(root, runtime);
  assert.deepEqual(
    problems.map(({ code, path }) => [code, path]),
    [['copy-failed', join(root, 'services.d/web/fifo')]],
  );
  assert.equal(existsSync(join(run, 'etc/services.d/web/run')), true);
});

test('a copy of an earlier run is removed, and a folder that the library did not make is not', async (t) => {
  const { root, run, runtime } = await place(t);
  plant(join(run, 'etc/services.d/old/run'), '');
  leaveMark(run, 'etc');
  assert.deepEqual((await copyRoot(root, runtime)).problems, []);
  assert.equal(existsSync(join(run, 'etc/services.d/old')), false);

  const other = join(root, '../other');
  const kept = plant(join(other, 'etc/services.d/kept/run'), '');
  const { copy, problems } = await copyRoot(root, new RuntimeDirectory(other));
  assert.equal(copy, undefined);
  assert.match(
    problems[0]?.message ?? '',
    /etc has a name that a supervisor needs, and was not made by one/,
  );
  assert.equal(existsSync(kept), true);
});

test('a root is copied neither onto nor into itself', async (t) => {
  const { root } = await place(t);
  const etc = join(root, 'etc');
  plant(join(etc, 'services.d/web/run'), '');
  const onto = await copyRoot(etc, new RuntimeDirectory(root));
  assert.equal(onto.copy, undefined);
  assert.equal(existsSync(join(etc, 'services.d/web/run')), true);
  mkdirSync(join(root, 'services.d/run'));
  const into = await copyRoot(root, new RuntimeDirectory(join(root, 'services.d/run')));
  assert.equal(into.copy, undefined);
  assert.match(into.problems[0]?.message ?? '', /is within/);
});

test('the absolute links of an image lead from the copy to the files of the image', async (t) => {
  const image = await testFolder(t);
  const [stage, target] = [join(image, 'opt/services'), join(image, 'opt/app')];
  plant(join(stage, 'web/notification-fd'), '3');
  plant(target, '#!/bin/sh\n');
  mkdirSync(join(image, 'etc'));
  symlinkSync('/opt/services', join(image, 'etc/services.d'));
  symlinkSync('/opt/app', join(stage, 'web/run'));
  symlinkSync('/opt/services/web/run', join(stage, 'web/finish'));
  symlinkSync('/bin/sh', join(stage, 'web/shell'));
  const run = join(image, 'run');
  await copyRoot(join(image, 'etc'), new RuntimeDirectory(run));
  const targets = ['run', 'finish', 'shell'].map((name) =>
    readlinkSync(join(run, 'etc/services.d/web', name)),
  );
  assert.deepEqual(targets, [target, target, '/bin/sh']);
});

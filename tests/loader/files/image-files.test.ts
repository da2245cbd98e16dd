import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { diskFiles } from '../../../lib/loader/files/disk-files.ts';
import { imageFiles } from '../../../lib/loader/files/image-files.ts';
import { load } from '../../../lib/loader/load.ts';
import { treeReader } from '../../../lib/supervisor/reread.ts';
import { temporaryFolder } from '../trees.ts';

const script = '#!/bin/sh\nexec sleep 600\n';

test('absolute links in the /etc of an image lead to its own files', async (context) => {
  const image = temporaryFolder(context);
  const services = join(image, 'etc/services.d');
  for (const folder of ['etc/services.d/web', 'opt/image-only/api', 'srv']) {
    mkdirSync(join(image, folder), { recursive: true });
  }
  for (const file of ['opt/image-only/run', 'opt/image-only/api/run']) {
    writeFileSync(join(image, file), script, { mode: 0o755 });
  }
  symlinkSync('/opt/image-only/run', join(services, 'web/run'));
  symlinkSync('/opt/image-only/again', join(services, 'api'));
  symlinkSync('/opt/image-only/api', join(image, 'opt/image-only/again'));
  symlinkSync('/opt/image-only/nowhere', join(services, 'web/finish'));
  const { tree, problems } = await load(join(image, 'etc'));
  assert.deepEqual(
    tree.services.map(({ name }) => name),
    ['api', 'web'],
  );
  const found = problems.map(({ code, path }) => `${code} ${path.slice(services.length)}`);
  assert.deepEqual(found, ['link-dangling /web/finish']);
});

test('a folder with another name, and the machine itself, are read as they are', () => {
  assert.equal(imageFiles('/etc'), diskFiles);
  assert.equal(imageFiles('/some/tree'), diskFiles);
});

test('the link of an image leads to its own file though this machine has one of that path', (t) => {
  const image = temporaryFolder(t);
  for (const folder of ['etc/services.d/web', 'bin'])
    mkdirSync(join(image, folder), { recursive: true });
  writeFileSync(join(image, 'bin/sh'), 'of the image');
  symlinkSync('/bin/sh', join(image, 'etc/services.d/web/run'));
  symlinkSync('/bin/cat', join(image, 'etc/services.d/web/finish'));
  const files = imageFiles(join(image, 'etc'));
  const run = files.read(join(image, 'etc/services.d/web/run'), 100);
  assert.equal(run.kind === 'bytes' && Buffer.from(run.bytes).toString(), 'of the image');
  assert.equal(files.look(join(image, 'etc/services.d/web/finish')).kind, 'file');
});

test('an interpreter that only the image has is not missing', async (t) => {
  const image = temporaryFolder(t);
  for (const folder of ['etc/services.d/web', 'usr/bin', 'opt'])
    mkdirSync(join(image, folder), { recursive: true });
  writeFileSync(join(image, 'opt/of-the-image'), '', { mode: 0o755 });
  symlinkSync('/opt/of-the-image', join(image, 'usr/bin/of-the-image'));
  writeFileSync(join(image, 'etc/services.d/web/run'), '#!/usr/bin/of-the-image\n', {
    mode: 0o755,
  });
  writeFileSync(join(image, 'etc/services.d/web/finish'), '#!/usr/bin/of-no-image\n', {
    mode: 0o755,
  });
  const { problems } = await load(join(image, 'etc'));
  assert.deepEqual(
    problems.map(({ code, path }) => `${code} ${basename(path)}`),
    ['interpreter-missing finish'],
  );
});

test('a service of an image is read again as it was first', async (t) => {
  const image = temporaryFolder(t);
  for (const folder of ['etc/services.d', 'srv/web'])
    mkdirSync(join(image, folder), { recursive: true });
  writeFileSync(join(image, 'srv/web/run'), script, { mode: 0o755 });
  writeFileSync(join(image, 'srv/web/timeout-kill'), '700');
  symlinkSync('/srv/web', join(image, 'etc/services.d/web'));
  const root = join(image, 'etc');
  const { tree, problems } = await load(root);
  const reader = treeReader(problems);
  const [web] = tree.services;
  assert.equal(web?.killTimeout, 700);
  assert.equal(reader.rereadService(root, web), undefined);
  assert.deepEqual(await reader.reread(root), { tree, problems: [] });
});

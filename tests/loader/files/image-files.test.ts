import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { diskFiles } from '../../../lib/loader/files/disk-files.ts';
import { imageFiles } from '../../../lib/loader/files/image-files.ts';
import { load } from '../../../lib/loader/load.ts';
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

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { imageOf, placeInImage, placeOf } from '../../lib/system/image-path.ts';

/** An image with these links, by their paths in it, and files. */
function imageWith(
  t: TestContext,
  links: Record<string, string>,
  files: readonly string[],
): string {
  const image = mkdtempSync(join(tmpdir(), 'image-'));
  t.after(() => {
    rmSync(image, { recursive: true });
  });
  for (const path of [...Object.keys(links), ...files])
    mkdirSync(dirname(join(image, path)), { recursive: true });
  for (const path of files) writeFileSync(join(image, path), '');
  for (const [path, target] of Object.entries(links)) symlinkSync(target, join(image, path));
  return image;
}

test('the image of a tree is the folder above etc, also for its profiles and scripts', () => {
  const paths = ['/r/etc', '/r/etc/cont-profile.d/x', '/r/etc/services.d/web/run', '/a/etc/b/etc'];
  assert.deepEqual(paths.map(imageOf), ['/r', '/r', '/r', '/a/etc/b']);
  const others = ['/etc', '/etc/services.d/web', '/r/tree', '/r/etc/other', 'r/etc'];
  assert.deepEqual(
    others.map(imageOf),
    others.map(() => undefined),
  );
});

test('links are followed as in a container of the image', (t) => {
  const links = {
    'etc/services.d/web': '/opt/web',
    'opt/web': 'versions/current',
    'opt/versions/current': '/srv/2',
    'srv/2/run': '../../usr/bin/app',
    'usr/bin': '/bin',
  };
  const image = imageWith(t, links, ['bin/app', 'srv/2/finish']);
  const service = join(image, 'etc/services.d/web');
  assert.equal(placeOf(service), join(image, 'srv/2'));
  assert.equal(placeOf(join(service, 'run')), join(image, 'bin/app'));
  assert.equal(placeOf(join(service, 'none')), join(image, 'srv/2/none'));
  assert.equal(placeInImage(image, '/usr/bin/app'), join(image, 'bin/app'));
  assert.equal(placeInImage(image, '/usr/bin/other'), undefined);
});

test('what the image does not have is looked for on the machine, and a loop stays as it is', (t) => {
  const links = {
    'etc/services.d/web': '/bin',
    'etc/services.d/loop': '/loop',
    loop: '/loop',
    'etc/services.d/out': '../../..',
  };
  const image = imageWith(t, links, []);
  const services = join(image, 'etc/services.d');
  assert.equal(placeOf(join(services, 'web/sh')), '/bin/sh');
  assert.equal(placeOf(join(services, 'loop')), join(services, 'loop'));
  assert.equal(placeOf(join(services, 'out/x')), join(dirname(image), 'x'));
  assert.equal(placeOf('/some/tree/run'), '/some/tree/run');
});

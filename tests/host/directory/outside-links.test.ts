import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { OutsideLinks } from '../../../lib/host/directory/outside-links.ts';
import { plant, testFolder } from '../folder.ts';

test('the links of s6-overlay are made where nothing is, and exactly those are removed', async (t) => {
  const folder = await testFolder(t);
  const root = join(folder, 'root');
  const runtime = join(folder, 'runtime');
  for (const name of ['s6-svc', 's6-test', 'with-contenv']) plant(join(runtime, 'bin', name), '');
  for (const name of ['bin', 'usr/bin', 'run', 'var'])
    mkdirSync(join(root, name), { recursive: true });
  plant(join(root, 'bin/s6-svc'), 'real');
  plant(join(root, 'run/service/of-image'), 'mine');
  const links = new OutsideLinks(runtime, root);
  links.provide();
  const target = (path: string): string => readlinkSync(join(root, path));
  assert.equal(target('command'), join(runtime, 'bin'));
  for (const name of ['execline', 's6', 's6-overlay', 's6-portable-utils'])
    assert.equal(target(`package/admin/${name}/command`), join(runtime, 'bin'));
  for (const path of ['usr/bin/with-contenv', 'bin/with-contenv', 'usr/bin/s6-test'])
    assert.equal(target(path), join(runtime, 'bin', path.replace(/.*\//, '')));
  assert.equal(existsSync(join(root, 'usr/bin/s6-svc')), false, 'the real one is installed');
  rmSync(join(root, 'usr/bin/s6-test'));
  plant(join(root, 'usr/bin/s6-test'), 'of a script');
  links.remove();
  assert.deepEqual(readdirSync(root).toSorted(), ['bin', 'run', 'usr', 'var']);
  assert.deepEqual(readdirSync(join(root, 'bin')), ['s6-svc']);
  assert.deepEqual(readdirSync(join(root, 'usr/bin')), ['s6-test']);
  assert.equal(readFileSync(join(root, 'run/service/of-image'), 'utf8'), 'mine');
});

test('links that a killed life left are removed by the next one, and an equal link of the image is not', async (t) => {
  const folder = await testFolder(t);
  const root = join(folder, 'root');
  const runtime = join(folder, 'runtime');
  for (const name of ['s6-test', 'with-contenv']) plant(join(runtime, 'bin', name), '');
  for (const name of ['bin', 'usr/bin', 'run']) mkdirSync(join(root, name), { recursive: true });
  symlinkSync(join(runtime, 'services'), join(root, 'run/service'));
  new OutsideLinks(runtime, root).provide(); // and no remove()
  assert.equal(existsSync(join(root, 'package/admin/s6-overlay')), true);
  rmSync(join(root, 'usr/bin/s6-test'));
  symlinkSync('elsewhere', join(root, 'usr/bin/s6-test'));
  const next = new OutsideLinks(runtime, root);
  next.provide();
  next.remove();
  assert.deepEqual(readdirSync(root).toSorted(), ['bin', 'run', 'usr']);
  assert.deepEqual(readdirSync(join(root, 'bin')), []);
  assert.deepEqual(readdirSync(join(root, 'usr/bin')), ['s6-test'], 'replaced meanwhile');
  assert.deepEqual(readdirSync(join(root, 'run')), ['service'], 'of the image');
  assert.deepEqual(readdirSync(runtime), ['bin']);
});

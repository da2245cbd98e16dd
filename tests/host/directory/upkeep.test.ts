import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Upkeep } from '../../../lib/host/directory/upkeep.ts';
import { openDescriptors, until, openedSince } from '../../processes.ts';
import { plant, testFolder, whoRuns } from '../folder.ts';
import { without } from '../shells.ts';

/** A folder with an entry of each kind, all of them old, and one more that is not to be touched. */
async function old(t: Parameters<typeof testFolder>[0]): Promise<string> {
  const folder = join(await testFolder(t), 'stagekeeper-x');
  plant(join(folder, 'bin/program'), '#!/bin/sh\n');
  plant(join(folder, 'bin/.stagekeeper'), '');
  mkdirSync(join(folder, 'services'));
  symlinkSync('/nowhere', join(folder, 'services/web'));
  execFileSync('mkfifo', [join(folder, 'control')]);
  plant(join(folder, 'mine'), 'not the library’s', 0o644);
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    lutimesSync(join(folder, name), 1, 1);
  return folder;
}

const names = ['bin', 'services', 'control', 'gone'];
const recent = (path: string): boolean => lstatSync(path).mtimeMs > 1000;

test('entries that the library made are touched, links without their targets, and no others', async (t) => {
  const folder = await old(t);
  const upkeep = new Upkeep({ folder, isPrivate: false, names: () => names });
  await upkeep.renew();
  for (const name of ['bin', 'bin/program', 'services', 'services/web', 'control'])
    assert.equal(recent(join(folder, name)), true, name);
  assert.equal(recent(join(folder, 'mine')), false);
  assert.equal(statSync(join(folder, 'bin/program')).mode & 0o7777, 0o755);
  upkeep.stop();
});

test('in a private directory files and FIFOs get the sticky bit, and marks do not', async (t) => {
  const folder = await old(t);
  const before = openDescriptors();
  const upkeep = new Upkeep({ folder, isPrivate: true, names: () => names });
  await upkeep.renew();
  const sticky = (name: string): boolean => (lstatSync(join(folder, name)).mode & 0o1000) !== 0;
  assert.deepEqual(['bin/program', 'control'].map(sticky), [true, true]);
  assert.deepEqual(['bin', 'bin/.stagekeeper', 'mine'].map(sticky), [false, false, false]);
  assert.equal(statSync(join(folder, 'bin/program')).mode & 0o777, 0o755);
  upkeep.stop();
  upkeep.stop();
  await upkeep.renew();
  assert.deepEqual(openedSince(before), []);
});

const noFlock = without('flock');

test('a private directory is locked until the end', { skip: noFlock }, async (t) => {
  const folder = await old(t);
  const isLocked = (): boolean => spawnSync('flock', ['-n', folder, 'true']).status !== 0;
  const upkeep = new Upkeep({ folder, isPrivate: true, names: () => names });
  await upkeep.renew();
  await until(isLocked, 'the lock');
  upkeep.stop();
  await until(() => !isLocked(), 'the end of the lock');
});

const noCleaner = whoRuns.root === false ? without('systemd-tmpfiles') : whoRuns.root;

test(
  'systemd-tmpfiles leaves it alone, whatever its age',
  { skip: noCleaner === false ? noFlock : noCleaner },
  async (t) => {
    const folder = await old(t);
    const top = join(folder, '..');
    const rules = plant(join(await testFolder(t), 'rules.conf'), `d ${top} 0755 root root 1ms\n`);
    const clean = (): void => {
      execFileSync('systemd-tmpfiles', ['--clean', `--prefix=${top}`, rules]);
    };
    writeFileSync(join(top, 'other'), '');
    const upkeep = new Upkeep({ folder, isPrivate: true, names: () => names });
    await upkeep.renew();
    await until(() => spawnSync('flock', ['-n', folder, 'true']).status !== 0, 'the lock');
    const before = readdirSync(folder, { recursive: true });
    await until(() => {
      clean();
      return !existsSync(join(top, 'other'));
    }, 'the cleaner');
    assert.deepEqual(readdirSync(folder, { recursive: true }), before);
    upkeep.stop();
    await until(() => {
      clean();
      return !existsSync(join(folder, 'services/web'));
    }, 'the cleaner');
    assert.equal(existsSync(join(folder, 'bin/program')), true, 'the sticky bit keeps it');
    assert.equal(existsSync(join(folder, 'bin/.stagekeeper')), false, 'a mark goes');
  },
);

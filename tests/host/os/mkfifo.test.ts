import assert from 'node:assert/strict';
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openCLibrary } from '../../../lib/host/native/c-library.ts';
import { makeFifos } from '../../../lib/host/os/mkfifo.ts';
import { childrenOf } from '../../processes.ts';
import { plant, testFolder, whoRuns } from '../folder.ts';

const noLibrary = process.platform === 'linux' ? false : 'there is no C library to open';

test('the program mkfifo makes FIFOs with their mode whatever the umask is', async (t) => {
  const folder = await testFolder(t);
  const umask = process.umask(0o077);
  t.after(() => process.umask(umask));
  const before = childrenOf(process.pid);
  const made = makeFifos(folder, ['a', 'b'], 0o666);
  assert.equal(childrenOf(process.pid).length, before.length + 1);
  await made;
  for (const name of ['a', 'b']) assert.equal(statSync(join(folder, name)).mode, 0o010666);
  await assert.rejects(makeFifos(folder, ['b'], 0o600), { code: 'EIO', message: /File exists/ });
});

test('the C library makes FIFOs, once it is open', { skip: noLibrary }, async (t) => {
  assert.ok('library' in openCLibrary());
  const folder = await testFolder(t);
  const umask = process.umask(0o077);
  t.after(() => process.umask(umask));
  const before = childrenOf(process.pid);
  const made = makeFifos(folder, ['a', 'b'], 0o666);
  assert.deepEqual(childrenOf(process.pid), before);
  await made;
  for (const name of ['a', 'b']) assert.equal(statSync(join(folder, name)).mode, 0o010666);
  await assert.rejects(makeFifos(folder, ['b'], 0o600), { code: 'EEXIST', message: /mkfifo .*b/ });
  plant(join(folder, 'file'), '');
  await assert.rejects(makeFifos(join(folder, 'file'), ['c'], 0o600), { code: 'ENOTDIR' });
});

test(
  'a FIFO without permission is rejected with a reason',
  { skip: noLibrary === false ? whoRuns.plainUser : noLibrary },
  async (t) => {
    openCLibrary();
    const folder = await testFolder(t);
    chmodSync(folder, 0o500);
    await assert.rejects(makeFifos(folder, ['a'], 0o600), { code: 'EACCES' });
    assert.deepEqual(readdirSync(folder), []);
  },
);

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import {
  notAFile,
  readBeginning,
  readText,
  readWhole,
  tooLong,
} from '../../lib/system/read-file.ts';
import { openDescriptors, openedSince } from '../processes.ts';
import { testFolder } from '../host/folder.ts';

const pieceSize = 64 * 1024;

/** Both readers, with a limit of 1000 bytes. */
const readers = [
  { name: 'the beginning', read: (path: string) => readBeginning(path, Buffer.alloc(1000)) },
  { name: 'the whole', read: (path: string) => readWhole(path, 1000) },
];

async function write(t: TestContext, content: string | Buffer): Promise<string> {
  const path = join(await testFolder(t), 'file');
  writeFileSync(path, content);
  return path;
}

for (const { name, read } of readers) {
  test(`${name} of a file is what is in it, and no descriptor stays open`, async (t) => {
    const before = openDescriptors();
    const bytes = Buffer.from([0, 1, 255, 10]);
    assert.deepEqual(read(await write(t, bytes)), bytes);
    assert.deepEqual(read(await write(t, '')), Buffer.alloc(0));
    assert.deepEqual(openedSince(before), []);
  });

  test(`${name} of what is not a regular file is not read, and nothing waits`, async (t) => {
    const before = openDescriptors();
    const folder = await testFolder(t);
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const link = join(folder, 'link');
    symlinkSync(fifo, link);
    for (const path of [fifo, link, '/dev/zero', '/dev/null']) {
      assert.throws(() => read(path), { code: notAFile }, path);
    }
    assert.throws(() => read(folder), { code: 'EISDIR' });
    assert.deepEqual(openedSince(before), []);
  });

  test(`${name} of what is not there is the system's error`, async (t) => {
    const folder = await testFolder(t);
    symlinkSync('loop', join(folder, 'loop'));
    symlinkSync('nowhere', join(folder, 'dangling'));
    assert.throws(() => read(join(folder, 'loop')), { code: 'ELOOP' });
    assert.throws(() => read(join(folder, 'dangling')), { code: 'ENOENT' });
    mkdirSync(join(folder, 'closed'));
    assert.throws(() => read(join(folder, 'closed', 'x'.repeat(300))), { code: 'ENAMETOOLONG' });
  });

  test(`${name} of a file that the kernel makes up is read, whatever its size`, () => {
    assert.match(read('/proc/self/stat').toString(), /^\d+ \(/);
  });
}

test('the beginning of a sparse file is as long as the buffer', async (t) => {
  const path = await write(t, 'ab');
  truncateSync(path, 2 ** 40);
  assert.deepEqual(readBeginning(path, Buffer.alloc(3)), Buffer.from('ab\0'));
});

test('the whole of a file has a limit, whatever its size says', async (t) => {
  const path = await write(t, 'x'.repeat(1000));
  assert.equal(readWhole(path, 1000).length, 1000);
  assert.throws(() => readWhole(path, 999), { code: tooLong });
  truncateSync(path, 2 ** 40);
  assert.throws(() => readWhole(path, 1000), { code: tooLong });
});

test('the whole of a file of several pieces is put together', async (t) => {
  for (const length of [pieceSize - 1, pieceSize, pieceSize + 1, 3 * pieceSize]) {
    const bytes = Buffer.from(Array.from({ length }, (_, index) => (index * 7919) & 255));
    assert.deepEqual(readWhole(await write(t, bytes), 4 * pieceSize), bytes);
  }
});

test('a text that cannot be read is none', async (t) => {
  assert.equal(readText(await write(t, 'é'), 10), 'é');
  assert.equal(readText('/dev/zero', 10), undefined);
  assert.equal(readText('/nowhere', 10), undefined);
});

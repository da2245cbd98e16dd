import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { diskFiles } from '../../../lib/loader/files/disk-files.ts';
import { skipForRoot, temporaryFolder } from '../trees.ts';

test('look returns what a path leads to', (context) => {
  const folder = temporaryFolder(context);
  const at = (name: string): string => join(folder, name);
  writeFileSync(at('file'), 'four');
  writeFileSync(at('program'), '', { mode: 0o700 });
  mkdirSync(at('folder'));
  symlinkSync('folder', at('to-folder'));
  symlinkSync('to-folder', at('to-link'));
  symlinkSync('nowhere', at('dangling'));
  symlinkSync('file/below', at('below-a-file'));
  symlinkSync('b', at('a'));
  symlinkSync('a', at('b'));
  symlinkSync('x'.repeat(300), at('long'));
  const seen = (name: string): unknown => diskFiles.look(at(name));
  assert.deepEqual(seen('file'), { kind: 'file', executable: false, size: 4 });
  assert.deepEqual(seen('program'), { kind: 'file', executable: true, size: 0 });
  assert.deepEqual(seen('folder'), { kind: 'folder' });
  assert.deepEqual(seen('to-link'), { kind: 'folder' });
  assert.deepEqual(seen('missing'), { kind: 'missing' });
  assert.deepEqual(seen('to-link/missing'), { kind: 'missing' });
  assert.deepEqual(seen('file/below'), { kind: 'missing' });
  assert.deepEqual(seen('dangling'), { kind: 'dangling' });
  assert.deepEqual(seen('below-a-file'), { kind: 'dangling' });
  assert.deepEqual(seen('a'), { kind: 'loop' });
  assert.deepEqual(seen('long'), { kind: 'unreadable', code: 'ENAMETOOLONG' });
  assert.deepEqual(seen('with\0NUL'), { kind: 'unreadable', code: 'ERR_INVALID_ARG_VALUE' });
  assert.deepEqual(diskFiles.look('/dev/null'), { kind: 'other' });
});

test('a FIFO is recognized, and not read, since a read would wait for its writer', (context) => {
  const fifo = join(temporaryFolder(context), 'fifo');
  execFileSync('mkfifo', [fifo]);
  assert.deepEqual(diskFiles.look(fifo), { kind: 'other' });
  assert.deepEqual(diskFiles.read(fifo, 10), { kind: 'unreadable', code: 'EFTYPE' });
});

test('names come in byte order; those that are not UTF-8 are returned apart', (context) => {
  const folder = temporaryFolder(context);
  const names = ['é', 'b', 'a b', '10', '2', 'B', '.hidden', 'a\nb', '\ufeffbom', '😀', '\uff41'];
  for (const name of names) writeFileSync(join(folder, name), '');
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/x`), Buffer.from([0xff, 0xc3])]), '');
  assert.deepEqual(diskFiles.list(folder), {
    kind: 'names',
    names: ['.hidden', '10', '2', 'B', 'a\nb', 'a b', 'b', 'é', '\ufeffbom', '\uff41', '😀'],
    foreign: ['x\\xff\\xc3'],
  });
});

test('a path that is not a folder cannot be listed', (context) => {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, 'file'), '');
  const code = (name: string): unknown => diskFiles.list(join(folder, name));
  assert.deepEqual(code('file'), { kind: 'unreadable', code: 'ENOTDIR' });
  assert.deepEqual(code('missing'), { kind: 'unreadable', code: 'ENOENT' });
});

test('read returns only the first bytes of a file', (context) => {
  const file = join(temporaryFolder(context), 'file');
  writeFileSync(file, 'abcdef');
  const text = (limit: number): string => {
    const content = diskFiles.read(file, limit);
    return content.kind === 'bytes' ? Buffer.from(content.bytes).toString() : content.code;
  };
  assert.equal(text(3), 'abc');
  assert.equal(text(6), 'abcdef');
  assert.equal(text(100), 'abcdef');
  assert.equal(text(0), '');
  truncateSync(file, 2 ** 40); // a hole; the whole file could not be read
  assert.equal(text(6), 'abcdef');
});

test('a path that cannot be read is reported with the code', (context) => {
  const folder = temporaryFolder(context);
  const code = (name: string): unknown => diskFiles.read(join(folder, name), 10);
  assert.deepEqual(code('missing'), { kind: 'unreadable', code: 'ENOENT' });
  assert.deepEqual(code('.'), { kind: 'unreadable', code: 'EISDIR' });
});

test(
  'a path without the right to read is reported with the code',
  { skip: skipForRoot },
  (context) => {
    const folder = temporaryFolder(context);
    mkdirSync(join(folder, 'closed'));
    writeFileSync(join(folder, 'closed', 'file'), '');
    writeFileSync(join(folder, 'secret'), '', { mode: 0 });
    chmodSync(join(folder, 'closed'), 0);
    const secret = { kind: 'unreadable', code: 'EACCES' };
    assert.deepEqual(diskFiles.look(join(folder, 'closed', 'file')), secret);
    assert.deepEqual(diskFiles.list(join(folder, 'closed')), secret);
    assert.deepEqual(diskFiles.read(join(folder, 'secret'), 10), secret);
  },
);

test(
  'no descriptor stays open, however a reading ends',
  { skip: process.platform !== 'linux' && 'descriptors are counted in /proc' },
  (context) => {
    const folder = temporaryFolder(context);
    writeFileSync(join(folder, 'file'), 'x');
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    for (const name of ['file', 'missing', '.']) diskFiles.read(join(folder, name), 10);
    diskFiles.list(folder);
    assert.equal(open(), before);
  },
);

test('of a folder with very many names, list looks only for those that are wanted', (context) => {
  const folder = temporaryFolder(context);
  for (let count = 0; count < 1100; count += 1) writeFileSync(join(folder, `file-${count}`), '');
  writeFileSync(join(folder, 'run'), '');
  symlinkSync('nowhere', join(folder, 'finish'));
  const listing = diskFiles.list(folder, ['run', 'finish', 'down']);
  assert.deepEqual(listing, { kind: 'names', names: ['run', 'finish'], foreign: [] });
  const all = diskFiles.list(folder);
  assert.equal(all.kind === 'names' && all.names.length, 1102);
});

test('a folder is listed in steps, with the result of list', (context) => {
  const folder = temporaryFolder(context);
  for (let count = 0; count < 2500; count += 1) writeFileSync(join(folder, `file-${count}`), '');
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff])]), '');
  const work = diskFiles.listInSteps(folder);
  let steps = 0;
  let step = work.next();
  for (; step.done !== true; step = work.next()) steps += 1;
  assert.deepEqual(step.value, diskFiles.list(folder));
  assert.ok(steps >= 3 + 3 + 3, String(steps));
  const none = diskFiles.listInSteps(join(folder, 'none')).next();
  assert.deepEqual(none.value, { kind: 'unreadable', code: 'ENOENT' });
});

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { testFolder } from '../folder.ts';
import { openLogDirectory } from '../../../lib/host/filesystem/logging-directory.ts';

const isRoot = process.geteuid?.() === 0;

function write(folder: string, ...names: readonly string[]): void {
  for (const name of names) writeFileSync(join(folder, name), name);
}

test('a missing folder is made with its parents, accessible to the logger only', async (t) => {
  const folder = join(await testFolder(t), 'a', 'b');
  assert.deepEqual(openLogDirectory(folder), []);
  const { mode, uid } = statSync(folder);
  assert.equal(mode & 0o7777, 0o2700);
  if (isRoot) assert.notEqual(uid, 0, 'logutil-service runs as nobody');
});

test('the files of an earlier log are removed', async (t) => {
  const folder = await testFolder(t);
  const archive = '@4000000065f0a1b20e6b2a3c.s';
  write(folder, 'current', 'lock', 'state', 'previous', archive);
  assert.deepEqual(openLogDirectory(folder), []);
  assert.deepEqual(readdirSync(folder), []);
  assert.equal(statSync(folder).mode & 0o7777, 0o2700);
});

test('files that do not belong to a log stay, and so do the owner and the mode of the folder', async (t) => {
  const folder = await testFolder(t);
  const { uid, mode } = statSync(folder);
  write(folder, 'current', 'lock', 'mine', '@home');
  mkdirSync(join(folder, 'state'));
  assert.deepEqual(openLogDirectory(folder), []);
  assert.deepEqual(readdirSync(folder), ['@home', 'mine', 'state']);
  assert.deepEqual([statSync(folder).uid, statSync(folder).mode], [uid, mode]);
});

test('a folder without a log keeps all its files', async (t) => {
  const folder = await testFolder(t);
  write(folder, 'current', 'state');
  assert.deepEqual(openLogDirectory(folder), []);
  assert.deepEqual(readdirSync(folder), ['current', 'state']);
});

test('a path where no folder can be made is a problem', async (t) => {
  const place = await testFolder(t);
  write(place, 'file');
  const [problem] = openLogDirectory(join(place, 'file', 'log'));
  assert.deepEqual(
    [problem?.code, problem?.path],
    ['logging-directory', join(place, 'file', 'log')],
  );
  assert.match(problem?.remedy ?? '', /loggingDirectory/);
});

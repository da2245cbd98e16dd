import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { thisHost } from '../../lib/loader/host.ts';
import { resolveAccount } from '../../lib/model/accounts.ts';
import { temporaryFolder } from './trees.ts';

test('programs are found by path and by name', (context) => {
  const folder = temporaryFolder(context);
  const path = process.env['PATH'];
  context.after(() => {
    process.env['PATH'] = path;
  });
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'bin', 'a-folder'));
  writeFileSync(join(folder, 'bin', 'tool'), '', { mode: 0o755 });
  writeFileSync(join(folder, 'bin', 'text'), '', { mode: 0o644 });
  symlinkSync('tool', join(folder, 'bin', 'link'));
  symlinkSync('nowhere', join(folder, 'bin', 'dangling'));
  process.env['PATH'] = `/nowhere:${join(folder, 'bin')}`;
  const host = thisHost();
  const finds = (program: string): boolean => host.finds(program, folder);
  assert.equal(finds(join(folder, 'bin', 'tool')), true);
  assert.equal(finds('bin/tool'), true, 'a relative path is taken from the folder');
  assert.equal(finds('./bin/tool'), true);
  assert.equal(finds('tool'), true);
  assert.equal(finds('link'), true);
  for (const none of ['text', 'a-folder', 'dangling', 'none', '', '/none', 'a\0b', 'bin']) {
    assert.equal(finds(none), false, none);
  }
});

test('a script reaches what is there, a link to programs that the supervisor will make, and links that it makes', (context) => {
  const folder = temporaryFolder(context);
  const programs = join(folder, 'runtime', 'bin');
  writeFileSync(join(folder, 'tool'), '', { mode: 0o755 });
  symlinkSync(programs, join(folder, 'command'));
  symlinkSync('runtime/bin/with-contenv', join(folder, 'with-contenv'));
  symlinkSync('nowhere', join(folder, 'dangling'));
  const host = thisHost({ programs });
  for (const name of ['tool', 'command/s6-svc', 'with-contenv'])
    assert.equal(host.reaches(join(folder, name)), true, name);
  for (const name of ['none', 'dangling', 'runtime/bin/s6-svc'])
    assert.equal(host.reaches(join(folder, name)), false, name);
  assert.equal(thisHost().reaches(join(folder, 'command/s6-svc')), false, 'a link elsewhere');
  assert.equal(thisHost({ makesLinks: true }).reaches(join(folder, 'none')), true);
});

test('without a PATH the default one is used', (context) => {
  const path = process.env['PATH'];
  context.after(() => {
    process.env['PATH'] = path;
  });
  delete process.env['PATH'];
  assert.equal(thisHost().finds('sh', '/'), true);
});

test('each host searches again: it sees what has appeared or disappeared', (context) => {
  const tool = join(temporaryFolder(context), 'tool');
  assert.equal(thisHost().finds(tool, '/'), false);
  writeFileSync(tool, '', { mode: 0o755 });
  assert.equal(thisHost().finds(tool, '/'), true);
  rmSync(tool);
  assert.equal(thisHost().finds(tool, '/'), false);
});

test('the accounts are those of this machine', () => {
  assert.deepEqual(resolveAccount(thisHost().accounts(), 'root'), { uid: 0, gid: 0 });
});

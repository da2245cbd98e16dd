import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { inspectScript } from '../../../lib/host/spawn/shebang.ts';
import type { Execution } from '../../../lib/host/spawn/shebang.ts';
import type { SpawnFailure } from '../../../lib/model/spawn-failure.ts';
import { openDescriptors, openedSince } from '../../processes.ts';
import { plant, testFolder, whoRuns } from '../folder.ts';

async function inspect(
  t: TestContext,
  content: string | Uint8Array,
  mode?: number,
): Promise<Execution | SpawnFailure> {
  const folder = await testFolder(t);
  return inspectScript(plant(join(folder, 'run'), content, mode), 'name', ['web']);
}

async function failureOf(t: TestContext, content: string): Promise<SpawnFailure> {
  const found = await inspect(t, content);
  assert.ok('code' in found);
  return found;
}

test('a script runs through its interpreter, in its folder, by its name or its path', async (t) => {
  const folder = await testFolder(t);
  const script = plant(join(folder, 'run'), '#!/bin/sh -e\n');
  assert.deepEqual(inspectScript(script, 'name', ['web']), {
    file: '/bin/sh',
    args: ['-e', './run', 'web'],
    directory: folder,
    containerEnvironment: false,
  });
  const byPath = inspectScript(script, 'path', []);
  assert.deepEqual('args' in byPath && byPath.args, ['-e', script]);
});

test('a script need not be executable', async (t) => {
  const found = await inspect(t, '#!/bin/sh\n', 0o644);
  assert.equal('file' in found && found.file, '/bin/sh');
});

test('with-contenv under any prefix is recognized, and the interpreter after it is used', async (t) => {
  for (const prefix of ['/usr/bin/', '/command/', '/bin/']) {
    const found = await inspect(t, `#!${prefix}with-contenv bash\n`);
    assert.ok('file' in found);
    assert.deepEqual([found.file, found.args], ['bash', ['./run', 'web']]);
    assert.equal(found.containerEnvironment, true);
  }
});

test('a missing interpreter of s6-overlay v3 is searched on PATH, any other is not', async (t) => {
  const cases = [
    ['#!/command/execlineb-of-test -P\n', 'execlineb-of-test', ['-P']],
    ['#!/package/admin/x-1.0/command/of-test\n', 'of-test', []],
    ['#!/usr/bin/with-contenv /command/of-test\n', 'of-test', []],
    ['#!/command/of-test/\n', '/command/of-test/', []],
    ['#!/opt/command/of-test\n', '/opt/command/of-test', []],
  ] as const;
  for (const [content, file, argument] of cases) {
    const found = await inspect(t, content);
    assert.ok('file' in found);
    assert.deepEqual([found.file, found.args], [file, [...argument, './run', 'web']], content);
  }
});

test('a script without an interpreter line runs through sh', async (t) => {
  const found = await inspect(t, 'echo hello\n');
  assert.ok('file' in found);
  assert.deepEqual([found.file, found.args], ['sh', ['./run', 'web']]);
});

test('an empty script of a stage does nothing, an empty one of a service cannot be run', async (t) => {
  const path = plant(join(await testFolder(t), 'run'), '');
  const ofStage = inspectScript(path, 'path', []);
  assert.ok('file' in ofStage);
  assert.deepEqual([ofStage.file, ofStage.args], ['sh', [path]]);
  const ofService = inspectScript(path, 'name', ['web']);
  assert.deepEqual(ofService, { code: 'ENOEXEC', message: `${path}: it is empty.` });
});

test('a binary is executed itself', async (t) => {
  const found = await inspect(t, Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0]));
  assert.ok('file' in found);
  assert.deepEqual([found.file, found.args], ['./run', ['web']]);
});

test('an interpreter line that the system would misread is a failure with a remedy', async (t) => {
  const cases = [
    ['#!/bin/sh\r\necho\r\n', /CRLF.*Save it with LF/],
    ['\ufeff#!/bin/sh\necho\n', /byte order mark.*without one/],
    ['\n#!/bin/sh\necho\n', /not at the very beginning.*#!/],
  ] as const;
  for (const [content, message] of cases) {
    const failure = await failureOf(t, content);
    assert.equal(failure.code, 'ENOEXEC');
    assert.match(failure.message, message);
    assert.match(failure.message, /\/run: /, 'names the script');
  }
});

test('a script that does not exist or is not a file is a failure that names it', async (t) => {
  const folder = await testFolder(t);
  const at = (name: string): string => join(folder, name);
  mkdirSync(at('folder'));
  symlinkSync(at('nowhere'), at('dangling'));
  symlinkSync(at('loop'), at('loop'));
  plant(at('file'), '');
  const cases = [
    ['nothing', 'ENOENT', /nothing does not exist/],
    ['dangling', 'ENOENT', /dangling does not exist, or is a link/],
    ['loop', 'ELOOP', /loop is a link that leads to itself/],
    ['folder', 'EACCES', /folder is not a file/],
    ['file/run', 'ENOTDIR', /a part of its path is not a folder/],
  ] as const;
  for (const [name, code, message] of cases) {
    const found = inspectScript(at(name), 'name', []);
    assert.equal('code' in found && found.code, code);
    assert.match('code' in found ? found.message : '', message);
  }
});

test('a script that is not a file does not block, and no descriptor is left open', async (t) => {
  const folder = await testFolder(t);
  const fifo = join(folder, 'run');
  execFileSync('mkfifo', [fifo]);
  const before = openDescriptors();
  const found = inspectScript(fifo, 'name', []);
  assert.equal('code' in found && found.code, 'EACCES');
  assert.deepEqual(openedSince(before), []);
});

test('a file that may not be read is a failure', { skip: whoRuns.plainUser }, async (t) => {
  const found = await inspect(t, '#!/bin/sh\n', 0);
  assert.equal('code' in found && found.code, 'EACCES');
});

test('a script of an image runs from its place in the image, and through an interpreter of the image', async (t) => {
  const image = await testFolder(t);
  const service = join(image, 'etc/services.d/web');
  for (const folder of [service, join(image, 'opt'), join(image, 'srv/api')])
    mkdirSync(folder, { recursive: true });
  const app = plant(join(image, 'opt/app'), '#!/opt/interpreter -x\n');
  const interpreter = plant(join(image, 'opt/interpreter'), '');
  symlinkSync('/opt/app', join(service, 'run'));
  symlinkSync('../../../opt/app', join(service, 'finish'));
  symlinkSync('/srv/api', join(image, 'etc/services.d/api'));
  plant(join(image, 'srv/api/run'), '#!/bin/sh\n');
  const containerEnvironment = false;
  const run = { file: interpreter, args: ['-x', app], directory: service, containerEnvironment };
  assert.deepEqual(inspectScript(join(service, 'run'), 'name', []), run);
  const finish = { ...run, args: ['-x', './finish'] };
  assert.deepEqual(inspectScript(join(service, 'finish'), 'name', []), finish);
  assert.deepEqual(inspectScript(join(image, 'etc/services.d/api/run'), 'name', []), {
    file: '/bin/sh',
    args: ['./run'],
    directory: join(image, 'srv/api'),
    containerEnvironment,
  });
});

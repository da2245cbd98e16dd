import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { ExitCodeFiles } from '../../../lib/host/script-interface/exit-code-files.ts';
import { RuntimeDirectory } from '../../../lib/host/directory/runtime-directory.ts';
import { plant, testFolder } from '../folder.ts';

interface Written {
  readonly files: ExitCodeFiles;
  readonly runtime: RuntimeDirectory;
  readonly v2: string;
  readonly v3: string;
}

async function written(t: TestContext, name = 's6'): Promise<Written> {
  const folder = await testFolder(t);
  const runtime = new RuntimeDirectory(join(folder, name));
  t.after(() => runtime.remove());
  const files = new ExitCodeFiles(runtime);
  files.provide();
  const v2 = join(runtime.path, 'env-stage3/S6_STAGE2_EXITED');
  const v3 = join(folder, 's6-linux-init-container-results/exitcode');
  return { files, runtime, v2, v3 };
}

test('without a write there is no exit code, although v3’s file contains 0', async (t) => {
  const { files, v3 } = await written(t);
  assert.equal(readFileSync(v3, 'utf8'), '0\n');
  assert.deepEqual(files.read(), { problems: [] });
});

test('v2’s file and v3’s are read, with or without a newline; v3’s takes precedence, and 0 is an exit code, too', async (t) => {
  const { files, v2, v3 } = await written(t);
  plant(v2, '7');
  assert.deepEqual(files.read(), { exitCode: 7, problems: [] });
  plant(v3, '33\n');
  assert.deepEqual(files.read(), { exitCode: 33, problems: [] });
  plant(v3, '0\n');
  assert.deepEqual(files.read(), { exitCode: 0, problems: [] });
});

test('text that is no number is exit code 100, a number above 255 is taken modulo 256 but is never 0, and both are problems', async (t) => {
  const { files, v2 } = await written(t);
  const codes = {
    ...{ abc: 100, '': 100, '-1': 100, '3.5': 100, '0x10': 100, '4294967296': 100 },
    ...{ '256': 100, '512': 100, '300': 44, '255': 255 },
  };
  for (const [text, code] of Object.entries(codes)) {
    plant(v2, text);
    const { exitCode, problems } = files.read();
    assert.equal(exitCode, code, text);
    assert.equal(problems[0]?.code, code === 255 ? undefined : 'value-invalid', text);
  }
});

test('a recorded exit code is in both files, is none that a script has written, and any later write counts', async (t) => {
  const { files, v2, v3 } = await written(t);
  assert.deepEqual(files.record(6, true), []);
  assert.deepEqual(
    [v2, v3].map((path) => readFileSync(path, 'utf8')),
    ['6\n', '6\n'],
  );
  assert.deepEqual(files.read(), { problems: [] });
  plant(v2, '6\n');
  assert.deepEqual(files.read(), { exitCode: 6, problems: [] }, 'the same code, by a script');
  plant(v3, '0\n');
  assert.deepEqual(files.read(), { exitCode: 0, problems: [] });
});

test('a recorded exit code replaces one that a script has written only if it is to', async (t) => {
  const { files, v2, v3 } = await written(t);
  plant(v2, '7');
  files.record(6, false);
  assert.deepEqual([readFileSync(v2, 'utf8'), readFileSync(v3, 'utf8')], ['7', '0\n']);
  files.record(6, true);
  assert.deepEqual([readFileSync(v2, 'utf8'), readFileSync(v3, 'utf8')], ['6\n', '6\n']);
  assert.deepEqual(files.read(), { problems: [] });
});

test('a recorded exit code keeps the mode of the file, follows no link, and blocks at no FIFO', async (t) => {
  const { files, v2, v3 } = await written(t);
  chmodSync(v3, 0o666);
  files.record(200, true);
  files.record(6, true);
  assert.deepEqual([statSync(v3).mode & 0o777, readFileSync(v3, 'utf8')], [0o666, '6\n']);
  const elsewhere = plant(join(v2, '../elsewhere'), 'mine');
  rmSync(v2);
  symlinkSync(elsewhere, v2);
  rmSync(v3);
  execFileSync('mkfifo', [v3]);
  const codes = files.record(5, true).map(({ code, path }) => [code, path]);
  assert.deepEqual(codes, [
    ['exit-code-unwritten', v3],
    ['exit-code-unwritten', v2],
  ]);
  assert.equal(readFileSync(elsewhere, 'utf8'), 'mine');
});

test('a file that cannot be read is exit code 100 and a problem with a remedy, and is removed at the end', async (t) => {
  const { files, runtime, v2, v3 } = await written(t);
  rmSync(v3);
  mkdirSync(join(v3, 'in it'), { recursive: true });
  mkdirSync(v2);
  for (const path of [v3, v2]) {
    const { exitCode, problems } = files.read();
    assert.equal(exitCode, 100, path);
    assert.deepEqual([problems[0]?.code, problems[0]?.path], ['value-invalid', path]);
    assert.match(problems[0]?.message ?? '', /cannot be read: .* is not a file; it is 100/);
    assert.match(problems[0]?.remedy ?? '', /a number from 0 to 255/);
    if (path === v3) rmSync(v3, { recursive: true });
  }
  execFileSync('mkfifo', [v3]);
  assert.equal(files.read().exitCode, 100);
  for (const target of ['exitcode', 'nowhere']) {
    rmSync(v3);
    symlinkSync(target, v3);
    assert.equal(files.read().exitCode, 100, `a link to ${target}`);
  }
  rmSync(v3);
  mkdirSync(v3);
  files.release();
  assert.deepEqual([existsSync(v3), runtime.remove()], [false, []]);
});

test('a file of an earlier run is replaced', async (t) => {
  const { runtime, v3 } = await written(t);
  rmSync(v3);
  mkdirSync(v3);
  const next = new ExitCodeFiles(runtime);
  next.provide();
  assert.deepEqual([readFileSync(v3, 'utf8'), next.read()], ['0\n', { problems: [] }]);
});

test('a file with v3’s name that no supervisor has made is rejected and left unchanged', async (t) => {
  const folder = await testFolder(t);
  const kept = plant(join(folder, 's6-linux-init-container-results/exitcode'), 'mine');
  const runtime = new RuntimeDirectory(join(folder, 's6'));
  t.after(() => runtime.remove());
  const files = new ExitCodeFiles(runtime);
  for (const act of ['require', 'provide'] as const)
    assert.throws(() => files[act](), { reason: 'occupied', path: kept });
  rmSync(kept);
  symlinkSync(plant(join(folder, 'elsewhere'), 'mine'), kept);
  assert.throws(() => files.provide(), { reason: 'occupied', path: kept });
  files.release();
  assert.equal(readFileSync(join(folder, 'elsewhere'), 'utf8'), 'mine');
});

test('a folder for v3 that other accounts may write to is rejected', async (t) => {
  const folder = await testFolder(t);
  mkdirSync(join(folder, 's6-linux-init-container-results'));
  chmodSync(join(folder, 's6-linux-init-container-results'), 0o1777);
  const files = new ExitCodeFiles(new RuntimeDirectory(join(folder, 's6')));
  assert.throws(() => files.require(), { reason: 'untrusted' });
});

test('the folder for v3 exists only next to a runtime directory with the name s6', async (t) => {
  const { files, v2, v3 } = await written(t, 'other');
  assert.equal(existsSync(v3), false);
  plant(v2, '5\n');
  assert.equal(files.read().exitCode, 5);
  files.release();
});

test('files that were made are removed; a folder that existed before stays, without the file', async (t) => {
  const { files, v3 } = await written(t);
  files.release();
  assert.equal(existsSync(join(v3, '..')), false);
  plant(join(v3, '../of-somebody'), 'x');
  files.provide();
  files.release();
  assert.deepEqual(readdirSync(join(v3, '..')), ['of-somebody']);
});

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Problem } from '../../../lib/model/problem.ts';
import { RuntimeDirectory } from '../../../lib/host/directory/runtime-directory.ts';
import { provideShims, shimsFolder, withShims } from '../../../lib/host/script-interface/shims.ts';
import { leaveMark, plant, testFolder } from '../folder.ts';
import { lastOnPath } from '../last-on-path.ts';
import { rig } from '../rig.ts';

test('the shims are made once in a run, executable, and removed at the end', async (t) => {
  const runtime = new RuntimeDirectory(join(await testFolder(t), 'runtime'));
  const folder = shimsFolder(runtime);
  assert.equal(folder, join(runtime.path, 'bin'));
  for (const life of ['first', 'second']) {
    provideShims(runtime);
    const path = join(folder, 's6-notifyoncheck');
    assert.equal(statSync(path).mode & 0o755, 0o755, life);
    const { ino } = statSync(path);
    provideShims(runtime);
    assert.equal(statSync(path).ino, ino, life);
    runtime.remove();
    assert.equal(existsSync(folder), false, life);
  }
});

test('shims of an earlier run are written again, and no other programs are touched', async (t) => {
  const given = await testFolder(t);
  plant(join(given, 'bin/s6-notifyoncheck'), 'old');
  leaveMark(given, 'bin');
  const runtime = new RuntimeDirectory(given);
  provideShims(runtime);
  assert.match(readFileSync(join(given, 'bin/s6-notifyoncheck'), 'utf8'), /^#!\/bin\/sh\n/);
  runtime.remove();
  plant(join(given, 'bin/mine'), 'keep');
  assert.throws(() => provideShims(runtime), { reason: 'occupied', path: join(given, 'bin') });
  assert.deepEqual(readdirSync(join(given, 'bin')), ['mine']);
});

test('after one was removed all are written again, and that is reported', async (t) => {
  const problems: Problem[] = [];
  const runtime = new RuntimeDirectory(await testFolder(t), (problem) => problems.push(problem));
  provideShims(runtime);
  rmSync(join(shimsFolder(runtime), 'printcontenv'));
  provideShims(runtime);
  assert.equal(existsSync(join(shimsFolder(runtime), 'printcontenv')), true);
  assert.deepEqual(
    problems.map(({ code, path }) => [code, path]),
    [['runtime-directory-restored', shimsFolder(runtime)]],
  );
  runtime.remove();
});

test('the shims are first on a PATH, once, and an empty PATH stays empty', () => {
  const runtime = new RuntimeDirectory('/run/somewhere');
  assert.equal(
    withShims('/usr/bin:/bin', runtime),
    `/run/somewhere/bin:/usr/bin:/bin${lastOnPath}`,
  );
  const already = `/opt/bin:/run/somewhere/bin:/bin${lastOnPath}`;
  assert.equal(withShims(already, runtime), already);
  assert.equal(withShims('', runtime), '');
});

test('no process is started without the shims, and starts continue once they can be written', async (t) => {
  const { sh, runtime } = await rig(t);
  plant(join(runtime.path, 'bin/mine'), 'keep');
  const refused = sh('true');
  await refused.over;
  assert.equal(refused.failure?.code, 'ERR_RUNTIME_DIRECTORY');
  assert.match(refused.failure.message, /runtime\/bin has a name that a supervisor needs/);
  rmSync(join(runtime.path, 'bin'), { recursive: true });
  const started = sh('command -v s6-notifyoncheck');
  await started.over;
  assert.deepEqual(started.lines, [join(runtime.path, 'bin/s6-notifyoncheck')]);
});

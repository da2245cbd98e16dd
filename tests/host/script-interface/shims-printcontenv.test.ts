import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Environment } from '../../../lib/host/variables/environment.ts';
import { RuntimeDirectory } from '../../../lib/host/directory/runtime-directory.ts';
import { provideShims, shimsFolder } from '../../../lib/host/script-interface/shims.ts';
import { plant, testFolder } from '../folder.ts';
import { rig } from '../rig.ts';
import { shells } from '../shells.ts';

test('printcontenv is on the PATH of scripts', async (t) => {
  const { sh } = await rig(t, { variables: { FOO: 'bar' } });
  const life = sh(
    'unset FOO; value=$(printcontenv FOO) && echo "<$value>"; printcontenv BAR || echo absent',
  );
  await life.over;
  assert.deepEqual(life.lines, ['<bar>', 'absent']);
});

for (const { name, words, skip } of shells) {
  test(`under ${name} it prints the value of a variable and a newline`, { skip }, async (t) => {
    const folder = await testFolder(t);
    const runtime = new RuntimeDirectory(join(folder, 'runtime'));
    const environment = new Environment(runtime, { TEXT: ' \\n "$HOME"\\\nend\n', EMPTY: '' });
    environment.materialize();
    provideShims(runtime);
    plant(join(environment.directory, 'WITHOUT_NEWLINE'), 'value');
    plant(join(environment.directory, 'UNSET'), '');
    plant(join(environment.directory, '.hidden'), 'hidden');
    plant(join(environment.directory, 'a=b'), 'no name');
    mkdirSync(join(environment.directory, 'folder'));
    const command = [...words, join(shimsFolder(runtime), 'printcontenv')];
    const print = (...args: readonly string[]): unknown[] => {
      const [file = '', ...rest] = [...command, ...args];
      const { status, stdout, stderr } = spawnSync(file, rest, { encoding: 'utf8' });
      return [status, stdout, stderr];
    };
    assert.deepEqual(print('TEXT'), [0, ' \\n "$HOME"\\\nend\n\n', '']);
    assert.deepEqual(print('WITHOUT_NEWLINE'), [0, 'value\n', '']);
    assert.deepEqual(print('EMPTY'), [0, '\n', '']);
    for (const none of ['UNSET', 'ABSENT', '.hidden', 'a=b', 'folder', '../bin/printcontenv', '']) {
      assert.deepEqual(print(none), [1, '', ''], none);
    }
    assert.equal(print()[0], 100);
    execFileSync('rm', ['-r', environment.directory]);
    const [status, , stderr] = print('TEXT');
    assert.equal(status, 111);
    assert.match(String(stderr), /printcontenv: fatal: unable to read .*container_environment/);
  });
}

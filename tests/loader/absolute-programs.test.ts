import assert from 'node:assert/strict';
import { test } from 'node:test';
import { literalFiles } from '../../lib/loader/files/literal-files.ts';
import { load } from '../../lib/loader/load.ts';
import { describeProblem } from '../../lib/model/problem.ts';
import { fine, loadLiteral, warnings } from './trees.ts';

const calls = (line: string): Promise<readonly string[]> =>
  warnings({ 'cont-init.d/10-it': `#!/bin/sh\n${line}\n` });

for (const line of [
  'exec /command/s6-setuidgid nobody web',
  '  if "/command/s6-test" "$1" -eq 0',
  'x=$(/package/admin/s6-overlay/command/s6-echo a)',
  '/package/admin/execline-2.9.3.0/command/importas a b',
  'exec /usr/bin/with-contenv sh other',
  '/bin/with-contenv|cat',
  '/usr/bin/execlineb -P x',
  '/bin/s6-svscanctl -t /var/run/s6/services',
]) {
  test(`a call by an absolute path that leads nowhere is reported: ${line}`, async () => {
    assert.deepEqual(await calls(line), ['program-absolute cont-init.d/10-it:2']);
  });
}

for (const line of [
  'exec /command/s6-here x',
  '# exec /command/s6-setuidgid nobody web',
  'PATH=/command:/package/admin/s6/command:/usr/bin',
  'if [ -x /command/s6-log ]; then :; fi',
  '[ -e "/usr/bin/with-contenv" ]',
  'ln -s /run/s6/bin/s6-svc /command/s6-svc',
  'cat /opt/command/s6-log $HOME/command/s6-log',
  'exec /usr/bin/with-contenv-of-mine x',
  'ls /command/',
]) {
  test(`a line that calls no such program is not reported: ${line}`, async () => {
    assert.deepEqual(await calls(line), []);
  });
}

test('each place without the programs is reported once, with the first script and the link', async () => {
  const { problems } = await loadLiteral({
    'cont-init.d/10-a': `${fine}/command/s6-echo a\n/command/s6-echo b\n`,
    'cont-finish.d/10-b': `${fine}/usr/bin/with-contenv sh b\n`,
    'services.d/web/run': `${fine}exec /command/s6-setuidgid nobody web\n`,
    'services.d/web/finish': `${fine}/command/s6-test "$1" -eq 0\n`,
    'services.d/web/log/run': `${fine}exec s6-log /log\n`,
  });
  assert.deepEqual(problems.map(describeProblem), [
    '/tree/cont-init.d/10-a:2: "10-a" calls /command/s6-echo by its absolute path, as 2 more do, and nothing is there ' +
      '(program-absolute) Give the image the link (RUN ln -s /run/s6/bin /command) and the supervisor ' +
      "runtimeDirectory: '/run/s6'; as process 1 with that and a writable root it makes the link itself.",
    '/tree/cont-finish.d/10-b:2: "10-b" calls /usr/bin/with-contenv by its absolute path, and nothing is there ' +
      '(program-absolute) Give the image the link (RUN ln -s /run/s6/bin/with-contenv /usr/bin/with-contenv) and the ' +
      "supervisor runtimeDirectory: '/run/s6'; as process 1 with that and a writable root it makes the link itself.",
  ]);
});

test('the interpreter line of a script is resolved by the library, that of data/check by the kernel', async () => {
  const script = '#!/command/with-contenv sh\n';
  const found = await warnings({
    'cont-init.d/10-a': script,
    'services.d/web/run': script,
    'services.d/web/data/check': script,
  });
  assert.deepEqual(found, ['program-absolute services.d/web/data/check:1']);
});

test('a program has no lines to search, and without a machine nothing is searched', async () => {
  const text = 'exec /command/s6-echo';
  assert.deepEqual(await warnings({ 'cont-init.d/10-a': `\x7fELF\x01\0\n${text}\n` }), []);
  const files = literalFiles({ 'cont-init.d/10-a': `${fine}${text}\n` });
  assert.deepEqual((await load('/tree', files, null)).problems, []);
});

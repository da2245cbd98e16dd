import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { permafailon } from '../../../lib/host/shims/permafailon.ts';
import { counter } from '../counter.ts';
import { plant } from '../folder.ts';
import { shells } from '../shells.ts';

const odd = ['a  b', '', "it's", '"', '$HOME', '*', 'two\nlines\n', 'é', 'back\\slash', '-n'];

for (const { name, words: shell, skip } of shells) {
  test(
    `under ${name}: three arguments are sent as the request, the others are run`,
    { skip },
    async (t) => {
      const { asked, call } = await counter(t, permafailon);
      const long = 'x'.repeat(50_000);
      const args = ['60', '5', '1,SIGSEGV 3', 'printf', '<%s>', ...odd, long];
      const called = await call('s6-permafailon', args, { shell });
      const printed = [...odd, long].map((word) => `<${word}>`).join('');
      assert.deepEqual(called, { code: 0, stdout: printed, stderr: '' });
      assert.deepEqual(
        asked.map(({ program, args: sent }) => [program, sent]),
        [['s6-permafailon', ['60', '5', '1,SIGSEGV 3']]],
      );
    },
  );

  test(
    `under ${name}: the program gets its environment and descriptors unchanged`,
    { skip },
    async (t) => {
      const { say, call, runtime } = await counter(t, permafailon);
      plant(join(runtime.path, 'real/s6-permafailon'), '#!/bin/sh\n[ $# = 3 ] && exit 0\n');
      const path = `${runtime.path}/bin:${runtime.path}/real:/usr/bin:/bin`;
      const names = ['run', 'name', 'rest', 'tries', 'words', 'most', 'line', 'program'];
      const variables = Object.fromEntries(names.map((each) => [each, `its own ${each}`]));
      const script = [
        ...names.map((each) => `echo "$${each}"`),
        'echo "$PATH"',
        '[ ! -e /proc/$$/fd/9 ]',
      ].join('\n');
      for (const answer of [{ exitCode: 0 }, 'elsewhere'] as const) {
        say(answer);
        const args = ['60', '5', '1', 'sh', '-c', `${script} && exit 7`];
        const called = await call('s6-permafailon', args, { shell, variables, path });
        const expected = [...Object.values(variables), path, ''].join('\n');
        assert.deepEqual(called, { code: 7, stdout: expected, stderr: '' });
      }
    },
  );
}

test('the program is not run if the answer is yes', async (t) => {
  const { say, call, runtime } = await counter(t, permafailon);
  for (const exitCode of [100, 125]) {
    say({ exitCode, stderr: 'why' });
    const called = await call('s6-permafailon', ['60', '5', '1', 'echo', 'ran']);
    assert.deepEqual(called, { code: exitCode, stdout: '', stderr: 'why\n' });
  }
  say('elsewhere');
  plant(join(runtime.path, 'real/s6-permafailon'), '#!/bin/sh\necho "real $*"\nexit 125\n');
  const path = `${runtime.path}/bin:${runtime.path}/real:/usr/bin:/bin`;
  const called = await call('s6-permafailon', ['60', '5', '1', 'echo', 'ran'], { path });
  assert.deepEqual(called, { code: 125, stdout: 'real 60 5 1\n', stderr: '' });
});

test('too few arguments are sent unchanged; without a program nothing is run', async (t) => {
  const { asked, say, call } = await counter(t, permafailon);
  say({ exitCode: 100, stderr: 'usage' });
  for (const args of [[], ['60'], ['60', '']]) {
    const called = await call('s6-permafailon', args);
    assert.deepEqual(called, { code: 100, stdout: '', stderr: 'usage\n' });
    assert.deepEqual(asked.at(-1)?.args, args);
  }
  say({ exitCode: 0 });
  const called = await call('s6-permafailon', ['60', '5', '1']);
  assert.deepEqual(called, { code: 0, stdout: '', stderr: '' });
  assert.equal((await call('s6-permafailon', ['60', '5', '1', 'no-such-program'])).code, 127);
});

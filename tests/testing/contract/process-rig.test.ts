import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  exit,
  hang,
  ignores,
  print,
  unspawnable,
} from '../../../lib/testing/simulation/behaviour.ts';
import { processRig } from '../../../lib/testing/contract/process-rig.ts';
import { rig } from '../../host/rig.ts';

test('behaviours that a real process cannot have are rejected', async (t) => {
  const { command } = processRig((await rig(t)).spawner);
  assert.throws(
    () => command('one', { does: () => undefined }),
    /nothing in the test itself: `does`/,
  );
  assert.throws(
    () => command('one', unspawnable('EMFILE')),
    /'EMFILE' for sure; known are ENOENT, EACCES/,
  );
});

test('a command has the fields that a case adds', async (t) => {
  const { command } = processRig((await rig(t)).spawner);
  const { program, ...fields } = command('web', hang(), { stderr: 'ignore', notificationFd: 4 });
  assert.ok('command' in program);
  assert.deepEqual(fields, {
    name: 'web',
    calledBy: 'name',
    args: [],
    stdin: 'empty',
    stdout: 'lines',
    stderr: 'ignore',
    notificationFd: 4,
  });
});

test('a process prints any text of its behaviour unchanged', async (t) => {
  const { spawner, start } = await rig(t);
  const text = `it's "$HOME" \\n %s \`id\``;
  const life = start(processRig(spawner).command('one', { ...print(text), ...exit(0) }));
  await life.over;
  assert.deepEqual(life.lines, [text]);
});

test('a script exits by itself unless it hangs; a logger that ignores the end of its pipe stays', async (t) => {
  const { spawner, start } = await rig(t);
  const { command, until } = processRig(spawner);
  const script = start(command('10-a', {}, { calledBy: 'path' }));
  const hanging = start(command('20-b', hang(), { calledBy: 'path' }));
  const deaf = start(command('web/log', ignores('end-of-file'), { stdin: { pipe: 'web' } }));
  await until(() => deaf.pid !== undefined, 'the logger');
  spawner.closePipe('web');
  await script.over;
  assert.deepEqual([script.exit?.code, hanging.exit, deaf.exit], [0, undefined, undefined]);
});

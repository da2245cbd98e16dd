import assert from 'node:assert/strict';
import { test } from 'node:test';
import { by, code, died, logged, script, service } from '../samples.ts';
import {
  finishCommand,
  hostCommand,
  runCommand,
  scriptCommand,
} from '../../../lib/machine/service/commands.ts';

const finish = { script: '/etc/services.d/web/finish' };

test('run: in its folder, with its name as argument, an empty stdin', () => {
  assert.deepEqual(runCommand(service('web'), 'inherit'), {
    name: 'web',
    program: { script: '/etc/services.d/web/run' },
    calledBy: 'name',
    args: ['web'],
    stdin: 'empty',
    stdout: 'inherit',
    stderr: 'inherit',
  });
});

test('run: a command line gets no additional argument', () => {
  const spec = service('web', { run: { command: ['node', 'app.js'] } });
  assert.deepEqual(runCommand(spec, 'inherit').args, []);
});

test('run: output goes where the spec says, else where the supervisor says', () => {
  const { stdout, stderr } = runCommand(service('web'), 'lines');
  assert.deepEqual([stdout, stderr], ['lines', 'lines']);
  const own = runCommand(service('web', { output: 'ignore' }), 'lines');
  assert.deepEqual([own.stdout, own.stderr], ['ignore', 'ignore']);
});

test('run: stdout of a producer goes into its pipe, stderr does not', () => {
  const { stdin, stdout, stderr } = runCommand(logged('web'), 'lines');
  assert.deepEqual([stdin, stdout, stderr], ['empty', { pipe: 'web' }, 'lines']);
});

test('run: a logger reads its producer’s pipe', () => {
  const { stdin, stdout } = runCommand(service('web/log'), 'lines');
  assert.deepEqual([stdin, stdout], [{ pipe: 'web' }, 'lines']);
});

test('run: the readiness descriptor, the account and the environment, where they are given', () => {
  const more = { notificationFd: 3, user: 'www', environment: { PORT: '80' } };
  const command = runCommand(service('web', more), 'inherit');
  assert.deepEqual(
    [command.notificationFd, command.user, command.environment],
    [3, 'www', { PORT: '80' }],
  );
  const plain = runCommand(service('web'), 'inherit');
  assert.deepEqual(
    ['notificationFd', 'user', 'environment'].filter((field) => field in plain),
    [],
  );
});

test('finish: s6’s four arguments; stdin, stdout, account and environment as those of run', () => {
  const spec = logged('web', { finish, notificationFd: 3, user: 'www', environment: { A: '1' } });
  assert.deepEqual(finishCommand(spec, finish, { ...died, exit: code(3) }, 'lines'), {
    name: 'web/finish',
    program: finish,
    calledBy: 'name',
    args: ['3', '0', 'web', '7'],
    stdin: 'empty',
    stdout: { pipe: 'web' },
    stderr: 'lines',
    environment: { A: '1' },
    user: 'www',
  });
});

test('finish: 256 and the number of the signal that ended run', () => {
  const { args } = finishCommand(
    service('web'),
    finish,
    { ...died, exit: by('SIGUSR1') },
    'inherit',
  );
  assert.deepEqual(args, ['256', '10', 'web', '7']);
});

test('finish: that of a logger gets the logger’s name, and reads the same pipe', () => {
  const { name, args, stdin } = finishCommand(service('web/log'), finish, died, 'inherit');
  assert.deepEqual([name, args[2], stdin], ['web/log/finish', 'web/log', { pipe: 'web' }]);
});

test('a stage script is executed by its path, without arguments', () => {
  assert.deepEqual(scriptCommand(script('10-a'), 'lines'), {
    name: '10-a',
    program: { script: '/etc/scripts/10-a' },
    calledBy: 'path',
    args: [],
    stdin: 'empty',
    stdout: 'lines',
    stderr: 'lines',
  });
});

test('the host’s command has the host’s own stdin, stdout and stderr, whatever the options say', () => {
  const command = hostCommand({ name: 'command', run: { command: ['sh'] } });
  const { stdin, stdout, stderr } = command;
  assert.deepEqual([stdin, stdout, stderr], ['inherit', 'inherit', 'inherit']);
  assert.equal(command.foreground, true, 'and its terminal');
});

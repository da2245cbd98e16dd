import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Environment } from '../../../lib/host/variables/environment.ts';
import type { Variables } from '../../../lib/host/variables/environment-readings.ts';
import { EnvironmentReadings } from '../../../lib/host/variables/environment-readings.ts';
import { planExec } from '../../../lib/host/spawn/exec-plan.ts';
import type { ExecPlan, ExecPlanSource } from '../../../lib/host/spawn/exec-plan.ts';
import { RuntimeDirectory } from '../../../lib/host/directory/runtime-directory.ts';
import type { SpawnFailure } from '../../../lib/model/spawn-failure.ts';
import type { Command } from '../../../lib/model/program.ts';
import { plant, testFolder } from '../folder.ts';
import { lastOnPath } from '../last-on-path.ts';
import { plain } from '../rig.ts';

const minimalPath = '/usr/bin:/usr/sbin:/bin:/sbin';

const given = ({ environment, runtimeDirectory }: ExecPlanSource): Variables =>
  new EnvironmentReadings(environment, runtimeDirectory).since(1);

async function prepare(
  t: TestContext,
  command: Partial<Command> & { readonly content?: string },
  keepEnvironment = true,
): Promise<{ launch: ExecPlan & SpawnFailure; runtime: string }> {
  const folder = await testFolder(t);
  const runtimeDirectory = new RuntimeDirectory(join(folder, 'runtime'));
  const environment = new Environment(runtimeDirectory, { PATH: '/bin', GREETING: 'hello' });
  const { content, ...more } = command;
  const program =
    content === undefined
      ? { command: ['printenv', 'GREETING'] }
      : { script: plant(join(folder, 'run'), content) };
  const source = { environment, runtimeDirectory, keepEnvironment };
  const launch = planExec({ ...plain, program, ...more }, source, given(source));
  return { launch: launch as ExecPlan & SpawnFailure, runtime: runtimeDirectory.path };
}

test('a command runs with its words and arguments, in the host’s folder unless it names one', async (t) => {
  const { launch } = await prepare(t, { args: ['a', 'b'] });
  assert.deepEqual([launch.file, launch.args], ['printenv', ['GREETING', 'a', 'b']]);
  assert.equal(launch.directory, undefined);
  const program = { command: ['ls'], directory: '/somewhere' };
  assert.equal((await prepare(t, { program })).launch.directory, '/somewhere');
});

test('scripts and commands get the container environment and its path', async (t) => {
  for (const content of ['#!/bin/sh\n', '#!/usr/bin/with-contenv sh\n', undefined]) {
    const { launch, runtime } = await prepare(t, content === undefined ? {} : { content });
    const path = `${runtime}/bin:/bin${lastOnPath}`;
    const expected = { PATH: path, GREETING: 'hello', STAGEKEEPER_RUNTIME: runtime };
    assert.deepEqual(launch.environment, expected);
  }
});

test('the current words of S6_CMD_ARG0 come before the host’s command', async (t) => {
  const runtimeDirectory = new RuntimeDirectory(join(await testFolder(t), 'runtime'));
  const environment = new Environment(runtimeDirectory, { PATH: '/bin' });
  const source = { environment, runtimeDirectory, keepEnvironment: true };
  const wordsOf = (text: string | undefined, foreground: boolean): readonly string[] => {
    if (text === undefined) environment.delete('S6_CMD_ARG0');
    else environment.set('S6_CMD_ARG0', text);
    const command = { ...plain, foreground, program: { command: ['app', '-x'] } };
    const launch = planExec(command, source, given(source)) as ExecPlan;
    return [launch.file, ...launch.args];
  };
  assert.deepEqual(wordsOf(undefined, true), ['app', '-x']);
  assert.deepEqual(wordsOf('sh -c', true), ['sh', '-c', 'app', '-x']);
  assert.deepEqual(wordsOf(' /entry.sh\n--quiet "a  b"\n', true), [
    ...['/entry.sh', '--quiet', '"a', 'b"'],
    ...['app', '-x'],
  ]);
  assert.deepEqual(wordsOf('  ', true), ['app', '-x']);
  assert.deepEqual(wordsOf('sh -c', false), ['app', '-x'], 'other commands do not get it');
});

test('the host’s command gets the container environment in any case', async (t) => {
  const { launch, runtime } = await prepare(t, { foreground: true }, false);
  assert.deepEqual(launch.environment, {
    ...{ PATH: `${runtime}/bin:/bin${lastOnPath}`, GREETING: 'hello' },
    STAGEKEEPER_RUNTIME: runtime,
  });
});

test('without keepEnvironment a process gets only PATH, except scripts with with-contenv', async (t) => {
  for (const content of ['#!/bin/sh\n', undefined]) {
    const { launch, runtime } = await prepare(t, content === undefined ? {} : { content }, false);
    assert.deepEqual(launch.environment, { PATH: `${runtime}/bin:${minimalPath}${lastOnPath}` });
  }
  const asking = await prepare(t, { content: '#!/command/with-contenv sh\n' }, false);
  assert.equal(asking.launch.environment['GREETING'], 'hello');
  assert.equal(asking.launch.environment['STAGEKEEPER_RUNTIME'], asking.runtime);
});

test('the variables of the command override either environment', async (t) => {
  const environment = { GREETING: 'good day', MORE: 'x' };
  const kept = await prepare(t, { environment });
  assert.equal(kept.launch.environment['GREETING'], 'good day');
  assert.equal(kept.launch.environment['MORE'], 'x');
  const minimal = await prepare(t, { environment }, false);
  const path = `${minimal.runtime}/bin:${minimalPath}${lastOnPath}`;
  assert.deepEqual(minimal.launch.environment, { PATH: path, ...environment });
});

test('a PATH in the variables of the command is not changed', async (t) => {
  for (const keepEnvironment of [true, false]) {
    const { launch } = await prepare(t, { environment: { PATH: '/own' } }, keepEnvironment);
    assert.equal(launch.environment['PATH'], '/own');
  }
});

test('without a PATH in the container environment the process has none', async (t) => {
  const runtimeDirectory = new RuntimeDirectory(join(await testFolder(t), 'runtime'));
  const environment = new Environment(runtimeDirectory, {});
  const source = { environment, runtimeDirectory, keepEnvironment: true };
  const launch = planExec({ ...plain, program: { command: ['true'] } }, source, given(source));
  assert.ok('environment' in launch);
  assert.deepEqual(launch.environment, { STAGEKEEPER_RUNTIME: runtimeDirectory.path });
});

test('a user must be an account of this system', async (t) => {
  assert.deepEqual((await prepare(t, {})).launch.account, {});
  const accountOf = async (user: string): Promise<unknown> =>
    (await prepare(t, { user })).launch.account;
  assert.deepEqual(await accountOf('12:34'), { ids: { uid: 12, gid: 34 } });
  assert.deepEqual(await accountOf('4711'), { ids: { uid: 4711, gid: 4711 } });
  assert.deepEqual((await prepare(t, {})).launch.account, {});
  const { launch } = await prepare(t, { user: 'no-such-user' });
  assert.equal(launch.code, 'EINVAL');
  assert.match(launch.message, /no account 'no-such-user'/);
});

test('a command without words, and a script that cannot be read, are failures', async (t) => {
  const none = await prepare(t, { program: { command: [] } });
  assert.equal(none.launch.code, 'EINVAL');
  const missing = await prepare(t, { program: { script: '/nowhere/run' } });
  assert.equal(missing.launch.code, 'ENOENT');
});

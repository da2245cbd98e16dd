/*
 * Failures of the folders and pipes of a supervisor: each is reported, and none of them ends the host.
 */
import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Supervisor } from '../lib/index.ts';
import type { Problem } from '../lib/index.ts';
import { read, until } from './processes.ts';

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stagekeeper-misfortune-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

function problemsOf(supervisor: Supervisor): readonly Problem[] {
  const problems: Problem[] = [];
  supervisor.on('problem', ({ problem }) => problems.push(problem));
  return problems;
}

const sleeper = ['sleep', '600'];

test('a runtime directory that another supervisor uses is left alone, and the start is refused', async (t) => {
  const runtimeDirectory = join(await folderFor(t), 'runtime');
  const services = [{ name: 'web', run: sleeper }];
  await using first = new Supervisor({ services }, { runtimeDirectory });
  first.environment.set('GREETING', 'hello');
  await first.start();
  await until(() => existsSync(join(runtimeDirectory, 'control')), 'the first supervisor running');
  const second = new Supervisor({ services }, { runtimeDirectory });
  const refusal = { code: 'ERR_RUNTIME_DIRECTORY', reason: 'taken', path: runtimeDirectory };
  await assert.rejects(second.start(), refusal);
  await assert.rejects(second.run(), refusal);
  await assert.rejects(second.service('web').start(), refusal);
  for (const stage of [second.stages.init, second.stages.finish])
    await assert.rejects(stage.run(), refusal);
  await assert.rejects(second.stages.services.start(), refusal);
  assert.equal(second.phase, 'loaded');
  await second.stop();
  assert.equal(first.environment.get('GREETING'), 'hello');
  assert.equal(first.service('web').status, 'up');
});

test('a start with a runtime directory that cannot be made is refused', async (t) => {
  const folder = await folderFor(t);
  await writeFile(join(folder, 'file'), '');
  for (const runtimeDirectory of ['/proc/nope/deep/down', join(folder, 'file', 'below')]) {
    const supervisor = new Supervisor(
      { services: [{ name: 'web', run: sleeper }] },
      { runtimeDirectory },
    );
    await assert.rejects(supervisor.start(), {
      code: 'ERR_RUNTIME_DIRECTORY',
      message: /below|nope/,
      reason: 'unusable',
    });
    assert.equal(supervisor.phase, 'loaded');
    await supervisor.stop();
  }
});

test('a given runtime directory is made with its parent folders', async (t) => {
  const folder = await folderFor(t);
  const runtimeDirectory = join(folder, 'deep', 'down');
  await using supervisor = new Supervisor(
    { services: [{ name: 'web', run: sleeper }] },
    { runtimeDirectory },
  );
  await supervisor.start();
  assert.equal(supervisor.service('web').status, 'up');
});

test('an environment whose folder was removed is restored, and that is reported', async () => {
  await using supervisor = new Supervisor({
    services: [
      { name: 'one', run: sleeper },
      { name: 'two', run: sleeper, down: true },
    ],
  });
  const problems = problemsOf(supervisor);
  await supervisor.start();
  rmSync(supervisor.environment.directory, { recursive: true });
  await supervisor.service('two').start();
  const entries = read(`/proc/${String(supervisor.service('two').pid)}/environ`).split('\0');
  assert.ok(entries.includes(`HOME=${process.env['HOME'] ?? ''}`));
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['runtime-directory-restored'],
  );
});

test('what cannot be restored is reported, until it can be', async (t) => {
  const runtimeDirectory = join(await folderFor(t), 'runtime');
  const supervisor = new Supervisor(
    { services: [{ name: 'web', run: sleeper, logger: { run: ['cat'] } }] },
    { runtimeDirectory, output: 'ignore' },
  );
  const problems = problemsOf(supervisor);
  await supervisor.start();
  rmSync(runtimeDirectory, { recursive: true });
  await writeFile(runtimeDirectory, '');
  process.kill(Number(supervisor.service('web').pid), 'SIGKILL');
  await until(() => problems.some(({ code }) => code === 'unspawnable'), 'the problem');
  assert.match(
    problems[0]?.message ?? '',
    /the runtime directory is not available: .*is not a folder/,
  );
  await assert.rejects(supervisor.service('web').start(), { reason: 'unusable' });
  rmSync(runtimeDirectory);
  await supervisor.service('web').start();
  assert.deepEqual((await supervisor.stop()).killed, []);
  assert.equal(existsSync(runtimeDirectory), false);
});

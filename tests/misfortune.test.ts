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
import { until } from './processes.ts';

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

test('a runtime directory that another supervisor uses is left alone, with a problem', async (t) => {
  const runtimeDirectory = join(await folderFor(t), 'runtime');
  const services = [{ name: 'web', run: sleeper }];
  await using first = new Supervisor({ services }, { runtimeDirectory });
  first.environment.set('GREETING', 'hello');
  await first.start();
  await until(() => existsSync(join(runtimeDirectory, 'control')), 'the first supervisor running');
  const second = new Supervisor({ services }, { runtimeDirectory });
  const problems = problemsOf(second);
  await second.start();
  assert.equal(problems[0]?.code, 'unspawnable');
  const sentence = second.explain('web');
  assert.match(sentence, /services is the scan directory of another supervisor[^.]*\.$/);
  await second.stop();
  assert.equal(first.environment.get('GREETING'), 'hello');
  assert.equal(first.service('web').status, 'up');
});

test('a runtime directory that cannot be made is a problem', async (t) => {
  const folder = await folderFor(t);
  await writeFile(join(folder, 'file'), '');
  for (const runtimeDirectory of ['/proc/nope/deep/down', join(folder, 'file', 'below')]) {
    const supervisor = new Supervisor(
      { services: [{ name: 'web', run: sleeper }] },
      { runtimeDirectory },
    );
    const problems = problemsOf(supervisor);
    await supervisor.start();
    assert.equal(supervisor.service('web').status, 'backoff');
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['unspawnable'],
    );
    assert.match(problems[0]?.message ?? '', /the runtime directory is not to be had: E[A-Z]+: /);
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

test("no process starts with an empty environment when the environment's folder was removed", async (t) => {
  await using supervisor = new Supervisor({
    services: [
      { name: 'one', run: sleeper },
      { name: 'two', run: sleeper, down: true },
    ],
  });
  const problems = problemsOf(supervisor);
  await supervisor.start();
  rmSync(supervisor.environment.directory, { recursive: true });
  t.after(() => supervisor.stop());
  await assert.rejects(supervisor.service('two').start(), /container environment.*was removed/);
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['unspawnable'],
  );
  assert.equal(supervisor.service('one').status, 'up');
});

test('a logger without a pipe exits at the stop', async (t) => {
  const folder = await folderFor(t);
  const blocked = join(folder, 'blocked');
  await writeFile(blocked, '');
  const supervisor = new Supervisor(
    { services: [{ name: 'web', run: sleeper, logger: { run: ['cat'] } }] },
    { runtimeDirectory: join(blocked, 'runtime'), output: 'ignore' },
  );
  const problems = problemsOf(supervisor);
  await supervisor.start();
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['unspawnable', 'unspawnable'],
  );
  rmSync(blocked);
  assert.deepEqual((await supervisor.stop()).killed, []);
});

import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { OptionsError, TreeError } from '../../../lib/index.ts';
import { expectOrder, simulate, treeOf, trial, writeTree } from '../../../lib/testing/index.ts';
import { keepTemporaryFilesApart, temporaryFolder } from '../../loader/trees.ts';
import { childrenOf, isAlive, openDescriptors, openedSince } from '../../processes.ts';

keepTemporaryFilesApart();

const sleeps = '#!/bin/sh\nexec sleep 600\n';
const whole = {
  'cont-init.d/10-first': '#!/bin/sh\necho "in $(basename "$PWD")"\n',
  'services.d/web/run': sleeps,
  'services.d/web/finish': '#!/bin/sh\nexit 0\n',
  'services.d/web/log/run': '#!/bin/sh\nexec cat\n',
  'cont-finish.d/90-last': '#!/bin/sh\nexit 3\n',
};

function trials(): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('stagekeeper-trial-'));
}

test('a tree runs with real processes, and nothing of it is left', async () => {
  const before = { folders: trials(), fds: openDescriptors(), children: childrenOf(process.pid) };
  const life = await trial(whole);
  const { root = '' } = life;
  assert.equal(existsSync(join(root, 'services.d/web/run')), true);
  await life.supervisor.start();
  const { pid = 0 } = life.supervisor.service('web');
  assert.equal(isAlive(pid), true);
  assert.equal(life.supervisor.environment.directory.startsWith(dirname(root)), true);
  await life[Symbol.asyncDispose]();
  assert.equal(isAlive(pid), false);
  assert.deepEqual(trials(), before.folders);
  assert.deepEqual(openedSince(before.fds), []);
  assert.deepEqual(childrenOf(process.pid), before.children);
  expectOrder(life.transcript, ["10-first: printed 'in cont-init.d'", '90-last: exited, code 3']);
});

test('a simulation and a trial give the same transcript, apart from the output', async () => {
  const lives: (readonly string[])[] = [];
  for (const world of [simulate, trial]) {
    await using life = await world(treeOf(whole));
    await life.supervisor.start();
    await life.until(life.supervisor.service('web').restart());
    await life.until(life.supervisor.stop());
    const { lines } = life.transcript;
    lives.push(lines.map((line) => line.replace(/^ *\d+ {2}| after \d+ ms/g, '')));
  }
  const [simulated = [], real = []] = lives;
  const silent = real.filter((line) => !line.includes('printed'));
  // The fake finish script exits with 0, the real one with 3.
  const alike = silent.map((line) =>
    line.replace('90-last: exited, code 3', '90-last: exited, code 0'),
  );
  assert.deepEqual(
    alike.map((line) => line.replace('finish: failed', 'finish: completed')),
    simulated,
  );
});

test('a folder is copied, and a change of the copy does not affect it', async (context) => {
  const folder = temporaryFolder(context);
  const outside = temporaryFolder(context);
  await writeTree(outside, { run: sleeps });
  await writeTree(folder, {
    'services.d/web/run': { content: sleeps, mode: 0o640 },
    'services.d/api/run': { link: '../web/run' },
    'services.d/job/run': { link: join(outside, 'run') },
    'services.d/far': { link: `../../${outside.split('/').at(-1) ?? ''}` },
    'services.d/near': { link: join(folder, 'services.d/web') },
    'cont-init.d/10-spoil': '#!/bin/sh\nrm ../services.d/web/run\n',
  });
  mkdirSync(join(folder, 'locked'));
  chmodSync(join(folder, 'locked'), 0o500);
  await using life = await trial(folder);
  const { root = '' } = life;
  assert.equal(statSync(join(root, 'services.d/web/run')).mode & 0o777, 0o640);
  assert.equal(readlinkSync(join(root, 'services.d/api/run')), '../web/run');
  assert.equal(readlinkSync(join(root, 'services.d/job/run')), join(outside, 'run'));
  assert.equal(readFileSync(join(root, 'services.d/far/run'), 'utf8'), sleeps);
  assert.equal(readlinkSync(join(root, 'services.d/near')), 'web');
  assert.equal(lstatSync(join(root, 'locked')).isDirectory(), true);
  await life.supervisor.stages.init.run();
  assert.equal(existsSync(join(root, 'services.d/web/run')), false);
  assert.equal(existsSync(join(folder, 'services.d/web/run')), true);
});

test('the environment is that of the host without S6_* variables, and with those of the options', async (context) => {
  process.env['S6_BEHAVIOUR_IF_STAGE2_FAILS'] = '2';
  context.after(() => delete process.env['S6_BEHAVIOUR_IF_STAGE2_FAILS']);
  const files = {
    'cont-init.d/10-fails': '#!/bin/sh\necho "$GREETING"\nexit 1\n',
    'services.d/web/run': sleeps,
  };
  await using life = await trial(files, { variables: { GREETING: 'hello' } });
  await life.supervisor.start();
  assert.equal(life.supervisor.phase, 'running');
  assert.ok(life.events.some((event) => event.type === 'output' && event.line === 'hello'));
  await using strict = await trial(files, { variables: { S6_BEHAVIOUR_IF_STAGE2_FAILS: '2' } });
  assert.equal((await strict.supervisor.run()).exitCode, 1);
});

test('write() and remove() change files in the way of an init script', async () => {
  await using life = await trial({ 'services.d/web/run': sleeps });
  await life.supervisor.start();
  await life.write({ 'services.d/new/run': sleeps });
  assert.deepEqual((await life.supervisor.rescan()).added, ['new']);
  await life.remove('services.d/new');
  assert.deepEqual((await life.supervisor.rescan()).removed, ['new']);
  await assert.rejects(life.write({ '../elsewhere': '' }), TreeError);
  await assert.rejects(life.remove('../nowhere'), TreeError);
  await assert.rejects(life.remove('services.d/none'), /ENOENT/);
});

test('a tree made in code runs unchanged, and has no folder', async () => {
  await using life = await trial({ services: [{ name: 'web', run: ['sleep', '600'] }] });
  await life.supervisor.start();
  assert.equal(life.root, undefined);
  assert.equal(life.supervisor.service('web').status, 'up');
  await assert.rejects(life.write({ x: '' }), /stands in no folder/);
  await assert.rejects(life.remove('x'), /stands in no folder/);
});

test('an invalid source rejects, and leaves nothing', async () => {
  const before = trials();
  await assert.rejects(trial('/nowhere/at/all'), TreeError);
  await assert.rejects(trial({ 'services.d/../x': '' }), TreeError);
  await assert.rejects(trial({ 'services.d/web/down': '' }, { strict: true }), TreeError);
  await assert.rejects(trial(whole, { output: 'loud' as 'lines' }), OptionsError);
  assert.deepEqual(trials(), before);
});

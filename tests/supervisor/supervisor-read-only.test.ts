/*
 * A tree on a read-only root, with real processes.
 */
import assert from 'node:assert/strict';
import { existsSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { read, until } from '../processes.ts';
import { plant, testFolder } from '../host/folder.ts';
import type { LifecycleEvent, SupervisorOptions } from '../../lib/index.ts';
import { Supervisor } from '../../lib/index.ts';
import { writeTree } from '../../lib/testing/index.ts';
import type { TreeFiles } from '../../lib/testing/index.ts';

async function plantTree(t: TestContext, files: TreeFiles, options: SupervisorOptions = {}) {
  const folder = await testFolder(t);
  const [root, runtimeDirectory] = [join(folder, 'root'), join(folder, 'run')];
  await writeTree(root, files);
  const supervisor = await Supervisor.load(root, {
    output: 'ignore',
    readOnlyRoot: true,
    runtimeDirectory,
    ...options,
  });
  t.after(() => supervisor.stop());
  const trace = join(folder, 'trace');
  supervisor.environment.set('TRACE', trace);
  const events: LifecycleEvent[] = [];
  supervisor.on('event', (event) => events.push(event));
  supervisor.on('problem', () => undefined);
  const lines = (): readonly string[] => read(trace).split('\n').slice(0, -1);
  return { supervisor, events, root, runtimeDirectory, lines };
}

function sh(...lines: readonly string[]): string {
  return ['#!/bin/sh', ...lines, ''].join('\n');
}

const say = 'echo "$0 in $PWD" >> "$TRACE"';
const stays = sh(say, 'exec sleep 600');

test('everything runs from the copy, which init scripts can change', async (t) => {
  const { supervisor, lines, root, runtimeDirectory } = await plantTree(t, {
    'cont-init.d/10': sh(
      say,
      'cp -R ../services.d/web ../services.d/more',
      'rm -r ../services.d/gone',
    ),
    'services.d/web/run': { content: stays, mode: 0o644 },
    'services.d/gone/run': stays,
    'cont-finish.d/10': sh(say),
  });
  await supervisor.start();
  const copy = join(runtimeDirectory, 'etc');
  assert.equal(supervisor.tree.root, copy);
  assert.deepEqual([...supervisor.services.keys()], ['more', 'web']);
  await until(() => lines().length === 3, 'both services');
  await supervisor.stop();
  const [first, ...rest] = lines();
  assert.equal(first, `${copy}/cont-init.d/10 in ${copy}/cont-init.d`);
  assert.deepEqual(rest.slice(0, 2).toSorted(), [
    `./run in ${copy}/services.d/more`,
    `./run in ${copy}/services.d/web`,
  ]);
  assert.equal(rest[2], `${copy}/cont-finish.d/10 in ${copy}/cont-finish.d`);
  assert.equal(existsSync(runtimeDirectory), false);
  assert.deepEqual(
    ['more', 'gone'].map((name) => existsSync(join(root, 'services.d', name))),
    [false, true],
  );
});

test('problems of the tree are not reported again for the copy', async (t) => {
  const { supervisor, events, root } = await plantTree(t, {
    'services.d/web/run': stays,
    'services.d/odd/timeout-kill': 'never',
  });
  const codes = supervisor.problems.map(({ code, path }) => [code, path]);
  assert.deepEqual(codes, [
    ['run-missing', join(root, 'services.d/odd/run')],
    ['value-invalid', join(root, 'services.d/odd/timeout-kill')],
  ]);
  await supervisor.stages.init.run();
  const told = events.flatMap((event) => (event.type === 'problem' ? [event.problem] : []));
  assert.deepEqual(told, []);
});

test('the scan directory leads to the copy, also for a process that started before the copy', async (t) => {
  const bin = await testFolder(t);
  plant(join(bin, 'logutil-service'), sh('exec cat > /dev/null'));
  const tree = { 'services.d/web/run': stays };
  const { supervisor, runtimeDirectory } = await plantTree(t, tree, {
    logging: 1,
    loggingDirectory: join(bin, 'log'),
  });
  supervisor.environment.set('PATH', `${bin}:${String(process.env['PATH'])}`);
  await supervisor.start();
  const link = readlinkSync(join(runtimeDirectory, 'services/web/run'));
  // Before the folder of its logger goes.
  await supervisor.stop();
  assert.equal(link, join(runtimeDirectory, 'etc/services.d/web/run'));
});

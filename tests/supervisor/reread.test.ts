/*
 * Control files that change while their service runs: each takes effect at its next use, without a rescan (s6).
 */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Supervisor } from '../../lib/index.ts';
import type { LifecycleEvent, SupervisorOptions } from '../../lib/index.ts';
import { changedFiles } from '../../lib/supervisor/changed-files.ts';
import { treeReader } from '../../lib/supervisor/reread.ts';
import { FakeSpawner, VirtualClock, exit, writeTree } from '../../lib/testing/index.ts';
import type { TreeFiles } from '../../lib/testing/index.ts';

interface Planted {
  readonly supervisor: Supervisor;
  readonly clock: VirtualClock;
  readonly spawner: FakeSpawner;
  readonly events: readonly LifecycleEvent[];
  /** Writes a file of the service `web`, or removes it. */
  web(file: string, content: string | null): void;
}

/** A tree on disk with fake processes, the services of which are up. */
async function plant(t: TestContext, files: TreeFiles, options: SupervisorOptions = {}) {
  const root = await mkdtemp(join(tmpdir(), 'stagekeeper-tree-'));
  t.after(() => rm(root, { recursive: true }));
  await writeTree(root, { 'services.d/web/run': '#!/bin/sh\n', ...files });
  const clock = new VirtualClock();
  const spawner = new FakeSpawner(clock);
  const supervisor = await Supervisor.load(root, { clock, spawner, ...options });
  const events: LifecycleEvent[] = [];
  supervisor.on('event', (event) => events.push(event));
  const started = supervisor.stages.services.start();
  clock.advance(0);
  await started;
  t.after(async () => {
    const end = supervisor.stop();
    clock.advance(10_000);
    await end;
  });
  const planted: Planted = {
    supervisor,
    clock,
    spawner,
    events,
    web(file, content) {
      const path = join(root, 'services.d/web', file);
      if (content === null) rmSync(path);
      else writeFileSync(path, content);
    },
  };
  return planted;
}

function changes({ events }: Planted): readonly string[] {
  return events.flatMap((event) => (event.type === 'tree' ? [...event.changed] : []));
}

function problems({ events }: Planted): readonly string[] {
  return events.flatMap((event) => (event.type === 'problem' ? [event.problem.code] : []));
}

test('the current down-signal and timeout-kill apply when the service is stopped', async (t) => {
  const tree = await plant(t, { 'services.d/web/down-signal': 'HUP' });
  const web = tree.supervisor.service('web');
  assert.equal(web.spec.downSignal, 'SIGHUP');
  tree.web('down-signal', 'USR1\n');
  tree.web('timeout-kill', '700\n');
  const [child] = tree.spawner.children;
  const stop = web.stop();
  assert.deepEqual(child?.signals.slice(0, 2), ['SIGUSR1', 'SIGCONT']);
  assert.deepEqual([web.spec.killTimeout, changes(tree)], [700, ['web']]);
  tree.clock.advance(700);
  await stop;
});

test('the current notification-fd applies when the service is started', async (t) => {
  const tree = await plant(t, {});
  const web = tree.supervisor.service('web');
  tree.web('notification-fd', '5');
  const restart = web.restart();
  tree.clock.advance(0);
  assert.equal(tree.spawner.child('web').command.notificationFd, 5);
  assert.deepEqual([web.status, web.ready], ['up', false]);
  tree.spawner.child('web').ready();
  await restart;
});

test('the current finish, timeout-finish and max-death-tally apply when run exits', async (t) => {
  const tree = await plant(t, {});
  const web = tree.supervisor.service('web');
  tree.web('finish', '#!/bin/sh\n');
  tree.web('timeout-finish', '300');
  tree.web('max-death-tally', '2');
  tree.spawner.script('web/finish', exit(0, 200));
  tree.spawner.child('web').exit();
  assert.equal(web.status, 'finishing');
  assert.deepEqual([web.spec.finishTimeout, web.spec.maxDeathTally], [300, 2]);
  tree.web('finish', null);
  tree.clock.advance(5000);
  tree.spawner.child('web').exit();
  assert.equal(web.status, 'backoff', 'the finish script was removed');
});

test('the current down file applies when the stage starts, also without the init stage', async (t) => {
  const tree = await plant(t, { 'services.d/web/down': '' });
  assert.equal(tree.supervisor.service('web').status, 'down');
});

test('the overrides of the options take precedence over changed files', async (t) => {
  const tree = await plant(t, {}, { services: { web: { killTimeout: 50, downSignal: 'SIGINT' } } });
  tree.web('timeout-kill', '700');
  tree.web('down-signal', 'HUP');
  const [child] = tree.spawner.children;
  const stop = tree.supervisor.service('web').stop();
  assert.equal(child?.signals[0], 'SIGINT');
  tree.clock.advance(50);
  await stop;
  assert.equal(tree.supervisor.service('web').spec.killTimeout, 50);
  assert.equal(tree.supervisor.tree.services[0]?.killTimeout, 700, 'the tree matches the disk');
});

test('a value that becomes invalid is reported once, and its default applies', async (t) => {
  const tree = await plant(t, { 'services.d/web/timeout-kill': '700' });
  tree.web('timeout-kill', 'soon');
  for (let time = 0; time < 3; time += 1) {
    const restart = tree.supervisor.service('web').restart();
    tree.clock.advance(0);
    await restart;
  }
  assert.deepEqual(problems(tree), ['value-invalid']);
  assert.equal(tree.supervisor.service('web').spec.killTimeout, undefined);
});

test('a stop uses the current files', async (t) => {
  const tree = await plant(t, {});
  tree.web('down-signal', 'QUIT');
  const [child] = tree.spawner.children;
  const stop = tree.supervisor.stop();
  tree.clock.advance(0);
  await stop;
  assert.deepEqual(child?.signals.slice(0, 2), ['SIGQUIT', 'SIGCONT']);
});

test('a service whose directory was removed keeps its last known values', async (t) => {
  const tree = await plant(t, { 'services.d/web/down-signal': 'HUP' });
  rmSync(join(tree.supervisor.tree.root ?? '', 'services.d/web'), { recursive: true });
  const [child] = tree.spawner.children;
  const stop = tree.supervisor.service('web').stop();
  tree.clock.advance(0);
  await stop;
  assert.deepEqual([child?.signals[0], problems(tree)], ['SIGHUP', []]);
});

test('a check without a change emits nothing', async (t) => {
  const tree = await plant(t, { 'services.d/web/timeout-kill': '700' });
  const sources = treeReader([]);
  const { root = '', services } = tree.supervisor.tree;
  const [known] = services;
  assert.ok(known !== undefined);
  assert.equal(sources.rereadService(root, known), undefined);
  tree.web('timeout-kill', '800');
  assert.equal(sources.rereadService(root, known)?.spec.killTimeout, 800);
});

test('of a service directory with very many files only those with a meaning are read again', async (t) => {
  const tree = await plant(t, { 'services.d/web/timeout-kill': '700' });
  const { root = '' } = tree.supervisor.tree;
  for (let count = 0; count < 1100; count += 1) tree.web(`file-${count}`, '');
  const disk = changedFiles(root, () => new Map());
  const listing = disk.list(join(root, 'services.d/web'), ['run', 'timeout-kill', 'down']);
  assert.deepEqual(listing, { kind: 'names', names: ['run', 'timeout-kill'], foreign: [] });
});

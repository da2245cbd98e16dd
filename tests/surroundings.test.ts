/*
 * What the scripts of a service see of the world, with real processes: arguments, descriptors, pipes, signals, readiness.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Supervisor } from '../lib/index.ts';
import type { LifecycleEvent, Service, SupervisorOptions } from '../lib/index.ts';
import { writeTree } from '../lib/testing/files.ts';
import type { TreeFiles } from '../lib/testing/files.ts';
import { read, until } from './processes.ts';

interface Planted {
  readonly root: string;
  readonly supervisor: Supervisor;
  readonly web: Service;
  readonly events: readonly LifecycleEvent[];
  /** What a script has written to this file of the root. */
  trace(): readonly string[];
}

/** A tree with the service `web`, started. Its scripts write to `$TRACE`. */
async function plant(
  t: TestContext,
  web: TreeFiles,
  options: SupervisorOptions = {},
): Promise<Planted> {
  const root = realpathSync(await mkdtemp(join(tmpdir(), 'stagekeeper-tree-')));
  t.after(() => rm(root, { recursive: true }));
  const files = Object.entries(web).map(([file, spec]) => [`services.d/web/${file}`, spec]);
  await writeTree(root, Object.fromEntries(files) as TreeFiles);
  const supervisor = await Supervisor.load(root, { output: 'ignore', ...options });
  supervisor.environment.set('TRACE', join(root, 'trace'));
  t.after(() => supervisor.stop());
  const events: LifecycleEvent[] = [];
  supervisor.on('event', (event) => events.push(event));
  await supervisor.start();
  const trace = (): readonly string[] => read(join(root, 'trace')).split('\n').slice(0, -1);
  return { root, supervisor, web: supervisor.service('web'), events, trace };
}

function sh(script: string): string {
  return `#!/bin/sh\n${script}\n`;
}

function problems({ supervisor, events }: Planted): readonly string[] {
  const told = events.flatMap((event) => (event.type === 'problem' ? [event.problem] : []));
  return [...supervisor.problems, ...told].map(({ code, path }) =>
    [code, path.slice(path.indexOf('web/') + 4)].join(' '),
  );
}

// Arguments and descriptors

test('finish is told of a signal by 256 and its number, a logger by its own name', async (t) => {
  const tree = await plant(t, {
    run: sh('exec sleep 600'),
    finish: sh('echo "$0 $*" >> "$TRACE"'),
    'log/run': sh('echo "$0 $*" >> "$TRACE"; exec cat > /dev/null'),
    'log/finish': sh('echo "$0 $*" >> "$TRACE"'),
  });
  const { web, supervisor } = tree;
  const pids = [web.pid, supervisor.service('web/log').pid].map(String);
  await until(() => tree.trace().length === 1, 'the logger');
  web.signal('SIGKILL');
  await until(() => tree.trace().length === 2, 'the finish script');
  await web.stop();
  await supervisor.stop();
  assert.deepEqual(tree.trace(), [
    './run web/log',
    `./finish 256 9 web ${pids[0]}`,
    `./finish 0 0 web/log ${pids[1]}`,
  ]);
});

test('finish has a session of its own, an empty stdin, and run’s stdout: the log pipe', async (t) => {
  const tree = await plant(t, {
    run: sh('echo from run; exec sleep 600'),
    finish: sh(
      'read -r _ _ _ _ pgid sid _ < /proc/self/stat; readlink /proc/self/fd/0; test "$pgid" = "$sid" && echo from finish',
    ),
    'log/run': sh('exec cat >> "$TRACE"'),
  });
  await until(() => tree.trace().length === 1, 'the line of run');
  await tree.supervisor.stop();
  assert.deepEqual(tree.trace(), ['from run', '/dev/null', 'from finish']);
});

test('run and finish find the descriptors that they were given and no other', async (t) => {
  const list = 'echo $(ls /proc/self/fd) >> "$TRACE"';
  // With one of the listing itself, and what this process was given by whoever started it: that goes to all its children.
  const all = execFileSync('sh', ['-c', 'ls /proc/self/fd'], { encoding: 'utf8' })
    .trim()
    .split('\n');
  const few = all.toSorted().join(' ');
  const withSeven = [...new Set([...all, '7'])].toSorted().join(' ');
  const tree = await plant(t, {
    run: sh(`${list}; echo >&7; exec sleep 600`),
    finish: sh(list),
    'notification-fd': '7',
    'log/run': sh(`${list}; exec cat > /dev/null`),
  });
  await until(() => tree.trace().length === 2, 'run and its logger');
  await tree.supervisor.stop();
  const given = tree.trace().map((line) => line.split(' ').toSorted().join(' '));
  assert.deepEqual(given.toSorted(), [few, few, withSeven].toSorted());
});

// finish

test('a finish that is not executable runs through its interpreter, and that is told', async (t) => {
  const tree = await plant(t, {
    run: sh('exit 3'),
    finish: { content: sh('echo "$1" >> "$TRACE"; exit 125'), mode: 0o644 },
  });
  await tree.web.when('failed');
  assert.deepEqual(tree.trace(), ['3']);
  assert.deepEqual(problems(tree), ['not-executable finish']);
});

test('a finish that is a folder is told and is as none at all', async (t) => {
  const tree = await plant(t, { run: sh('exit 3'), finish: { folder: true } });
  await tree.web.when('backoff');
  assert.deepEqual(problems(tree), ['script-is-a-folder finish']);
  assert.equal(
    tree.events.some((event) => 'to' in event && event.to === 'finishing'),
    false,
  );
});

test('an empty finish is told and is as none at all', async (t) => {
  const tree = await plant(t, { run: sh('exit 3'), finish: '' });
  await tree.web.when('backoff');
  assert.deepEqual(problems(tree), ['script-empty finish', 'unspawnable finish']);
});

test('an empty run cannot be executed: another try after 10 s, and no finish', async (t) => {
  const tree = await plant(t, { run: '', finish: sh('echo never >> "$TRACE"') });
  assert.equal(tree.web.status, 'backoff');
  assert.match(tree.web.explain(), /cannot be run: .*is empty/);
  assert.deepEqual(problems(tree), ['script-empty run', 'unspawnable run']);
  assert.deepEqual(tree.trace(), []);
});

// Signals

test('a signal right after the spawn, before the first instruction or not, ends run as any other', async (t) => {
  const { web } = await plant(t, { run: sh('exec sleep 600'), down: '' });
  for (const signal of ['SIGUSR1', 'SIGTERM', 'SIGKILL'] as const) {
    const up = (event: LifecycleEvent): void => {
      if (event.type === 'service' && event.to === 'up') web.signal(signal);
    };
    web.on('event', up);
    await web.once();
    await web.when('down');
    web.off('event', up);
    assert.deepEqual(web.lastExit, { code: null, signal });
  }
});

test('a stop in the tick of the start ends what that brings about', async (t) => {
  const { web } = await plant(t, { run: sh('exec sleep 600'), down: '' });
  // It is kept or not, as the process is there by then or not.
  const start = web.start().catch(() => undefined);
  await web.stop({ killTimeout: 0, timeout: 20_000 });
  await start;
  assert.deepEqual([web.status, web.lastExit], ['down', { code: null, signal: 'SIGTERM' }]);
});

test('a paused service is stopped all the same: CONT follows TERM', async (t) => {
  const { web } = await plant(t, { run: sh('exec sleep 600') });
  web.signal('SIGSTOP');
  await web.stop({ killTimeout: 0, timeout: 20_000 });
  assert.deepEqual(web.lastExit, { code: null, signal: 'SIGTERM' });
});

// Readiness

test('junk is no readiness, a newline is, and what is written later harms nobody', async (t) => {
  const { web, events } = await plant(t, {
    run: sh('printf junk >&3; printf "more\\n\\n\\n" >&3; printf more >&3; exec sleep 600'),
    'notification-fd': '3\n',
  });
  assert.deepEqual([web.ready, web.deaths], [true, 0]);
  assert.equal(events.filter(({ type }) => type === 'ready').length, 1);
});

test('an end of the descriptor without a newline: up, and never ready', async (t) => {
  const tree = await plant(
    t,
    {
      run: sh('printf junk >&3; exec 3>&-; echo >> "$TRACE"; exec sleep 600'),
      'notification-fd': '3',
    },
    { timeouts: { readiness: 300 } },
  );
  await until(() => tree.trace().length === 1, 'the end of the descriptor');
  assert.deepEqual([tree.web.status, tree.web.ready], ['up', false]);
  assert.deepEqual(problems(tree), ['not-ready ']);
});

test('a readiness that comes after the timeout still counts', async (t) => {
  const tree = await plant(
    t,
    {
      run: sh('until test -e go; do sleep 0.02; done; echo >&3; exec sleep 600'),
      'notification-fd': '3',
    },
    { timeouts: { readiness: 50 } },
  );
  assert.deepEqual([tree.supervisor.phase, tree.web.ready], ['running', false]);
  await writeTree(join(tree.root, 'services.d/web'), { go: '' });
  await tree.web.when('ready');
  assert.equal(tree.supervisor.stages.services.status, 'failed', 'it was late');
});

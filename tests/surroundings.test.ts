/*
 * The environment of a service's scripts, with real processes: arguments, descriptors, pipes, signals, readiness.
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
import { writeTree } from '../lib/testing/trees/files.ts';
import type { TreeFiles } from '../lib/testing/trees/files.ts';
import { read, until } from './processes.ts';

interface Planted {
  readonly root: string;
  readonly supervisor: Supervisor;
  readonly web: Service;
  readonly events: readonly LifecycleEvent[];
  /** The lines that scripts have written to the file TRACE of the root. */
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
  await supervisor.start({ allowFailures: true });
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

test("finish gets 256 and the number of a signal; a logger's finish gets the logger's name", async (t) => {
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

test('finish has a session of its own, an empty stdin, and the stdout of run: the log pipe', async (t) => {
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

test('run and finish have the descriptors that they need and no other', async (t) => {
  const list = 'echo $(ls /proc/self/fd) >> "$TRACE"';
  // The list contains its own descriptor, and those that this process inherited, which all of its children inherit too.
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

test('a finish that is not executable runs through its interpreter, and is reported', async (t) => {
  const tree = await plant(t, {
    run: sh('exit 3'),
    finish: { content: sh('echo "$1" >> "$TRACE"; exit 125'), mode: 0o644 },
  });
  await tree.web.when('failed');
  assert.deepEqual(tree.trace(), ['3']);
  assert.deepEqual(problems(tree), ['not-executable finish']);
});

test('a finish that is a folder is reported and counts as absent', async (t) => {
  const tree = await plant(t, { run: sh('exit 3'), finish: { folder: true } });
  await tree.web.when('backoff');
  assert.deepEqual(problems(tree), ['script-is-a-folder finish']);
  assert.equal(
    tree.events.some((event) => 'to' in event && event.to === 'finishing'),
    false,
  );
});

test('an empty finish is reported and counts as absent', async (t) => {
  const tree = await plant(t, { run: sh('exit 3'), finish: '' });
  await tree.web.when('backoff');
  assert.deepEqual(problems(tree), ['script-empty finish', 'unspawnable finish']);
});

test('an empty run cannot be executed: the next try follows after 10 s, and finish does not run', async (t) => {
  const tree = await plant(t, { run: '', finish: sh('echo never >> "$TRACE"') });
  assert.equal(tree.web.status, 'backoff');
  assert.match(tree.web.explain(), /cannot be run: .*is empty/);
  assert.deepEqual(problems(tree), ['script-empty run', 'unspawnable run']);
  assert.deepEqual(tree.trace(), []);
});

// Signals

test('a signal right after the spawn ends run, whether or not run has begun to execute', async (t) => {
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

test('a stop in the same tick as the start ends the process of that start', async (t) => {
  const { web } = await plant(t, { run: sh('exec sleep 600'), down: '' });
  // The start rejects or resolves, depending on whether the process exists by then.
  const start = web.start().catch(() => undefined);
  await web.stop({ killTimeout: 0, timeout: 20_000 });
  await start;
  assert.deepEqual([web.status, web.lastExit], ['down', { code: null, signal: 'SIGTERM' }]);
});

test('a stop ends a paused service: CONT follows TERM', async (t) => {
  const { web } = await plant(t, { run: sh('exec sleep 600') });
  web.signal('SIGSTOP');
  await web.stop({ killTimeout: 0, timeout: 20_000 });
  assert.deepEqual(web.lastExit, { code: null, signal: 'SIGTERM' });
});

// Readiness

test('only a newline announces readiness, and later output does not matter', async (t) => {
  const { web, events } = await plant(t, {
    run: sh('printf junk >&3; printf "more\\n\\n\\n" >&3; printf more >&3; exec sleep 600'),
    'notification-fd': '3\n',
  });
  assert.deepEqual([web.ready, web.deaths], [true, 0]);
  assert.equal(events.filter(({ type }) => type === 'ready').length, 1);
});

test('a descriptor that closes without a newline: the service is up, and never ready', async (t) => {
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

test('readiness after the readiness timeout still counts', async (t) => {
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

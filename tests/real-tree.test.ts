/*
 * Trees on disk with real processes: what scripts get, and how init scripts may change the tree.
 */
import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Supervisor, TreeError } from '../lib/index.ts';
import type { LifecycleEvent, SupervisorOptions } from '../lib/index.ts';
import { writeTree } from '../lib/testing/trees/files.ts';
import type { TreeFiles } from '../lib/testing/trees/files.ts';
import { read, until } from './processes.ts';
import { lastOnPath } from './host/last-on-path.ts';
import { waitFor } from './host/rig.ts';

interface Planted {
  readonly root: string;
  readonly supervisor: Supervisor;
  readonly events: readonly LifecycleEvent[];
  /** The lines that a script or service has printed. */
  printedBy(source: string): readonly string[];
}

async function plant(
  t: TestContext,
  files: TreeFiles,
  options: SupervisorOptions = {},
): Promise<Planted> {
  const root = realpathSync(await mkdtemp(join(tmpdir(), 'stagekeeper-tree-')));
  t.after(() => rm(root, { recursive: true }));
  await writeTree(root, files);
  const supervisor = await Supervisor.load(root, { output: 'lines', ...options });
  t.after(() => supervisor.stop());
  const events: LifecycleEvent[] = [];
  supervisor.on('event', (event) => events.push(event));
  return {
    root,
    supervisor,
    events,
    printedBy: (source) =>
      events.flatMap((event) =>
        event.type === 'output' && event.source === source ? [event.line] : [],
      ),
  };
}

/** Starts a tree, and stops it once `done` is true. */
async function live({ supervisor }: Planted, done: () => boolean = () => true): Promise<void> {
  await supervisor.start();
  await until(done, 'the expected state of the tree');
  await supervisor.stop();
}

test('scripts run in the folder of their stage, services in their own', async (t) => {
  const tree = await plant(t, {
    'cont-init.d/where': '#!/bin/sh\npwd; echo "$0"\n',
    'services.d/web/run': '#!/bin/sh\npwd; echo "$0 $*"; exec sleep 600\n',
    'cont-finish.d/where': '#!/bin/sh\npwd\n',
  });
  await live(tree, () => tree.printedBy('web').length === 2);
  const init = join(tree.root, 'cont-init.d');
  assert.deepEqual(tree.printedBy('where'), [
    init,
    join(init, 'where'),
    join(tree.root, 'cont-finish.d'),
  ]);
  assert.deepEqual(tree.printedBy('web'), [join(tree.root, 'services.d/web'), './run web']);
});

test('with-contenv, at any path, gives the current container environment', async (t) => {
  const tree = await plant(t, {
    'cont-init.d/10-leave':
      '#!/command/with-contenv sh\nprintf "from init" > "$STAGEKEEPER_RUNTIME/container_environment/LEFT"\n',
    'cont-init.d/20-see': '#!/usr/bin/with-contenv sh\necho "$LEFT, $GIVEN"\n',
    'services.d/web/run': '#!/bin/with-contenv sh\necho "$LEFT, $GIVEN"; exec sleep 600\n',
  });
  tree.supervisor.environment.set('GIVEN', 'by the host');
  await live(tree, () => tree.printedBy('web').length === 1);
  assert.deepEqual(tree.printedBy('20-see'), ['from init, by the host']);
  assert.deepEqual(tree.printedBy('web'), ['from init, by the host']);
  assert.equal(tree.supervisor.environment.get('LEFT'), 'from init', 'kept after the end');
});

test('with keepEnvironment: false a plain script gets a PATH and nothing else', async (t) => {
  const tree = await plant(
    t,
    {
      'cont-init.d/contenv': `#!/usr/bin/with-contenv sh\necho "$GIVEN"\n`,
      'cont-init.d/plain': '#!/bin/sh\nexec env\n',
    },
    { keepEnvironment: false },
  );
  tree.supervisor.environment.set('GIVEN', 'still there');
  await live(tree);
  assert.deepEqual(tree.printedBy('contenv'), ['still there']);
  const seen = tree.printedBy('plain').filter((line) => !line.startsWith('PWD=')); // sh adds PWD
  const { directory } = tree.supervisor.environment;
  const standIns = join(dirname(directory), 'bin');
  assert.deepEqual(seen, [`PATH=${standIns}:/usr/bin:/usr/sbin:/bin:/sbin${lastOnPath}`]);
});

test('init scripts can write, rename and remove services before any starts', async (t) => {
  const service = '#!/bin/sh\nexec sleep 600\n';
  const tree = await plant(t, {
    'cont-init.d/change': `#!/bin/sh
cd ../services.d
mkdir written && printf '${service.replaceAll('\n', '\\n')}' > written/run
mv before after
rm -r unwanted
ln -s after linked
`,
    'services.d/before/run': service,
    'services.d/unwanted/run': service,
    'services.d/kept/run': service,
  });
  assert.deepEqual([...tree.supervisor.services.keys()], ['before', 'kept', 'unwanted']);
  await tree.supervisor.start();
  assert.deepEqual([...tree.supervisor.services.keys()], ['after', 'kept', 'linked', 'written']);
  assert.ok([...tree.supervisor.services.values()].every(({ status }) => status === 'up'));
  const change = tree.events.find((event) => event.type === 'tree');
  assert.deepEqual(change?.type === 'tree' && [change.added, change.removed], [
    ['after', 'linked', 'written'],
    ['before', 'unwanted'],
  ]);
  assert.deepEqual(
    tree.supervisor.tree.services.map(({ name }) => name),
    ['after', 'kept', 'linked', 'written'],
  );
});

test('rescan() starts new services, stops removed ones and leaves the others alone', async (t) => {
  const service = '#!/bin/sh\nexec sleep 600\n';
  const tree = await plant(t, { 'services.d/old/run': service, 'services.d/kept/run': service });
  const { supervisor, root } = tree;
  await supervisor.start();
  const { pid } = supervisor.service('kept');
  const old = supervisor.service('old');
  await writeTree(root, { 'services.d/new/run': service, 'services.d/new/log/run': service });
  await rm(join(root, 'services.d/old'), { recursive: true });
  assert.deepEqual(await supervisor.rescan(), {
    added: ['new/log', 'new'],
    removed: ['old'],
    changed: [],
  });
  await supervisor.service('new').when('up');
  await until(() => !supervisor.services.has('old'), 'the end of the old service');
  assert.equal(old.status, 'down');
  assert.equal(supervisor.service('kept').pid, pid);
});

test('a reread reports new problems and does not repeat known ones', async (t) => {
  const service = '#!/bin/sh\nexec sleep 600\n';
  const tree = await plant(t, {
    'services.d/known/run': { content: service, mode: 0o644 },
    'cont-init.d/break': '#!/bin/sh\necho much > ../services.d/known/timeout-kill\n',
  });
  await tree.supervisor.start();
  assert.deepEqual(
    tree.supervisor.problems.map(({ code }) => code),
    ['not-executable'],
  );
  const told = tree.events.flatMap((event) => (event.type === 'problem' ? [event.problem] : []));
  assert.deepEqual(
    told.map(({ code, path }) => [code, path]),
    [['value-invalid', join(tree.root, 'services.d/known/timeout-kill')]],
  );
});

test('scripts that are not executable run through their interpreter, and their mode is unchanged', async (t) => {
  const tree = await plant(t, {
    'cont-init.d/plain': { content: '#!/bin/sh -e\necho run\nfalse\necho never\n', mode: 0o644 },
    'services.d/web/run': { content: '#!/bin/sh\necho up; exec sleep 600\n', mode: 0o644 },
  });
  await live(tree, () => tree.printedBy('web').length === 1);
  assert.deepEqual(tree.printedBy('plain'), ['run']);
  assert.deepEqual(
    tree.supervisor.problems.map(({ code }) => code),
    ['not-executable', 'not-executable'],
  );
  const { mode } = await stat(join(tree.root, 'cont-init.d/plain'));
  assert.equal(mode & 0o777, 0o644);
});

test('finish gets the exit, the name and the process group of run', async (t) => {
  const tree = await plant(t, {
    'services.d/web/run': '#!/bin/sh\necho $$; exit 3\n',
    'services.d/web/finish': '#!/bin/sh\necho "$*"; pwd; exit 125\n',
  });
  await live(tree, () => tree.supervisor.service('web').status === 'failed');
  const [pid = ''] = tree.printedBy('web');
  assert.deepEqual(tree.printedBy('web/finish'), [
    `3 0 web ${pid}`,
    join(tree.root, 'services.d/web'),
  ]);
});

test('a newline announces readiness, and later writes do not matter', async (t) => {
  const tree = await plant(t, {
    'services.d/web/run': `#!/bin/sh
printf "not " >&3; sleep 0.1; echo said; ${waitFor('go')}; echo yet >&3; echo again >&3; exec sleep 600
`,
    'services.d/web/notification-fd': '3\n',
  });
  const service = tree.supervisor.service('web');
  const started = tree.supervisor.start();
  await until(() => tree.printedBy('web').length === 1, 'the first output');
  assert.equal(service.ready, false, 'not before the newline');
  await writeTree(tree.root, { 'services.d/web/go': '' });
  await started;
  assert.equal(service.ready, true);
  assert.equal(service.deaths, 0);
});

test('fix-attrs.d is applied before the first init script', async (t) => {
  const tree = await plant(t, {
    'cont-init.d/see': '#!/bin/sh\nstat -c %a ../data ../data/file\n',
  });
  const { root } = tree;
  await writeTree(root, {
    'data/file': { content: '', mode: 0o600 },
    'fix-attrs.d/10': `${root}/data true - 0604 0705\n`,
  });
  await chmod(join(root, 'data'), 0o700);
  const again = await Supervisor.load(root, { output: 'lines' });
  const lines: string[] = [];
  again.on('output', ({ line }) => lines.push(line));
  await again.start();
  await again.stop();
  assert.deepEqual(lines, ['705', '604']);
});

test('a tree that was converted to JSON and back runs as before', async (t) => {
  const tree = await plant(t, { 'services.d/web/run': '#!/bin/sh\nexec sleep 600\n' });
  const copy = JSON.parse(JSON.stringify(tree.supervisor.tree)) as typeof tree.supervisor.tree;
  assert.deepEqual(copy, tree.supervisor.tree);
  await using again = new Supervisor(copy);
  await again.start();
  assert.equal(again.service('web').status, 'up');
});

test('a run that cannot be executed is reported at once, with what is missing', async (t) => {
  const tree = await plant(t, {
    'services.d/gone/run': '#!/no/such/interpreter\n',
    'services.d/crlf/run': '#!/bin/sh\r\necho never\r\n',
  });
  const { failures } = await tree.supervisor.start({ allowFailures: true });
  assert.deepEqual(
    failures.map(({ name, reason }) => [name, reason]),
    [
      ['crlf', 'unspawnable'],
      ['gone', 'unspawnable'],
    ],
  );
  const told = tree.events.flatMap((event) => (event.type === 'problem' ? [event.problem] : []));
  assert.deepEqual(told.map(({ code, path }) => [code, path]).toSorted(), [
    ['unspawnable', join(tree.root, 'services.d/crlf/run')],
    ['unspawnable', join(tree.root, 'services.d/gone/run')],
  ]);
  assert.match(told.map(({ message }) => message).join('\n'), /\/no\/such\/interpreter/);
  assert.equal(tree.supervisor.service('gone').status, 'backoff');
});

test('the given runtime directory is used, and has its former content at the end', async (t) => {
  const directory = realpathSync(await mkdtemp(join(tmpdir(), 'stagekeeper-runtime-')));
  t.after(() => rm(directory, { recursive: true }));
  const tree = await plant(
    t,
    { 'cont-init.d/see': '#!/bin/sh\necho "$STAGEKEEPER_RUNTIME"\n' },
    { runtimeDirectory: directory },
  );
  await live(tree);
  assert.deepEqual(tree.printedBy('see'), [directory]);
  assert.equal(read(join(directory, 'container_environment/PATH')), '');
});

test('strict rejects a tree with warnings', async (t) => {
  const tree = await plant(t, { 'services.d/web/down': '' });
  await assert.rejects(Supervisor.load(tree.root, { strict: true }), (error) => {
    assert.ok(error instanceof TreeError);
    assert.deepEqual(
      error.problems.map(({ code }) => code),
      ['run-missing'],
    );
    return true;
  });
});

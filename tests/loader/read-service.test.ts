import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TreeFiles } from '../../lib/loader/files/literal-files.ts';
import { serviceDefaults } from '../../lib/model/tree.ts';
import { fine, loadLiteral, short, warnings } from './trees.ts';

const run = { 'services.d/web/run': fine };

test('a service has its run, its finish and its logger', async () => {
  const { tree, problems } = await loadLiteral({
    ...run,
    'services.d/web/finish': fine,
    'services.d/web/log/run': fine,
    'services.d/web/log/finish': fine,
    'services.d/web/log/down': '',
    'services.d/web/log/notification-fd': '3',
    'services.d/web/log/timeout-kill': '5',
    'services.d/web/timeout-kill': '7',
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(tree.services, [
    {
      name: 'web',
      run: { script: '/tree/services.d/web/run' },
      finish: { script: '/tree/services.d/web/finish' },
      logger: {
        ...serviceDefaults,
        name: 'web/log',
        run: { script: '/tree/services.d/web/log/run' },
        finish: { script: '/tree/services.d/web/log/finish' },
        down: true,
        notificationFd: 3,
        killTimeout: 5,
      },
      killTimeout: 7,
      ...serviceDefaults,
    },
  ]);
});

test('a service without the files has no logger and no finish', async () => {
  const [service] = (await loadLiteral(run)).tree.services;
  assert.equal(Object.hasOwn(service ?? {}, 'logger'), false);
  assert.equal(Object.hasOwn(service ?? {}, 'finish'), false);
});

interface Oddity {
  readonly what: string;
  readonly files: TreeFiles;
  readonly told: readonly string[];
  readonly says?: RegExp;
  /** The services, each with its parts: `web`, `web+finish`, `web+log`. */
  readonly left: readonly string[];
}

const oddities: readonly Oddity[] = [
  {
    what: 'a service without run is kept',
    files: { 'services.d/web': { folder: true } },
    told: ['run-missing services.d/web/run'],
    says: /^"run" is missing: the service "web" has nothing to run$/,
    left: ['web'],
  },
  {
    what: 'a run that is a folder is kept',
    files: { 'services.d/web/run': { folder: true } },
    told: ['run-is-a-folder services.d/web/run'],
    says: /^"run" is a folder where a file belongs; it cannot be run$/,
    left: ['web'],
  },
  {
    what: 'a run that leads nowhere is kept',
    files: { 'services.d/web/run': { link: 'x' } },
    told: ['link-dangling services.d/web/run'],
    left: ['web'],
  },
  {
    what: 'a run that is not executable is kept',
    files: { 'services.d/web/run': { content: fine, mode: 0o644 } },
    told: ['not-executable services.d/web/run'],
    left: ['web'],
  },
  {
    what: 'a finish that is not executable is kept',
    files: { ...run, 'services.d/web/finish': { content: fine, mode: 0o644 } },
    told: ['not-executable services.d/web/finish'],
    left: ['web+finish'],
  },
  {
    what: 'a finish that is a folder is ignored',
    files: { ...run, 'services.d/web/finish': { folder: true } },
    told: ['script-is-a-folder services.d/web/finish'],
    left: ['web'],
  },
  {
    what: 'a finish that leads nowhere is ignored',
    files: { ...run, 'services.d/web/finish': { link: 'x' } },
    told: ['link-dangling services.d/web/finish'],
    left: ['web'],
  },
  {
    what: 'a log that is a file is not a logger',
    files: { ...run, 'services.d/web/log': 'x' },
    told: ['not-a-folder services.d/web/log'],
    says: /^"log" is no folder; the service "web" runs unlogged$/,
    left: ['web'],
  },
  {
    what: 'a log that leads nowhere is not a logger',
    files: { ...run, 'services.d/web/log': { link: 'x' } },
    told: ['link-dangling services.d/web/log'],
    says: /the service "web" runs unlogged$/,
    left: ['web'],
  },
  {
    what: 'a log without run is a logger that has nothing to run yet',
    files: { ...run, 'services.d/web/log/finish': fine },
    told: ['log-without-run services.d/web/log'],
    says: /^"log" has no run in it: what the service "web" prints waits in the pipe$/,
    left: ['web+log'],
  },
  {
    what: 'a log with an unusable run is a logger',
    files: { ...run, 'services.d/web/log/run': { folder: true } },
    told: ['run-is-a-folder services.d/web/log/run'],
    left: ['web+log'],
  },
  {
    what: 'a logger of a logger is ignored',
    files: { ...run, 'services.d/web/log/run': fine, 'services.d/web/log/log/run': fine },
    told: ['log-of-a-logger services.d/web/log/log'],
    says: /^"log" is the logger of a logger; it is ignored$/,
    left: ['web+log'],
  },
  {
    what: 'a file named log in the folder of a logger is ignored',
    files: { ...run, 'services.d/web/log/run': fine, 'services.d/web/log/log': 'x' },
    told: [],
    left: ['web+log'],
  },
  {
    what: 'files beside the services are ignored',
    files: { ...run, 'services.d/README.md': 'x', 'services.d/run': '', 'services.d/a.j2': 'x' },
    told: [],
    left: ['web'],
  },
  {
    what: 'an entry that leads nowhere is reported',
    files: { ...run, 'services.d/x': { link: 'nowhere' } },
    told: ['link-dangling services.d/x'],
    says: /^"x" is a link that leads nowhere; there is no such service$/,
    left: ['web'],
  },
  {
    what: 'an entry that leads to itself is reported',
    files: { ...run, 'services.d/x': { link: 'x' } },
    told: ['link-loop services.d/x'],
    left: ['web'],
  },
  {
    what: 'a link to a file is ignored',
    files: { ...run, 'services.d/x': { link: '../README.md' }, 'README.md': 'x' },
    told: [],
    left: ['web'],
  },
  {
    what: 'a script beside the services, where a folder is meant, is reported',
    files: { ...run, 'services.d/db': fine, 'services.d/x': { link: 'web/run' } },
    told: ['not-a-folder services.d/db', 'not-a-folder services.d/x'],
    says: /^"db" is a script where the folder of a service belongs; there is no such service$/,
    left: ['web'],
  },
  {
    what: 'a link to a service is a service of its own',
    files: {
      ...run,
      'services.d/x': { link: 'web' },
      'services.d/y': { link: '/tree/store/y' },
      'store/y/run': fine,
    },
    told: [],
    left: ['web', 'x', 'y'],
  },
  {
    what: 'a link to the folder that contains it is a service without run',
    files: { ...run, 'services.d/x': { link: '.' } },
    told: ['run-missing services.d/x/run'],
    left: ['web', 'x'],
  },
  {
    what: 'a service folder and its log may be the same folder',
    files: { ...run, 'services.d/web/log': { link: '.' } },
    told: ['log-of-a-logger services.d/web/log/log'],
    left: ['web+log'],
  },
];

for (const { what, files, told, says, left } of oddities) {
  test(what, async () => {
    const { tree, problems } = await loadLiteral(files);
    assert.deepEqual(problems.map(short), told);
    if (says !== undefined) assert.match(problems[0]?.message ?? '', says);
    for (const { remedy } of problems) assert.match(remedy ?? '', /^[A-Z]/);
    const parts = tree.services.map(
      ({ name, finish, logger }) =>
        `${name}${finish === undefined ? '' : '+finish'}${logger === undefined ? '' : '+log'}`,
    );
    assert.deepEqual(parts, left);
  });
}

test('any name that a folder can have is a valid name', async () => {
  const names = ['App', 'a b', 'a:b', 'a@b', 'a\nb', 'log', 'run', 'web~', 'été'];
  const files = Object.fromEntries(names.map((name) => [`services.d/${name}/run`, fine]));
  const { tree, problems } = await loadLiteral(files);
  assert.deepEqual(problems, []);
  assert.deepEqual(tree.services.map(({ name }) => name).toSorted(), names.toSorted());
});

test('names that begin with a dot are left out, links or not', async () => {
  const files = { ...run, 'services.d/.x/run': fine, 'services.d/.y': { link: 'nowhere' } };
  assert.deepEqual(await warnings(files), []);
  assert.equal((await loadLiteral(files)).tree.services.length, 1);
});

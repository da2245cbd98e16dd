import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AccountChange } from '../../../lib/host/spawn/change-account.ts';
import { AccountChanges } from '../../../lib/host/spawn/change-account.ts';
import type { Problem } from '../../../lib/model/problem.ts';
import { unlessInCI } from '../../skipping.ts';
import { plant, testFolder, whoRuns } from '../folder.ts';
import { testEachWay, wayOf } from '../ways.ts';

const member = { uid: 1234, gid: 1235, groups: [1235, 50, 60] };

interface Trial {
  readonly folder: string;
  readonly problems: readonly Problem[];
  readonly changes: AccountChanges;
}

/** Changes that find only these programs. */
async function having(t: TestContext, ...names: readonly string[]): Promise<Trial> {
  const folder = await testFolder(t);
  for (const name of names) plant(join(folder, name), `#!/bin/sh\n: ${name}\n`);
  const problems: Problem[] = [];
  const changes = new AccountChanges(
    (it) => void problems.push(it),
    () => [folder],
  );
  return { folder, problems, changes };
}

function programOf({ program = [] }: AccountChange, folder: string): readonly string[] {
  return program.map((word) => word.replace(`${folder}/`, ''));
}

const byProgram = {
  setpriv: ['setpriv', '--reuid', '1234', '--regid', '1235', '--groups', '1235,50,60', '--'],
  's6-applyuidgid': ['s6-applyuidgid', '-u', '1234', '-g', '1235', '-G', '1235,50,60', '--'],
  chpst: ['chpst', '-u', ':1234:1235:50:60'],
};

for (const [name, words] of Object.entries(byProgram)) {
  test(`${name} gives a process its supplementary groups`, { skip: whoRuns.root }, async (t) => {
    const { folder, changes, problems } = await having(t, name, 'su');
    assert.deepEqual(programOf(changes.to(member, 'web', 'it'), folder), words);
    assert.deepEqual(problems, []);
  });
}

test('an account without supplementary groups needs no program', async (t) => {
  const { changes, problems } = await having(t, 'setpriv');
  const ids = { uid: 1234, gid: 1235 };
  assert.deepEqual(changes.to({ ...ids, groups: [1235] }, 'web', 'it'), { ids });
  assert.deepEqual(problems, []);
});

test('ids beyond those that Node sets are set by a program', { skip: whoRuns.root }, async (t) => {
  const { folder, changes } = await having(t, 'setpriv');
  const [id, words] = [2 ** 31, ['setpriv', '--reuid', '2147483648', '--regid', '2147483648']];
  const change = changes.to({ uid: id, gid: id, groups: [id] }, String(id), 'it');
  assert.deepEqual(programOf(change, folder).slice(0, 5), words);
});

test('the account of the host changes nothing', async (t) => {
  const { changes, problems } = await having(t);
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const groups = [...new Set([gid, ...(process.getgroups?.() ?? [])])];
  assert.deepEqual(changes.to({ uid, gid, groups }, 'me', 'it'), {});
  assert.deepEqual(problems, []);
});

test('without a program a process runs without the groups, and a problem says so once', async (t) => {
  const { changes, problems } = await having(t, 'su', 'busybox');
  const ids = { uid: 1234, gid: 1235 };
  for (const name of ['one', 'two']) assert.deepEqual(changes.to(member, 'web', name), { ids });
  assert.deepEqual(
    problems.map(({ code, path }) => `${code} ${path}`),
    ['groups-missing one'],
  );
  assert.match(problems[0]?.message ?? '', /as 'web' without its supplementary groups \(50, 60\)/);
});

test(
  'busybox: its setpriv is passed over, its su is used for a name',
  { skip: whoRuns.root },
  async (t) => {
    const { folder, changes } = await having(t, 'busybox');
    for (const name of ['setpriv', 'chpst', 'su'])
      spawnSync('ln', ['busybox', name], { cwd: folder });
    const words = ['su', '-m', '-s', '/bin/sh', '-c', 'exec "$@"', '--', 'web', 'sh'];
    assert.deepEqual(programOf(changes.to(member, 'web', 'it'), folder), words);
    assert.deepEqual(changes.to(member, '1234', 'it'), { ids: { uid: 1234, gid: 1235 } });
  },
);

const bind =
  'mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/group" /etc/group && exec "$@"';

function noMounts(): string | false {
  const { status } = spawnSync('unshare', ['--mount', 'true']);
  return status === 0 ? false : unlessInCI('this needs root and a mount namespace');
}

/** Runs a host with these lists of accounts, and returns the lines that it prints. */
async function hostWith(
  t: TestContext,
  hidden: string,
  users: readonly string[],
): Promise<string[]> {
  const folder = await testFolder(t);
  plant(join(folder, 'passwd'), 'root:x:0:0::/:/bin/sh\nweb:x:1234:1235::/:/bin/sh\n', 0o644);
  plant(join(folder, 'group'), 'root:x:0:\nweb:x:1235:\nlog:x:50:web\nssl:x:60:a,web\n', 0o644);
  const host = fileURLToPath(new URL('account-host.ts', import.meta.url));
  const node = [process.execPath, '--import', 'tsx', host, wayOf(t), ...users];
  const words = ['--mount', 'sh', '-c', `${hidden}${bind}`, folder, ...node];
  const { status, stdout, stderr } = spawnSync('unshare', words, { encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
  return stdout.trim().split('\n').sort();
}

const ids = (uid: string, gid: string): string =>
  `${Array(4).fill(uid).join(' ')}; ${Array(4).fill(gid).join(' ')};`;

testEachWay('services have the groups of their accounts', { skip: noMounts() }, async (t) => {
  const lines = await hostWith(t, '', ['web', '1234', '4711', '1234:1235', 'web:log']);
  assert.deepEqual(lines, [
    `1234 ${ids('1234', '1235')} 50 60 1235;`,
    `1234:1235 ${ids('1234', '1235')};`,
    `4711 ${ids('4711', '4711')};`,
    `web ${ids('1234', '1235')} 50 60 1235;`,
    `web:log ${ids('1234', '50')};`,
  ]);
});

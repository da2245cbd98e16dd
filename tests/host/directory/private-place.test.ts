import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findPrivatePlace } from '../../../lib/host/directory/private-place.ts';
import { unlessInCI } from '../../skipping.ts';
import { testFolder, whoRuns } from '../folder.ts';
import { without } from '../shells.ts';

const program = fileURLToPath(new URL('say-private-place.ts', import.meta.url));
const loader = import.meta.resolve('tsx');

/** Why no mount namespace can be made here; `false`: it can. */
const noNamespace =
  whoRuns.root === false
    ? unlessInCI(spawnSync('unshare', ['-m', 'true']).status !== 0 && 'no mount namespaces here')
    : whoRuns.root;

interface Said {
  readonly found?: string;
  readonly reason?: string;
  readonly message?: string;
}

/** The place that is found in a mount namespace in which these commands have run. */
function saidAfter(commands: string, temporary: string): Said {
  const script = `${commands}; exec "$@"`;
  const words = ['-m', 'sh', '-ec', script, 'sh', process.execPath, '--import', loader, program];
  const { stdout, stderr } = spawnSync('unshare', words, {
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: temporary },
  });
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout) as Said;
}

/** The place that a program of another account finds. */
function saidAs(uid: number, variables: Readonly<Record<string, string>>): Said {
  const words = [process.execPath, '--import', loader, program];
  const as = ['--reuid', String(uid), '--regid', String(uid), '--clear-groups', '--'];
  const { stdout, stderr } = spawnSync('setpriv', [...as, ...words], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', ...variables },
  });
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout) as Said;
}

test('a place is found, and the test directory is removed', () => {
  const path = findPrivatePlace('stagekeeper-test-place');
  assert.ok(path.endsWith('/stagekeeper-test-place'));
  assert.ok(!readdirSync(dirname(path)).includes('stagekeeper-test-place'));
  if (process.geteuid?.() === 0) assert.equal(dirname(path), '/run');
});

for (const [what, mount] of [
  ['mounted noexec', 'mount -t tmpfs -o noexec none /run'],
  ['read-only', 'mount -t tmpfs -o ro none /run'],
  ['full', 'mount -t tmpfs -o nr_inodes=2 none /run && touch /run/last'],
  ['full of data', 'mount -t tmpfs -o size=4k none /run && head -c 4096 /dev/zero >/run/all'],
  ['open to others', 'mount -t tmpfs -o mode=777 none /run'],
  ['another account’s', 'mount -t tmpfs -o uid=54321 none /run'],
] as const) {
  test(
    `the temporary directory takes the place of a /run that is ${what}`,
    { skip: noNamespace },
    async (t) => {
      const temporary = await testFolder(t);
      assert.equal(saidAfter(mount, temporary).found, join(temporary, 'stagekeeper-x'));
    },
  );
}

test(
  'without a suitable place, the error names each place and the reason',
  { skip: noNamespace },
  async (t) => {
    const temporary = await testFolder(t);
    const mounts = `mount -t tmpfs -o ro none /run; mount -t tmpfs -o noexec none ${temporary}`;
    const { reason, message = '' } = saidAfter(mounts, temporary);
    assert.equal(reason, 'unusable');
    assert.ok(message.includes('/run (EROFS: read-only file system'), message);
    assert.ok(message.includes(`${temporary} (programs cannot be executed there)`), message);
    assert.match(message, /name a runtimeDirectory/);
  },
);

const noSetpriv = whoRuns.root === false ? without('setpriv') : whoRuns.root;

/** A folder below one that every account may enter. */
function folderFor(t: TestContext, uid: number, mode: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'stagekeeper-test-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  chmodSync(folder, 0o755);
  const own = join(folder, 'own');
  mkdirSync(own);
  chownSync(own, uid, uid);
  chmodSync(own, mode);
  return own;
}

test(
  'another account than root takes its XDG_RUNTIME_DIR, if that is its own alone',
  { skip: noSetpriv },
  (t) => {
    const temporary = folderFor(t, 0, 0o1777);
    const inTemporary = join(temporary, 'stagekeeper-x');
    const own = folderFor(t, 54_321, 0o700);
    const find = (folder: string): string | undefined =>
      saidAs(54_321, { TMPDIR: temporary, XDG_RUNTIME_DIR: folder }).found;
    assert.equal(find(own), join(own, 'stagekeeper-x'));
    for (const unfit of [
      folderFor(t, 54_322, 0o755),
      folderFor(t, 54_321, 0o750),
      join(own, 'missing'),
      'relative',
      '',
    ]) {
      assert.equal(find(unfit), inTemporary, unfit);
    }
  },
);

test('a temporary directory of another account is rejected', { skip: noSetpriv }, (t) => {
  const theirs = folderFor(t, 54_322, 0o777);
  const { reason, message } = saidAs(54_321, { TMPDIR: theirs });
  assert.equal(reason, 'unusable');
  assert.match(message ?? '', /own belongs to the account 54322/);
});

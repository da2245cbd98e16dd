import assert from 'node:assert/strict';
import { chmodSync, chownSync, lchownSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { distrustOf, requireTrust } from '../../../lib/host/directory/directory-trust.ts';
import { plant, testFolder, whoRuns } from '../folder.ts';

/** An account and a group that exist on no system. */
const stranger = 54_321;

interface Place {
  /** A folder of the host's account that other accounts may only read. */
  readonly top: string;
  /** Makes a folder in it, with this mode whatever the umask, and this owner and group. */
  make(
    name: string,
    mode?: number,
    owner?: { readonly uid?: number; readonly gid?: number },
  ): string;
}

async function place(t: TestContext): Promise<Place> {
  const top = realpathSync(await testFolder(t));
  return {
    top,
    make(name, mode = 0o755, { uid = -1, gid = -1 } = {}) {
      const path = join(top, name);
      mkdirSync(path, { recursive: true });
      if (uid >= 0 || gid >= 0) chownSync(path, uid, gid);
      chmodSync(path, mode);
      return path;
    },
  };
}

test('a folder of the host’s account is trusted, also before it is made', async (t) => {
  const { top, make } = await place(t);
  for (const path of [top, make('plain'), make('closed', 0o700), join(top, 'to/be/made')])
    assert.equal(distrustOf(path), undefined, path);
  assert.equal(distrustOf('/'), undefined);
});

test('a folder that other accounts may write to is rejected, with or without the sticky bit', async (t) => {
  const { make } = await place(t);
  for (const mode of [0o777, 0o1777, 0o757, 0o702]) {
    const path = make(`mode-${mode.toString(8)}`, mode);
    const found = distrustOf(path);
    assert.equal(found?.path, path);
    assert.match(found.why, /can be written to by other accounts/);
    assert.ok(found.remedy.includes(`chmod go-w ${path}`), found.remedy);
  }
});

test('what is not a folder is refused as that, whatever its mode', async (t) => {
  const { top } = await place(t);
  const file = plant(join(top, 'file'), '');
  chmodSync(file, 0o666);
  for (const path of ['/dev/null', file]) {
    assert.throws(() => requireTrust(path), {
      reason: 'unusable',
      path,
      message: /is not a folder\./,
    });
  }
});

test('the remedy for a sticky folder is a folder in it', async (t) => {
  const { make } = await place(t);
  const shared = make('shared', 0o1777);
  const { remedy = '' } = distrustOf(shared) ?? {};
  assert.ok(remedy.includes(`name a folder in it, such as ${join(shared, 'stagekeeper')}`), remedy);
  assert.doesNotMatch(remedy, /chmod \+t/);
});

test('a folder below one that other accounts may write to is trusted only if that has the sticky bit', async (t) => {
  const { make } = await place(t);
  const shared = make('shared', 0o777);
  const below = make('shared/deep/mine');
  chmodSync(shared, 0o777);
  assert.equal(distrustOf(below)?.path, shared);
  assert.equal(distrustOf(join(shared, 'to-be-made'))?.path, shared);
  chmodSync(shared, 0o1777);
  assert.equal(distrustOf(below), undefined);
  assert.equal(distrustOf(join(shared, 'to-be-made')), undefined);
});

test('links are followed, and the folders on their path are checked', async (t) => {
  const { top, make } = await place(t);
  const mine = make('mine');
  const open = make('open', 0o777);
  make('shared', 0o777);
  make('shared/inside');
  chmodSync(join(top, 'shared'), 0o777);
  symlinkSync(mine, join(top, 'to-mine'));
  symlinkSync('open', join(top, 'to-open'));
  symlinkSync('shared/inside', join(top, 'through-shared'));
  symlinkSync(`${top}/shared/inside/../../mine`, join(top, 'back'));
  symlinkSync('nowhere', join(top, 'dangling'));
  symlinkSync('circle', join(top, 'circle'));
  assert.equal(distrustOf(join(top, 'to-mine')), undefined);
  assert.equal(distrustOf(join(top, 'to-open'))?.path, open);
  for (const name of ['through-shared', 'back'])
    assert.equal(distrustOf(join(top, name))?.path, join(top, 'shared'), name);
  assert.equal(distrustOf(join(top, 'dangling')), undefined);
  assert.equal(distrustOf(join(top, 'circle')), undefined, 'the system says what is wrong');
});

test('folders and links of another account are rejected', { skip: whoRuns.root }, async (t) => {
  const { top, make } = await place(t);
  const theirs = make('theirs', 0o755, { uid: stranger });
  make('theirs/mine');
  chownSync(theirs, stranger, stranger);
  const link = join(top, 'link');
  symlinkSync(make('mine'), link);
  lchownSync(link, stranger, stranger);
  for (const [path, culprit] of [
    [theirs, theirs],
    [join(theirs, 'mine'), theirs],
    [join(theirs, 'to-be-made'), theirs],
    [link, link],
    [join(link, 'below'), link],
  ] as const) {
    const found = distrustOf(path);
    assert.equal(found?.path, culprit);
    assert.match(found.why, new RegExp(`belongs to the account ${stranger} \\(mode 0`));
  }
});

test(
  'group write permission is accepted if the group has no other member',
  { skip: whoRuns.root },
  async (t) => {
    const { make } = await place(t);
    const ofRoot = make('of-root', 0o775, { gid: 0 });
    const ofOthers = make('of-others', 0o775, { gid: stranger });
    assert.equal(distrustOf(ofRoot), undefined);
    assert.equal(distrustOf(ofOthers)?.path, ofOthers);
    assert.match(distrustOf(ofOthers)?.why ?? '', new RegExp(`group ${stranger}, mode 0775`));
  },
);

test('a component that cannot be inspected throws, and a rejection names the component and the remedy', async (t) => {
  const { top, make } = await place(t);
  const file = plant(join(top, 'file'), '');
  assert.throws(() => distrustOf(join(file, 'below')), { code: 'ENOTDIR' });
  const open = make('open', 0o777);
  assert.throws(() => requireTrust(join(open, 'below')), {
    code: 'ERR_RUNTIME_DIRECTORY',
    reason: 'untrusted',
    path: open,
    message: /other accounts.*chmod go-w/,
  });
  requireTrust(dirname(open));
});

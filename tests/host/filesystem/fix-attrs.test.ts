import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { applyFixAttrs } from '../../../lib/host/filesystem/fix-attrs.ts';
import type { Problem } from '../../../lib/model/problem.ts';
import type { FixAttrsRule } from '../../../lib/model/tree.ts';
import { plant, testFolder, whoRuns } from '../folder.ts';

const mine = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;

function apply(
  rule: Partial<FixAttrsRule> & Pick<FixAttrsRule, 'path'>,
  hidden = false,
  procfs = '/proc',
): Promise<readonly Problem[]> {
  const whole = { source: '/etc/fix-attrs.d/10', line: 3, recurse: false, account: mine, ...rule };
  return applyFixAttrs([whole], { hidden, procfs });
}

const modeOf = (path: string): string => (lstatSync(path).mode & 0o7777).toString(8);

const ownerOf = (path: string): string => `${lstatSync(path).uid}:${lstatSync(path).gid}`;

test('files and folders get their modes; other entries keep theirs', async (t) => {
  const folder = await testFolder(t);
  const file = plant(join(folder, 'file'), 'x', 0o600);
  const below = plant(join(folder, 'below', 'file'), 'x', 0o600);
  assert.deepEqual(
    await apply({ path: join(folder, '*'), fileMode: 0o640, folderMode: 0o750 }),
    [],
  );
  assert.deepEqual([modeOf(file), modeOf(join(folder, 'below'))], ['640', '750']);
  assert.equal(modeOf(below), '600', 'not recursive');
  assert.deepEqual(await apply({ path: join(folder, '*') }), []);
  assert.deepEqual([modeOf(file), modeOf(join(folder, 'below'))], ['640', '750']);
});

test('a recursive rule skips hidden files unless the option includes them', async (t) => {
  const folder = await testFolder(t);
  const places = ['a', 'b/c/d', '.hidden', 'b/.hidden/e'].map((name) => join(folder, 'top', name));
  for (const place of places) plant(place, 'x', 0o600);
  const rule = { path: join(folder, 'top'), recurse: true, fileMode: 0o644 };
  assert.deepEqual(await apply(rule), []);
  assert.deepEqual(places.map(modeOf), ['644', '644', '600', '600']);
  assert.deepEqual(await apply(rule, true), []);
  assert.deepEqual(places.map(modeOf), ['644', '644', '644', '644']);
});

test('a hidden folder that the rule itself names is changed', async (t) => {
  const folder = await testFolder(t);
  const place = plant(join(folder, '.top', 'a'), 'x', 0o600);
  await apply({ path: join(folder, '.top'), recurse: true, fileMode: 0o644 });
  assert.equal(modeOf(place), '644');
});

test('links that a rule finds are not followed, a link that it names is', async (t) => {
  const folder = await testFolder(t);
  const outside = plant(join(folder, 'outside', 'file'), 'x', 0o600);
  mkdirSync(join(folder, 'top'));
  symlinkSync(join(folder, 'outside'), join(folder, 'top', 'to-folder'));
  symlinkSync(outside, join(folder, 'top', 'to-file'));
  symlinkSync(join(folder, 'top'), join(folder, 'top', 'loop'));
  symlinkSync('nowhere', join(folder, 'top', 'dangling'));
  const top = join(folder, 'top');
  const modes = { fileMode: 0o644, folderMode: 0o711 };
  assert.deepEqual(await apply({ path: top, recurse: true, ...modes }), []);
  assert.deepEqual(await apply({ path: join(top, '*'), recurse: true, ...modes }), []);
  assert.equal(modeOf(outside), '600');
  assert.notEqual(modeOf(join(folder, 'outside')), '711');

  const named = join(top, 'to-folder');
  assert.deepEqual(await apply({ path: named, recurse: true, ...modes }), []);
  assert.deepEqual([modeOf(outside), modeOf(join(folder, 'outside'))], ['644', '711']);
});

test('owner and group are set, on links themselves', { skip: whoRuns.root }, async (t) => {
  const folder = await testFolder(t);
  const outside = plant(join(folder, 'outside'), 'x');
  const file = plant(join(folder, 'top', 'file'), 'x');
  const link = join(folder, 'top', 'link');
  symlinkSync(outside, link);
  const rule = { path: join(folder, 'top'), recurse: true };
  assert.deepEqual(await apply({ ...rule, account: '1234:2345' }), []);
  assert.deepEqual([ownerOf(file), ownerOf(link)], ['1234:2345', '1234:2345']);
  assert.equal(ownerOf(outside), '0:0');
  assert.deepEqual(await apply({ ...rule, account: 'no-such-user,4321:5432' }), []);
  assert.equal(ownerOf(file), '4321:5432', 'the fallback holds');
  assert.deepEqual(await apply({ ...rule, account: 'root' }), []);
  assert.equal(ownerOf(file), '0:0', 'a user brings the primary group along');
  assert.deepEqual(await apply({ ...rule, account: '-' }), []);
  assert.equal(ownerOf(file), '0:0', 'a dash leaves it');
});

test(
  'a new owner costs no bits of the mode that is asked for',
  { skip: whoRuns.root },
  async (t) => {
    const file = plant(join(await testFolder(t), 'file'), 'x', 0o4755);
    assert.deepEqual(await apply({ path: file, account: '1234:2345', fileMode: 0o4755 }), []);
    assert.deepEqual([ownerOf(file), modeOf(file)], ['1234:2345', '4755']);
  },
);

test('an entry with the right attributes is not touched', async (t) => {
  const file = plant(join(await testFolder(t), 'file'), 'x', 0o640);
  const before = lstatSync(file, { bigint: true }).ctimeNs;
  assert.deepEqual(await apply({ path: file, fileMode: 0o640 }), []);
  assert.equal(lstatSync(file, { bigint: true }).ctimeNs, before);
});

test('an account that does not exist is a problem, and nothing is changed', async (t) => {
  const file = plant(join(await testFolder(t), 'file'), 'x', 0o600);
  const [found, ...more] = await apply({ path: file, account: 'no-such-user', fileMode: 0o644 });
  assert.deepEqual(more, []);
  assert.equal(found?.code, 'account-unknown');
  assert.deepEqual([found.path, found.line], ['/etc/fix-attrs.d/10', 3]);
  assert.match(found.message, /'no-such-user'/);
  assert.equal(modeOf(file), '600');
});

test('a path that does not exist is a problem, a glob without a match is not', async (t) => {
  const folder = await testFolder(t);
  assert.deepEqual(await apply({ path: join(folder, 'no*') }), []);
  assert.deepEqual(await apply({ path: join(folder, '*', 'nothing') }), []);
  const [found] = await apply({ path: join(folder, 'nothing') });
  assert.equal(found?.code, 'fix-attrs-failed');
  assert.equal(found.message, `${join(folder, 'nothing')} does not exist`);
  symlinkSync('nowhere', join(folder, 'dangling'));
  assert.equal((await apply({ path: join(folder, 'dangling') }))[0]?.code, 'fix-attrs-failed');
});

test('changes without permission are one problem for the rule, and the others are made', async (t) => {
  if (whoRuns.plainUser !== false) return t.skip(whoRuns.plainUser);
  const folder = await testFolder(t);
  const places = ['a', 'b', 'c'].map((name) => plant(join(folder, name), 'x', 0o600));
  const rules: readonly FixAttrsRule[] = [
    { source: 's', line: 1, path: folder, recurse: true, account: '0:0', fileMode: 0o644 },
    { source: 's', line: 2, path: folder, recurse: true, account: mine, fileMode: 0o644 },
  ];
  const problems = await applyFixAttrs(rules, { hidden: false });
  assert.deepEqual(
    problems.map(({ code, line }) => [code, line]),
    [['fix-attrs-failed', 1]],
  );
  assert.match(
    problems[0]?.message ?? '',
    /only its owner and root may do so; so it is with 3 more/,
  );
  assert.deepEqual(places.map(modeOf), ['644', '644', '644']);
});

test('the event loop runs while a rule walks a large folder', async (t) => {
  const folder = await testFolder(t);
  for (let count = 0; count < 100; count++)
    writeFileSync(join(folder, `${count}`), '', { mode: 0o600 });
  // Each takes a millisecond, on a machine of any speed.
  let now = 0;
  t.mock.method(performance, 'now', () => (now += 1));
  let turns = 0;
  let timer = setImmediate(function turn() {
    turns += 1;
    timer = setImmediate(turn);
  });
  await apply({ path: folder, recurse: true, fileMode: 0o644 });
  clearImmediate(timer);
  assert.ok(turns >= 5, `${turns} turns`);
});

/** Runs work that gives the event loop a turn at every step, and calls `change` in each of them. Returns how many there were. */
async function withChanges(
  t: TestContext,
  change: () => void,
  action: () => Promise<void>,
): Promise<number> {
  let now = 0;
  const { mock } = t.mock.method(performance, 'now', () => (now += 100));
  let turns = 0;
  let timer = setImmediate(function turn() {
    turns += 1;
    timer = setImmediate(turn);
    change();
  });
  try {
    await action();
  } finally {
    clearImmediate(timer);
    mock.restore();
  }
  return turns;
}

for (const [procfs, way] of [
  ['/proc', 'by descriptors'],
  ['/nowhere', 'by names'],
] as const) {
  test(`${way}, every entry of a tree is changed, whatever its type`, async (t) => {
    const top = join(await testFolder(t), 'top');
    const files = ['a', 'b/c/d', 'b/\xe9'].map((name) => plant(join(top, name), 'x', 0o600));
    const odd = Buffer.concat([Buffer.from(`${top}/`), Buffer.of(0xff, 0x0a)]);
    writeFileSync(odd, '', { mode: 0o600 });
    symlinkSync('nowhere', join(top, 'dangling'));
    const modes = { fileMode: 0o640, folderMode: 0o710 };
    assert.deepEqual(await apply({ path: top, recurse: true, ...modes }, false, procfs), []);
    assert.deepEqual(files.map(modeOf), ['640', '640', '640']);
    assert.equal((lstatSync(odd).mode & 0o777).toString(8), '640');
    assert.deepEqual([top, join(top, 'b', 'c')].map(modeOf), ['710', '710']);
  });
}

test('the event loop runs while very many rules are applied', async (t) => {
  const source = '/etc/fix-attrs.d/10';
  const rule = { source, line: 3, path: '/nowhere', recurse: true, account: mine };
  // Each takes at least a millisecond, on a machine of any speed.
  let now = 0;
  t.mock.method(performance, 'now', () => (now += 1));
  let turns = 0;
  let timer = setImmediate(function turn() {
    turns += 1;
    timer = setImmediate(turn);
  });
  const problems = await applyFixAttrs(
    Array.from({ length: 100 }, () => rule),
    { hidden: false },
  );
  clearImmediate(timer);
  assert.equal(problems.length, 100);
  assert.ok(turns >= 5, `${turns} turns`);
});

test('a folder that is replaced by a link meanwhile does not redirect a change', async (t) => {
  const folder = await testFolder(t);
  const outside = ['outside/a', 'outside/b', 'outside/below/c'].map((name) =>
    plant(join(folder, name), 'x', 0o600),
  );
  for (const name of ['a', 'b', 'below/c', 'below/below/d']) {
    for (const below of ['top/d', 'top/d/below', 'top/e'])
      plant(join(folder, below, name), 'x', 0o600);
  }
  const swapped = ['top/d', 'top/d/below', 'top/e', 'top/d/a'].map((name) => join(folder, name));
  let turn = 0;
  const swap = (): void => {
    const place = swapped[Math.floor(turn / 2) % swapped.length] ?? '';
    if (turn % 2 === 0) {
      renameSync(place, `${folder}/away`);
      symlinkSync(join(folder, place.endsWith('/a') ? 'outside/a' : 'outside'), place);
    } else {
      renameSync(place, `${folder}/link-${turn}`);
      renameSync(`${folder}/away`, place);
    }
    turn += 1;
  };
  const top = join(folder, 'top');
  const turns = await withChanges(t, swap, async () => {
    for (let round = 0; round < 10; round++) {
      await apply({ path: top, recurse: true, fileMode: 0o666, folderMode: 0o777 });
      await apply({ path: join(top, '*/*'), recurse: true, fileMode: 0o640, folderMode: 0o700 });
    }
  });
  assert.ok(turns > 100, `${turns} turns`);
  assert.deepEqual(outside.map(modeOf), ['600', '600', '600']);
});

test('a tree that is deeper than the limit of descriptors is changed completely', async (t) => {
  const top = join(await testFolder(t), 'top');
  const folders = [top];
  for (let depth = 0; depth < 300; depth++) folders.push(join(folders.at(-1) ?? '', 'x'));
  for (const folder of folders) plant(join(folder, 'file'), '', 0o600);
  let most = 0;
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  const before = descriptors();
  const count = (): void => {
    most = Math.max(most, descriptors());
  };
  await withChanges(t, count, async () => {
    const rule = { path: top, recurse: true, fileMode: 0o640, folderMode: 0o750 };
    assert.deepEqual(await apply(rule), []);
  });
  assert.ok(most > before && most < before + 100, `${most} descriptors, ${before} before`);
  assert.equal(descriptors(), before);
  assert.deepEqual([...new Set(folders.map(modeOf))], ['750']);
  assert.deepEqual([...new Set(folders.map((folder) => modeOf(join(folder, 'file'))))], ['640']);
});

test('after a deep folder is moved meanwhile, only the folders just above it are skipped', async (t) => {
  const folder = await testFolder(t);
  const deep = join(folder, 'top', 'x/'.repeat(100));
  const moved = join(deep, 'moved');
  plant(join(moved, 'below', 'file'), '', 0o600);
  const late = plant(join(folder, 'top', 'x', 'late'), '', 0o600);
  const file = join(folder, 'away', 'below', 'file');
  let isMoved = false;
  const move = (): void => {
    const descriptors = isMoved ? [] : readdirSync('/proc/self/fd');
    if (!descriptors.some((each) => leadsTo(each, join(moved, 'below')))) return;
    renameSync(moved, join(folder, 'away'));
    isMoved = true;
  };
  let problems: readonly Problem[] = [];
  await withChanges(t, move, async () => {
    const path = join(folder, 'top');
    problems = await apply({ path, recurse: true, fileMode: 0o640, folderMode: 0o750 });
  });
  const [found, ...more] = problems;
  assert.ok(isMoved);
  assert.deepEqual(more, []);
  assert.match(
    found?.message ?? '',
    /x was left: a folder in it was moved meanwhile; so it is with/,
  );
  assert.deepEqual([modeOf(file), modeOf(late)], ['640', '640']);
  assert.deepEqual([modeOf(join(folder, 'top')), modeOf(deep)], ['750', '755']);
});

/** Whether a descriptor of this process refers to a path. */
function leadsTo(descriptor: string, path: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`) === path;
  } catch {
    return false;
  }
}

test('a FIFO, a socket and a device are not opened, and keep their modes', async (t) => {
  const folder = await testFolder(t);
  execFileSync('mkfifo', ['-m', '600', join(folder, 'fifo')]);
  const server = createServer().listen(join(folder, 'socket'));
  t.after(() => server.close());
  await once(server, 'listening');
  chmodSync(join(folder, 'socket'), 0o600);
  assert.deepEqual(await apply({ path: folder, recurse: true, fileMode: 0o644 }), []);
  assert.deepEqual(
    ['fifo', 'socket'].map((name) => modeOf(join(folder, name))),
    ['600', '600'],
  );
});

test('a link of another account is not followed', { skip: whoRuns.root }, async (t) => {
  const folder = await testFolder(t);
  const file = plant(join(folder, 'outside', 'file'), 'x', 0o600);
  symlinkSync('outside', join(folder, 'theirs'));
  lchownSync(join(folder, 'theirs'), 1234, 1234);
  for (const path of ['theirs', 'theirs/file', 'theirs/*', '*/file'].map((it) =>
    join(folder, it),
  )) {
    const [found] = await apply({ path, recurse: true, account: '2345:2345', fileMode: 0o666 });
    assert.equal(found?.code, 'fix-attrs-failed', path);
    assert.match(
      found.message,
      /theirs is a symbolic link of the account 1234 and is not followed$/,
    );
    assert.match(found.remedy ?? '', /Name the place/);
    if (path.endsWith('*/file')) assert.equal(ownerOf(file), '2345:2345', 'found by another way');
    else assert.equal(ownerOf(file), '0:0', path);
  }
});

test(
  'a file that another account can have linked is not changed',
  { skip: whoRuns.root },
  async (t) => {
    const folder = await testFolder(t);
    const secret = plant(join(folder, 'secret'), 'x', 0o600);
    const theirs = plant(join(folder, 'home', 'theirs'), 'x', 0o600);
    linkSync(secret, join(folder, 'home', 'linked'));
    linkSync(theirs, join(folder, 'home', 'twice'));
    for (const path of [theirs, join(folder, 'home')]) chownSync(path, 1234, 1234);
    const rule = { path: join(folder, 'home'), account: '1234:1234', fileMode: 0o666 };
    for (const each of [
      { ...rule, recurse: true },
      { ...rule, path: `${rule.path}/linked` },
    ]) {
      const [found, ...more] = await apply(each);
      assert.deepEqual(more, []);
      assert.match(found?.message ?? '', /home\/linked is left as it is: it has other names/);
      assert.match(found?.remedy ?? '', /copy/);
    }
    assert.deepEqual([ownerOf(secret), modeOf(secret)], ['0:0', '600']);
    assert.deepEqual([ownerOf(theirs), modeOf(theirs)], ['1234:1234', '666'], 'its own file');
    // In a folder of root, only root can have linked it.
    chownSync(join(folder, 'home'), 0, 0);
    assert.deepEqual(await apply({ ...rule, recurse: true }), []);
    assert.equal(ownerOf(secret), '1234:1234');
  },
);

test(
  'without /proc entries of a folder that other accounts may write to are not changed',
  { skip: whoRuns.root },
  async (t) => {
    const folder = await testFolder(t);
    const file = plant(join(folder, 'open', 'file'), 'x', 0o600);
    chmodSync(join(folder, 'open'), 0o777);
    const rule = { path: folder, recurse: true, account: '1234:1234' };
    const [found, ...more] = await apply(rule, false, '/nowhere');
    assert.deepEqual(more, []);
    assert.equal(
      found?.message,
      `${file} is left as it is: another account may replace it meanwhile`,
    );
    assert.match(found.remedy ?? '', /Mount \/proc/);
    assert.deepEqual([ownerOf(file), ownerOf(folder)], ['0:0', '1234:1234']);
  },
);

test('a folder that cannot be entered is changed before its entries', async (t) => {
  if (whoRuns.plainUser !== false) return t.skip(whoRuns.plainUser);
  const folder = await testFolder(t);
  const file = plant(join(folder, 'closed', 'file'), 'x', 0o600);
  chmodSync(join(folder, 'closed'), 0o200);
  const rule = { path: folder, recurse: true, fileMode: 0o640, folderMode: 0o750 };
  assert.deepEqual(await apply(rule), []);
  assert.equal(modeOf(file), '640');
});

test('a folder is changed after its entries, which its new owner could replace', async (t) => {
  const top = join(await testFolder(t), 'top');
  const file = plant(join(top, 'below', 'file'), 'x', 0o600);
  const seen = new Set<string>();
  const look = (): void => {
    seen.add([file, join(top, 'below'), top].map(modeOf).join(' '));
  };
  await withChanges(t, look, async () => {
    await apply({ path: top, recurse: true, fileMode: 0o640, folderMode: 0o700 });
  });
  assert.deepEqual([...seen].at(-1), '640 700 755');
  assert.ok(!seen.has('600 700 755') && !seen.has('600 755 700'));
});

test('an invalid pattern is a problem, and nothing is changed', async (t) => {
  const folder = await testFolder(t);
  const file = plant(join(folder, 'log1'), 'x', 0o600);
  const path = join(folder, 'log[[:digits:]]');
  const [found] = await apply({ path, fileMode: 0o644 });
  const says = 'has the unknown class [:digits:]; nothing was done for it';
  assert.deepEqual([found?.code, found?.message], ['fix-attrs-failed', `${path} ${says}`]);
  assert.equal(modeOf(file), '600');
});

test('the event loop runs while a pattern is matched in a large folder', async (t) => {
  const folder = await testFolder(t);
  for (let count = 0; count < 100; count++) writeFileSync(join(folder, `${count}`), '');
  const nothing = (): void => undefined;
  const turns = await withChanges(t, nothing, async () => {
    assert.deepEqual(await apply({ path: join(folder, '*x'), fileMode: 0o644 }), []);
  });
  assert.ok(turns >= 50, `${turns} turns`);
});

test('a problem shows a path in readable characters', async (t) => {
  const folder = await testFolder(t);
  const path = join(folder, 'a\n\x1b[31m');
  assert.equal((await apply({ path }))[0]?.message, `${folder}/a\\x0a\\x1b[31m does not exist`);
});

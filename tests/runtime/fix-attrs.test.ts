import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { applyFixAttrs } from '../../lib/runtime/fix-attrs.ts';
import type { Problem } from '../../lib/model/problem.ts';
import type { FixAttrsRule } from '../../lib/model/tree.ts';
import { plant, testFolder, whoRuns } from './folder.ts';

const mine = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;

function apply(
  rule: Partial<FixAttrsRule> & Pick<FixAttrsRule, 'path'>,
  hidden = false,
): Promise<readonly Problem[]> {
  const whole = { source: '/etc/fix-attrs.d/10', line: 3, recurse: false, account: mine, ...rule };
  return applyFixAttrs([whole], { hidden });
}

const modeOf = (path: string): string => (lstatSync(path).mode & 0o7777).toString(8);

const ownerOf = (path: string): string => `${lstatSync(path).uid}:${lstatSync(path).gid}`;

test('files and folders get their modes; what has none stays as it is', async (t) => {
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

test('a rule may go down folders, past hidden files unless told otherwise', async (t) => {
  const folder = await testFolder(t);
  const places = ['a', 'b/c/d', '.hidden', 'b/.hidden/e'].map((name) => join(folder, 'top', name));
  for (const place of places) plant(place, 'x', 0o600);
  const rule = { path: join(folder, 'top'), recurse: true, fileMode: 0o644 };
  assert.deepEqual(await apply(rule), []);
  assert.deepEqual(places.map(modeOf), ['644', '644', '600', '600']);
  assert.deepEqual(await apply(rule, true), []);
  assert.deepEqual(places.map(modeOf), ['644', '644', '644', '644']);
});

test('a hidden folder that the rule itself names is meant', async (t) => {
  const folder = await testFolder(t);
  const place = plant(join(folder, '.top', 'a'), 'x', 0o600);
  await apply({ path: join(folder, '.top'), recurse: true, fileMode: 0o644 });
  assert.equal(modeOf(place), '644');
});

test('links that are found are not followed, a link that is named is', async (t) => {
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

test('owner and group are given, to links themselves', { skip: whoRuns.root }, async (t) => {
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

test('what is right already is not touched', async (t) => {
  const file = plant(join(await testFolder(t), 'file'), 'x', 0o640);
  const before = lstatSync(file, { bigint: true }).ctimeNs;
  assert.deepEqual(await apply({ path: file, fileMode: 0o640 }), []);
  assert.equal(lstatSync(file, { bigint: true }).ctimeNs, before);
});

test('an account that nobody has is a problem, and nothing is done', async (t) => {
  const file = plant(join(await testFolder(t), 'file'), 'x', 0o600);
  const [found, ...more] = await apply({ path: file, account: 'no-such-user', fileMode: 0o644 });
  assert.deepEqual(more, []);
  assert.equal(found?.code, 'account-unknown');
  assert.deepEqual([found.path, found.line], ['/etc/fix-attrs.d/10', 3]);
  assert.match(found.message, /'no-such-user'/);
  assert.equal(modeOf(file), '600');
});

test('a path that is not there is a problem, a glob that names nothing is none', async (t) => {
  const folder = await testFolder(t);
  assert.deepEqual(await apply({ path: join(folder, 'no*') }), []);
  assert.deepEqual(await apply({ path: join(folder, '*', 'nothing') }), []);
  const [found] = await apply({ path: join(folder, 'nothing') });
  assert.equal(found?.code, 'fix-attrs-failed');
  assert.equal(found.message, `${join(folder, 'nothing')} does not exist`);
  symlinkSync('nowhere', join(folder, 'dangling'));
  assert.equal((await apply({ path: join(folder, 'dangling') }))[0]?.code, 'fix-attrs-failed');
});

test('what may not be done is one problem for the rule, and the rest is done', async (t) => {
  if (process.getuid?.() === 0) return t.skip('root may do everything');
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

test('the host breathes while a rule goes down a large folder', async (t) => {
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

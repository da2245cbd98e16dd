import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TreeFiles } from '../../lib/loader/files/literal-files.ts';
import { literalFiles } from '../../lib/loader/files/literal-files.ts';
import { load } from '../../lib/loader/load.ts';
import type { Problem } from '../../lib/model/problem.ts';
import { fine, loadLiteral, refusal, short, smallHost } from './trees.ts';

const rc: TreeFiles = {
  's6-overlay/s6-rc.d/web/type': 'longrun\n',
  's6-overlay/s6-rc.d/web/run': fine,
  's6-overlay/s6-rc.d/db/type': 'longrun\n',
  's6-overlay/s6-rc.d/migrate/type': 'oneshot\n',
  's6-overlay/s6-rc.d/user/type': 'bundle\n',
  's6-overlay/s6-rc.d/user/contents.d/web': '',
};

const unsupported = 's6-rc-unsupported s6-overlay/s6-rc.d';

test('definitions of s6-rc beside a stage are reported, and the stages are loaded', async () => {
  const { tree, problems } = await loadLiteral({ ...rc, 'cont-init.d/10-x': fine });
  assert.deepEqual(problems.map(short), [unsupported]);
  assert.equal(problems[0]?.severity, 'warning');
  assert.match(problems[0].message, / 4 definitions \(db, migrate, user and 1 more\) of s6-rc/);
  assert.match(problems[0].remedy ?? '', /services\.d .* or run the tree under s6-overlay\.$/);
  assert.equal(tree.init.length, 1);
});

for (const [what, files, path] of [
  ['an old place of the bundle', { 's6-overlay/s6-rc.d/user/contents.d/web': '' }, 's6-rc.d'],
  ['an empty folder of them', { 's6-overlay/s6-rc.d': { folder: true } }, 's6-rc.d'],
  ['bundles alone', { 's6-overlay/user-bundles.d/user/contents.d/web': '' }, 'user-bundles.d'],
] as const) {
  test(`definitions of s6-rc are reported: ${what}`, async () => {
    const { problems } = await loadLiteral({ ...files, 'cont-init.d/10-x': fine });
    assert.deepEqual(problems.map(short), [`s6-rc-unsupported s6-overlay/${path}`]);
  });
}

test('a folder s6-overlay without definitions, such as that of its scripts, is no problem', async () => {
  const files = { 'cont-init.d/10-x': fine, 's6-overlay/scripts/up': fine, 's6-rc.d/x/type': '' };
  assert.deepEqual((await loadLiteral(files)).problems, []);
});

/** The problem `no-stage` of a root that has no stage. */
async function noStage(files: TreeFiles, root = '/tree'): Promise<Problem> {
  const { problems } = await refusal(load(root, literalFiles(files), smallHost));
  const found = problems.at(-1);
  assert.equal(found?.code, 'no-stage');
  assert.equal(found.severity, 'error');
  assert.match(found.message, / has none of fix-attrs.d, cont-init.d, services.d, cont-finish.d/);
  return found;
}

test('a tree of s6-rc alone is an error that says so', async () => {
  const error = await refusal(loadLiteral(rc));
  assert.deepEqual(error.problems.map(short), [unsupported, 'no-stage /tree']);
  const { message, remedy } = await noStage(rc);
  assert.match(message, /; what it has is for s6-rc, so that nothing is left to run$/);
  assert.match(remedy ?? '', /^Make services\.d and cont-init\.d from its definitions/);
});

test('a source directory of s6-rc is recognised', async () => {
  const { message } = await noStage({ 'db/type': 'longrun', 'web/type': 'longrun', README: '' });
  assert.match(message, /; it is a source directory of s6-rc with 2 definitions \(db, web\)/);
});

test('a folder of services is recognised', async () => {
  const { message, remedy } = await noStage({ 'db/run': fine, 'web/run': fine });
  assert.match(message, /; each of its folders has a run, so that it is a folder of services/);
  assert.match(remedy ?? '', /^Let it be the services\.d of another folder/);
});

for (const [name, meant] of [
  ['service.d', 'services.d'],
  ['services', 'services.d'],
  ['cont-init', 'cont-init.d'],
  ['cont_finish.d', 'cont-finish.d'],
] as const) {
  test(`a folder ${name} leads to ${meant}`, async () => {
    const { message, remedy } = await noStage({ [`${name}/web/run`]: fine });
    assert.ok(message.endsWith(`; it has "${name}"`), message);
    assert.equal(remedy, `Rename "${name}" to "${meant}", if that is what it is.`);
  });
}

for (const [root, nearest] of [
  ['/tree', '/tree/etc'],
  ['/tree/etc/services.d', '/tree/etc'],
  ['/tree/etc/cont-init.d', '/tree/etc'],
  ['/tree/etc/services.d/web', '/tree/etc'],
  ['/tree/etc/services.d/web/log', '/tree/etc'],
  ['/tree/build', '/tree/build/root/etc'],
  ['/tree/app', '/tree/app/s6'],
] as const) {
  test(`a root ${root} leads to the tree ${nearest}`, async () => {
    const files = {
      'etc/services.d/web/run': fine,
      'etc/services.d/web/log/run': fine,
      'etc/cont-init.d/10': fine,
      'app/s6/services.d/web/run': fine,
      'build/root/etc/cont-init.d/10': fine,
    };
    assert.equal((await noStage(files, root)).remedy, `Name ${nearest}, which has them.`);
  });
}

test('a folder without anything like a stage has no remedy but another folder', async () => {
  const { message, remedy } = await noStage({ 'lib/index.js': '', README: '' });
  assert.match(message, /cont-finish\.d in it$/);
  assert.equal(remedy, 'Name the folder that these are in.');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Files } from '../../lib/loader/files/files.ts';
import { literalFiles } from '../../lib/loader/files/literal-files.ts';
import type { TreeFiles } from '../../lib/loader/files/literal-files.ts';
import { load } from '../../lib/loader/load.ts';
import { fine, loadLiteral, refusal, short, smallHost } from './trees.ts';

const whole: TreeFiles = {
  'fix-attrs.d/10-a': '/a true root - -',
  'cont-init.d/10-first': fine,
  'services.d/web/run': fine,
  'cont-finish.d/10-last': fine,
};

test('a tree consists of its four folders', async () => {
  const { tree, problems } = await loadLiteral(whole);
  assert.deepEqual(problems, []);
  assert.equal(tree.root, '/tree');
  assert.deepEqual(
    [tree.fixAttrs, tree.init, tree.services, tree.finish].map((list) => list.length),
    [1, 1, 1, 1],
  );
  assert.equal(tree.init[0]?.name, '10-first');
  assert.equal(tree.finish[0]?.name, '10-last');
  assert.equal(Object.isFrozen(tree.services[0]), true);
  assert.equal(Object.isFrozen(problems), true);
});

for (const [path, content] of Object.entries(whole)) {
  test(`${path} alone is a tree`, async () => {
    const { tree, problems } = await loadLiteral({ [path]: content });
    assert.deepEqual(problems, []);
    const { fixAttrs, init, services, finish } = tree;
    assert.equal(fixAttrs.length + init.length + services.length + finish.length, 1);
  });
}

test('entries come in byte order', async () => {
  const names = ['10-a', '2-b', 'B', 'Z', '_x', 'a', 'a b', 'foo.bak', 'foo~', 'é', '\uff41', '😀'];
  const shuffled = names.toReversed();
  const files = Object.fromEntries(
    shuffled.flatMap((name) => [
      [`cont-init.d/${name}`, fine],
      [`services.d/${name}/run`, fine],
      [`cont-finish.d/${name}`, fine],
    ]),
  );
  const { tree } = await loadLiteral(files);
  for (const list of [tree.init, tree.services, tree.finish]) {
    assert.deepEqual(
      list.map(({ name }) => name),
      names,
    );
  }
});

test('names that begin with a dot are left out', async () => {
  const { tree, problems } = await loadLiteral({
    ...whole,
    'cont-init.d/.gitignore': 'x',
    'cont-finish.d/.x': { link: 'nowhere' },
  });
  assert.deepEqual(problems, []);
  assert.equal(tree.init.length, 1);
  assert.equal(tree.finish.length, 1);
});

test('a stage may be a link, even to a folder outside the root', async () => {
  const files = { ...whole, 'cont-init.d/20': fine };
  const { tree } = await load(
    '/tree/root',
    literalFiles({ ...files, 'root/cont-init.d': { link: '../cont-init.d' } }),
    smallHost,
  );
  assert.deepEqual(
    tree.init.map(({ run }) => run),
    [{ script: '/tree/root/cont-init.d/10-first' }, { script: '/tree/root/cont-init.d/20' }],
  );
});

const stageFaults: readonly (readonly [spec: TreeFiles[string], told: string])[] = [
  ['a file', 'not-a-folder services.d'],
  [{ link: 'nowhere' }, 'link-dangling services.d'],
  [{ link: 'services.d' }, 'link-loop services.d'],
];

for (const [spec, told] of stageFaults) {
  test(`an invalid stage is left out: ${told}`, async () => {
    const files = { 'services.d': spec, 'cont-init.d/a': fine };
    const { tree, problems } = await loadLiteral(files);
    assert.deepEqual(problems.map(short), [told]);
    assert.match(problems[0]?.message ?? '', /^"services.d" is .*; the stage is left out$/);
    assert.deepEqual(tree.services, []);
    assert.equal(tree.init.length, 1);
    const error = await refusal(loadLiteral({ 'services.d': spec }));
    assert.deepEqual(error.problems.map(short), [told, 'no-stage /tree']);
  });
}

test('a folder without any stage is rejected', async () => {
  const error = await refusal(loadLiteral({ 'etc/services.d/web/run': fine }));
  assert.equal(error.code, 'ERR_TREE');
  assert.deepEqual(error.problems, [
    {
      code: 'no-stage',
      severity: 'error',
      path: '/tree',
      message: '"tree" has none of fix-attrs.d, cont-init.d, services.d, cont-finish.d in it',
      remedy: 'Name /tree/etc, which has them.',
    },
  ]);
  assert.match(error.message, /^The tree \/tree cannot be used:\n {2}\/tree: "tree" has none of/);
});

const roots: readonly (readonly [spec: TreeFiles[string], code: string, says: RegExp])[] = [
  ['a file', 'root-not-a-folder', /^"root" is no folder$/],
  [{ link: 'nowhere' }, 'root-missing', /^"root" is a link that leads nowhere$/],
  [{ link: 'root' }, 'root-unreadable', /^"root" cannot be read$/],
];

for (const [spec, code, says] of roots) {
  test(`an invalid root is rejected: ${code}`, async () => {
    const { problems } = await refusal(
      load('/tree/root', literalFiles({ ...whole, root: spec }), smallHost),
    );
    assert.equal(problems.length, 1);
    assert.equal(problems[0]?.code, code);
    assert.equal(problems[0].severity, 'error');
    assert.equal(problems[0].path, '/tree/root');
    assert.match(problems[0].message, says);
    assert.match(problems[0].remedy ?? '', /\.$/);
  });
}

test('a missing root is rejected', async () => {
  const { problems } = await refusal(load('/elsewhere', literalFiles(whole), smallHost));
  assert.deepEqual(problems.map(short), ['root-missing /elsewhere']);
  assert.equal(problems[0]?.message, '"elsewhere" is missing');
});

/** The whole tree, with some paths that cannot be read. */
function keeping(from: Readonly<Record<string, readonly (keyof Files)[]>>): Files {
  const files = literalFiles({ ...whole, 'services.d/web/finish': fine });
  const secret = { kind: 'unreadable', code: 'EACCES' } as const;
  const keeps = (path: string, method: keyof Files): boolean =>
    from[path]?.includes(method) === true;
  return {
    look: (path) => (keeps(path, 'look') ? secret : files.look(path)),
    list: (path) => (keeps(path, 'list') ? secret : files.list(path)),
    *listInSteps(path) {
      return keeps(path, 'list') ? secret : yield* files.listInSteps(path);
    },
    read: (path, limit) => (keeps(path, 'read') ? secret : files.read(path, limit)),
  };
}

const secrets: readonly (readonly [path: string, method: keyof Files, consequence: RegExp])[] = [
  ['services.d', 'look', /the stage is left out/],
  ['services.d', 'list', /the stage is empty/],
  ['fix-attrs.d', 'list', /its rules are left out/],
  ['fix-attrs.d/10-a', 'look', /its rules are left out/],
  ['fix-attrs.d/10-a', 'read', /its rules are left out/],
  ['cont-init.d/10-first', 'look', /it cannot be run/],
  ['cont-init.d/10-first', 'read', /it cannot be run/],
  ['services.d/web', 'look', /there is no such service/],
  ['services.d/web', 'list', /nothing but its run is known/],
  ['services.d/web/run', 'read', /it cannot be run/],
  ['services.d/web/finish', 'look', /it cannot be run/],
];

for (const [path, method, consequence] of secrets) {
  test(`${path} cannot be read (${method}): it is reported, and the rest is read`, async () => {
    const full = `/tree/${path}`;
    const { tree, problems } = await load('/tree', keeping({ [full]: [method] }), smallHost);
    assert.deepEqual(problems.map(short), [`unreadable ${path}`]);
    assert.match(problems[0]?.message ?? '', /cannot be read \(EACCES\); /);
    assert.match(problems[0]?.message ?? '', consequence);
    assert.match(problems[0]?.remedy ?? '', /the right to read it/);
    assert.equal(tree.finish.length, 1);
    assert.equal(tree.init.length, 1);
    if (method === 'list' && path === 'services.d/web') assert.equal(tree.services.length, 1);
  });
}

test('a root of which no stage can be looked at is rejected', async () => {
  const all = ['fix-attrs.d', 'cont-init.d', 'services.d', 'cont-finish.d'];
  const from = Object.fromEntries(all.map((name) => [`/tree/${name}`, ['look'] as const]));
  const { problems } = await refusal(load('/tree', keeping(from), smallHost));
  assert.equal(problems.at(-1)?.code, 'root-unreadable');
  assert.equal(problems.at(-1)?.path, '/tree');
  assert.equal(problems.length, 5);
});

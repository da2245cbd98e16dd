import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Rule } from './architecture/rules.ts';
import {
  circles,
  fileNames,
  folderLimit,
  fullness,
  layers,
  lineLimit,
  manners,
  mirrors,
  packages,
  purity,
  sizes,
  topLevel,
  typeNames,
} from './architecture/rules.ts';
import { scan } from './architecture/source.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const filesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `${folder}/${path}`);

const lib = filesIn('lib');
const sources = scan(Object.fromEntries(lib.map((path) => [path, read(path)])));

const dependencies = ['cross-spawn', 'eventemitter3', 'signal-exit', 'zod'];

/** The parts of zod that are imported, and so bundled: its small variant, and the messages of one language. */
const ofZod = ['zod/mini', 'zod/v4/locales/en.js'];

/** Packages that are used only if they are installed. */
const optional = ['koffi'];

/** The entries of the root folder, apart from dot-files. */
const atTheTop = `lib tests examples package.json package-lock.json tsconfig.json
  typedoc.json CHANGELOG.md README.md LICENSE`.split(/\s+/);

/** Tests that cover more than one file. */
const wideTests = [
  'tests/architecture.test.ts',
  'tests/benchmarks.test.ts',
  'tests/container-init.test.ts',
  'tests/map.test.ts',
  'tests/examples.test.ts',
  'tests/commands.test.ts',
  'tests/misfortune.test.ts',
  'tests/real-tree.test.ts',
  'tests/scenarios.test.ts',
  'tests/simulation.test.ts',
  'tests/stubborn.test.ts',
  'tests/surroundings.test.ts',
  'tests/conformance/',
  'tests/container/',
  'tests/loader/fuzz.test.ts',
  'tests/machine/diagram.test.ts',
  'tests/package/',
  'tests/scenarios/',
];

test('an import only goes to a lower layer', () => {
  assert.deepEqual(layers(sources), []);
  const down: Readonly<Record<string, string>> = {
    'lib/errors.ts': 'lib/model/a.ts',
    'lib/testing/trees/a.ts': 'lib/loader/b.ts',
    'lib/supervisor/a.ts': 'lib/machine/tree/b.ts',
    'lib/host/host.ts': 'lib/host/spawn/b.ts',
    'lib/host/spawn/a.ts': 'lib/engine/b.ts',
    'lib/machine/tree/a.ts': 'lib/machine/service/b.ts',
  };
  const up: Readonly<Record<string, string>> = {
    'lib/model/a.ts': 'lib/errors.ts',
    'lib/model/b.ts': 'lib/machine/tree/b.ts',
    'lib/machine/service/a.ts': 'lib/machine/tree/b.ts',
    'lib/machine/tree/a.ts': 'lib/engine/b.ts',
    'lib/engine/a.ts': 'lib/host/os/b.ts',
    'lib/engine/b.ts': 'lib/host/host.ts',
    'lib/host/os/a.ts': 'lib/host/spawn/b.ts',
    'lib/host/spawn/a.ts': 'lib/host/host.ts',
    'lib/host/directory/a.ts': 'lib/loader/b.ts',
    'lib/loader/a.ts': 'lib/host/os/b.ts',
    'lib/supervisor/a.ts': 'lib/host/os/b.ts',
    'lib/supervisor/b.ts': 'lib/testing/trial/b.ts',
    'lib/errors.ts': 'lib/schema/b.ts',
  };
  for (const [from, to] of Object.entries(down)) allows(layers, importing(from, to));
  for (const [from, to] of Object.entries(up)) refuses(layers, importing(from, to));
  refuses(layers, { 'lib/index.ts': "import '../package.json'" });
  refuses(layers, { 'lib/attic/a.ts': '' });
});

test('the scan finds every form of import', () => {
  const statements = [
    "import { b } from './b.ts'",
    "import type { B } from './b.ts'",
    "export * from './b.ts'",
    "export type { B } from './b.ts'",
    "void import('./b.ts')",
    "type B = import('./b.ts').B",
    "require('./b.ts')",
    "import b = require('./b.ts')",
  ];
  for (const text of statements) {
    assert.deepEqual(scan({ 'lib/a.ts': text })[0]?.files, ['lib/b.ts'], text);
  }
});

test('no imports form a circle, not even type imports', () => {
  assert.deepEqual(circles(sources), []);
  refuses(circles, { 'lib/a.ts': "import './a.ts'" });
  refuses(circles, {
    'lib/a.ts': "import './b.ts'",
    'lib/b.ts': "import type { C } from './c.ts'",
    'lib/c.ts': "export * from './b.ts'",
  });
  allows(circles, {
    'lib/a.ts': "import './b.ts'; import './c.ts'",
    'lib/b.ts': "import './c.ts'",
    'lib/c.ts': '',
  });
});

test('one file imports each dependency: four, and one optional', () => {
  const manifest = JSON.parse(read('package.json')) as {
    dependencies: Record<string, string>;
    peerDependencies: Record<string, string>;
    peerDependenciesMeta: Record<string, { optional: boolean }>;
  };
  assert.deepEqual(Object.keys(manifest.dependencies), dependencies);
  // The declarations refer to the types of Node; no code does.
  const peers = ['@types/node', ...optional];
  assert.deepEqual(Object.keys(manifest.peerDependencies), peers);
  const isOptional = Object.fromEntries(peers.map((name) => [name, { optional: true }]));
  assert.deepEqual(manifest.peerDependenciesMeta, isOptional);
  const imported = dependencies.flatMap((name) => (name === 'zod' ? ofZod : name));
  assert.deepEqual(packages([...imported, ...optional])(sources), []);
  const onlyZod = packages(['zod']);
  refuses(onlyZod, {});
  refuses(onlyZod, { 'lib/a.ts': "import 'zod'", 'lib/b.ts': "import 'zod'" });
  refuses(onlyZod, { 'lib/a.ts': "import 'zod'; import 'lodash'" });
  refuses(onlyZod, { 'lib/a.ts': "import 'zod'; import 'fs'" });
  allows(onlyZod, { 'lib/a.ts': "import 'zod'; import 'node:fs'" });
});

test('model and machine use no clock, process, timer or I/O, and the engine no module of Node', () => {
  assert.deepEqual(purity(sources), []);
  const impure = [
    'Date.now()',
    'new Date()',
    'setTimeout(() => {}, 1)',
    'setInterval(() => {}, 1)',
    'setImmediate(() => {})',
    'queueMicrotask(() => {})',
    'process.pid',
    "globalThis['process']",
    'const { env } = process',
    'performance.now()',
    'Math.random()',
    "fetch('/')",
    "import 'node:fs'",
  ];
  for (const text of impure) {
    refuses(purity, { 'lib/model/a.ts': text });
    refuses(purity, { 'lib/machine/tree/a.ts': text });
    allows(purity, { 'lib/host/os/a.ts': text });
  }
  refuses(purity, { 'lib/engine/a.ts': "import 'node:fs'" });
  allows(purity, {
    'lib/model/a.ts':
      "// process\nconst it: { process?: string } = { process: 'Date' }; it.process; Math.max(1)",
  });
});

test('the library does not exit its host and does not write to the console', () => {
  assert.deepEqual(manners(sources), []);
  const rude = [
    "console.log('')",
    'process.exit()',
    "process['exit']()",
    'process.exitCode = 1',
    "process.stdout.write('')",
    "import { exit } from 'node:process'",
  ];
  for (const text of rude) refuses(manners, { 'lib/a.ts': text });
  refuses(manners, { 'lib/host/pipes/host-sink.ts': 'process.exit()' });
  allows(manners, { 'lib/a.ts': "process.emitWarning(''); child.exit()" });
});

test('no file exceeds the line limit', () => {
  assert.deepEqual(sizes(sources), []);
  refuses(sizes, { 'lib/a.ts': '//\n'.repeat(lineLimit + 1) });
  allows(sizes, { 'lib/a.ts': '//\n'.repeat(lineLimit) });
});

test('no folder of lib exceeds the file limit', () => {
  const paths = readdirSync(join(root, 'lib'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  assert.deepEqual(fullness(paths), []);
  const many = Array.from({ length: folderLimit + 1 }, (_, index) => `lib/a/${String(index)}.md`);
  assert.equal(fullness(many).length, 1);
  assert.deepEqual(fullness(many.slice(1)), []);
});

test('no two exported types share a name', () => {
  assert.deepEqual(typeNames(sources), []);
  refuses(typeNames, { 'lib/a.ts': 'export interface A {}', 'lib/b.ts': 'export class A {}' });
  refuses(typeNames, { 'lib/a.ts': 'export type A = 1', 'lib/b.ts': 'export interface A {}' });
  allows(typeNames, {
    'lib/a.ts': 'export interface A {}; interface B {}',
    'lib/b.ts': "export type { A } from './a.ts'; export type B = 1; interface A {}",
  });
});

test('no file has a name that says nothing about its content', () => {
  assert.deepEqual(fileNames(sources), []);
  refuses(fileNames, { 'lib/utils.ts': '' });
  refuses(fileNames, { 'lib/loader/helpers.ts': '' });
  allows(fileNames, { 'lib/loader/load.ts': '' });
});

test('a test file has the path of the file that it tests', () => {
  assert.deepEqual(mirrors(filesIn('tests'), lib, wideTests), []);
  const astray = (path: string): readonly string[] => mirrors([path], ['lib/a/b.ts'], ['tests/x/']);
  assert.equal(astray('tests/b.test.ts').length, 1);
  assert.equal(astray('tests/a/bc.test.ts').length, 1);
  assert.deepEqual(astray('tests/a/b.test.ts'), []);
  assert.deepEqual(astray('tests/a/b-more.test.ts'), []);
  assert.deepEqual(astray('tests/x/b.test.ts'), []);
  assert.deepEqual(astray('tests/a/samples.ts'), []);
});

test('the root folder has no other entries', () => {
  const ignored = read('.gitignore').trim().split('\n');
  assert.deepEqual(topLevel(readdirSync(root), atTheTop, ignored), []);
  const found = topLevel(['src', '.ci', 'lib', 'dist', 'a.tgz'], ['lib'], ['dist/', '*.tgz']);
  assert.equal(found.length, 1);
});

type Texts = Readonly<Record<string, string>>;

function refuses(rule: Rule, texts: Texts): void {
  assert.notDeepEqual(rule(scan(texts)), [], JSON.stringify(texts));
}

/** A file that imports another one, and that one. */
function importing(from: string, to: string): Texts {
  const specifier = posix.relative(posix.dirname(from), to).replace(/^(?!\.)/, './');
  return { [from]: `import '${specifier}'`, [to]: '' };
}

function allows(rule: Rule, texts: Texts): void {
  assert.deepEqual(rule(scan(texts)), [], JSON.stringify(texts));
}

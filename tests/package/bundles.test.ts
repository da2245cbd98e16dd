/*
 * Bundles of a user's program by esbuild, with its default settings. A bundle runs in a folder without node_modules.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { BuildOptions } from 'esbuild';
import { build } from 'esbuild';
import { testFolder } from '../host/folder.ts';
import { without } from '../host/ways.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Manifest {
  readonly dependencies: Record<string, string>;
}

/** A service that Node starts, one with a logger, and a simulation; the spawner is an argument. */
const program = `
import { Supervisor, TreeError } from 'stagekeeper';
import { simulate } from 'stagekeeper/testing';

async function main() {
  const [, , spawner] = process.argv;
  const logged = {
    name: 'logged',
    run: ['sh', '-c', 'echo a line; echo >&3; exec sleep 600'],
    notificationFd: 3,
    logger: { run: ['cat'] },
  };
  const supervisor = new Supervisor({ services: [{ name: 'web', run: ['sleep', '600'] }, logged] }, { spawner });
  await supervisor.start();
  await supervisor.stop();
  const life = await simulate({ 'services.d/web/run': '' });
  await life.until(life.supervisor.start());
  await life[Symbol.asyncDispose]();
  await Supervisor.load('/nowhere').catch((error) => console.log(error instanceof TreeError, error.code));
}

void main();
`;

const formats: readonly (readonly [string, string, BuildOptions])[] = [
  ['ESM', 'bundle.mjs', { format: 'esm' }],
  ['ESM, minified', 'bundle.mjs', { format: 'esm', minify: true }],
  [
    'ESM, for no platform',
    'bundle.mjs',
    { platform: 'neutral', external: ['node:*'], mainFields: ['main'] },
  ],
  ['CommonJS', 'bundle.cjs', { format: 'cjs' }],
  ['CommonJS, minified', 'bundle.cjs', { format: 'cjs', minify: true }],
  ['a script (IIFE)', 'bundle.cjs', { format: 'iife' }],
];

/** A project that has the library installed, as a package of files. */
const project = mkdtempSync(join(tmpdir(), 'stagekeeper-bundles-'));

before(() => {
  const modules = join(project, 'node_modules');
  const library = join(modules, 'stagekeeper');
  mkdirSync(library, { recursive: true });
  const words = ['--import', 'tsx', '.ci/build.ts', '--code', join(library, 'dist')];
  execFileSync(process.execPath, words, { cwd: root, timeout: 60_000 });
  copyFileSync(join(root, 'package.json'), join(library, 'package.json'));
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  // Copies, since a bundler resolves what a link points to.
  for (const name of Object.keys(dependencies)) {
    cpSync(join(root, 'node_modules', name), join(modules, name), { recursive: true });
  }
  writeFileSync(join(project, 'app.mjs'), program);
});

after(() => {
  rmSync(project, { recursive: true, force: true });
});

/** Bundles the program; returns the path of the bundle, which is in a folder of its own outside of the project. */
async function bundle(t: TestContext, file: string, options: BuildOptions): Promise<string> {
  const outfile = join(await testFolder(t), file);
  const defaults: BuildOptions = {
    absWorkingDir: project,
    entryPoints: ['app.mjs'],
    bundle: true,
    platform: 'node',
    logLevel: 'silent',
  };
  const { warnings } = await build({ ...defaults, outfile, ...options });
  assert.deepEqual(warnings, []);
  return outfile;
}

function run(file: string, ...words: readonly string[]): { status: number | null; output: string } {
  const options = { cwd: dirname(file), encoding: 'utf8', timeout: 60_000 } as const;
  const command = [basename(file), ...words];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, options);
  return { status, output: `${stdout}${stderr}` };
}

const fine = { status: 0, output: 'a line\ntrue ERR_TREE\n' };

for (const [format, file, options] of formats) {
  test(`a bundle in the format ${format} runs`, async (t) => {
    assert.deepEqual(run(await bundle(t, file, options)), fine);
  });
}

for (const [format, file] of [
  ['esm', 'bundle.mjs'],
  ['cjs', 'bundle.cjs'],
] as const) {
  const title = `a bundle in the format ${format} uses koffi that is installed beside it, and says where it is missing`;
  test(title, { skip: without('native') }, async (t) => {
    const path = await bundle(t, file, { format });
    const { status, output } = run(path, 'native');
    assert.equal(status, 1);
    assert.match(output, /cannot be started natively here: Cannot find module 'koffi'/);
    mkdirSync(join(dirname(path), 'node_modules'));
    symlinkSync(join(root, 'node_modules/koffi'), join(dirname(path), 'node_modules/koffi'));
    assert.deepEqual(run(path, 'native'), fine);
  });
}

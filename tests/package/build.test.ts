/*
 * The build removes the contents of its folder, so it refuses a folder that holds anything but an earlier build. Everything
 * runs in a copy of the repository, in a temporary folder.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { refusalOf } from '../../.ci/build-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'stagekeeper-build-'));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Writes empty files, by path, and returns the folder that they are in. */
function fill(folder: string, ...paths: readonly string[]): string {
  mkdirSync(folder);
  for (const path of paths) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), '');
  }
  return folder;
}

test('the build refuses a folder that is the repository or contains it, also by a link', (t) => {
  const folder = makeFolder(t);
  const repository = fill(join(folder, 'repository'));
  symlinkSync(repository, join(folder, 'link'));
  symlinkSync(folder, join(folder, 'around'));
  for (const path of [repository, `${repository}/`, folder, '/', `${folder}/link`]) {
    assert.match(refusalOf(path, repository) ?? '', /it is the repository, or contains it/, path);
  }
  assert.match(refusalOf(`${folder}/around`, repository) ?? '', /contains it/);
  assert.match(refusalOf(repository, `${folder}/link`) ?? '', /contains it/);
});

test('the build refuses a folder with a file that no build has written', (t) => {
  const folder = makeFolder(t);
  const repository = fill(join(folder, 'repository'));
  const built = ['index.js', 'shared.js', 'testing/index.js', 'testing/index.d.ts', 'a/b.d.ts'];
  const refused = {
    papers: ['notes.txt'],
    sources: ['index.js'],
    declarations: ['index.d.ts'],
    hidden: ['.env'],
    more: [...built, 'notes.txt'],
    deeper: [...built, 'a/b.js'],
  };
  for (const [name, paths] of Object.entries(refused)) {
    const found = refusalOf(fill(join(repository, name), ...paths), repository) ?? '';
    const last = paths.at(-1) ?? '';
    assert.ok(found.includes(`it holds ${last}, which is of no build`), `${name}: ${found}`);
  }
  const file = join(fill(join(folder, 'files'), 'a.js'), 'a.js');
  assert.match(refusalOf(file, repository) ?? '', /it is no folder/);
  const taken = {
    empty: [],
    whole: [...built, 'THIRD-PARTY-NOTICES.md'],
    broken: ['testing/index.d.ts', 'index.d.ts'],
    dist: ['testing/index.js', 'index.js'],
  };
  for (const [name, paths] of Object.entries(taken)) {
    assert.equal(refusalOf(fill(join(repository, name), ...paths), repository), undefined, name);
  }
  assert.equal(refusalOf(join(repository, 'not-yet'), repository), undefined);
  assert.equal(refusalOf(`${repository}-beside`, repository), undefined);
});

test('the build exits with 1 and removes nothing where it refuses a folder, and builds again into its own', (t) => {
  const folder = makeFolder(t);
  const repository = join(folder, 'repository');
  for (const path of ['.ci', 'lib', 'package.json']) {
    cpSync(join(root, path), join(repository, path), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(repository, 'node_modules'));
  const notes = join(fill(join(repository, 'papers'), 'notes.txt'), 'notes.txt');
  const build = (name: string) =>
    spawnSync(process.execPath, ['--import', 'tsx', '.ci/build.ts', '--code', name], {
      cwd: repository,
      encoding: 'utf8',
      timeout: 60_000,
    });
  for (const name of ['.', 'papers']) {
    const { status, stdout, stderr } = build(name);
    assert.equal(status, 1, stderr);
    assert.match(stderr, /^Cannot build into \/\S+: .+\. Name a new or empty folder, .+\.\n$/);
    assert.equal(stdout, '');
  }
  assert.ok(existsSync(notes) && existsSync(join(repository, 'lib/index.ts')));
  for (let time = 1; time <= 2; time += 1) {
    const { status, stderr } = build('out');
    assert.equal(status, 0, stderr);
    assert.match(readFileSync(join(repository, 'out/THIRD-PARTY-NOTICES.md'), 'utf8'), /^## zod/m);
  }
});

// Checks the package that npm would publish: `npm run check:package`. Packs it, inspects it, installs it into an empty project,
// compiles that project under strict settings, and runs it by import, by require() and with an example.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { consumerLock } from './consumer-lock.ts';
import { looseEnds } from './loose-ends.ts';

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = (name: string): string => join(root, 'node_modules/.bin', name);

const folder = mkdtempSync(join(tmpdir(), 'stagekeeper-package-'));
try {
  const archive = pack();
  step('publint', () => {
    run(bin('publint'), ['run', archive, '--strict']);
  });
  step('are the types wrong', () => {
    run(bin('attw'), ['--profile', 'esm-only', archive]);
  });
  const consumer = install(archive);
  step('contents', () => {
    checkContents(join(consumer, 'node_modules/stagekeeper'));
  });
  step('a strict user compiles', () => {
    run(bin('tsc'), ['-p', consumer]);
  });
  step('a user imports', () => {
    run(process.execPath, ['out/main.js'], consumer);
  });
  step('a user requires', () => {
    run(process.execPath, ['require.cjs'], consumer);
  });
  step('an example runs', () => {
    const example = 'out/examples/essential-service/main.js';
    assert.throws(
      () => {
        run(process.execPath, [example], consumer);
      },
      /* the example's own exit code */ { status: 42 },
    );
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function step(name: string, check: () => void): void {
  console.log(`--- ${name}`);
  check();
}

function run(command: string, args: readonly string[], cwd = root): void {
  execFileSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'], timeout: 120_000 });
}

/** Builds and packs; returns the path of the archive. */
function pack(): string {
  step('pack', () => {
    run('npm', ['pack', '--pack-destination', folder, '--loglevel=error']);
  });
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  assert.ok(archive !== undefined, 'npm pack wrote no archive');
  return join(folder, archive);
}

/** Makes a project that depends on the archive alone, with transitive dependencies at the versions of the repository's lock. */
function install(archive: string): string {
  const consumer = join(folder, 'consumer');
  cpSync(join(root, 'tests/package/consumer'), consumer, { recursive: true });
  cpSync(join(root, 'examples'), join(consumer, 'examples'), { recursive: true });
  const { manifest, lock } = consumerLock({
    manifest: json(join(consumer, 'package.json')),
    library: json(join(root, 'package.json')),
    lock: json(join(root, 'package-lock.json')),
    archive,
  });
  writeFileSync(join(consumer, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(consumer, 'package-lock.json'), JSON.stringify(lock));
  step('install', () => {
    run('npm', ['ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'], consumer);
  });
  return consumer;
}

function json(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** Checks that the package has code, types and documents, and imports no file or package that is not there. */
function checkContents(installed: string): void {
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
  const library = json(join(installed, 'package.json')) as Manifest;
  const code = ['index.js', 'shared.js', 'testing/index.js'].map((path) => `dist/${path}`);
  const types = files.filter((file) => file.endsWith('.d.ts'));
  const documents = ['LICENSE', 'README.md', 'package.json', 'dist/THIRD-PARTY-NOTICES.md'];
  assert.deepEqual(files.toSorted(), [...documents, ...code, ...types].toSorted());
  const read = (file: string): string => readFileSync(join(installed, file), 'utf8');
  for (const file of [...code, ...types]) {
    assert.doesNotMatch(read(file), /^\/\/# sourceMappingURL/m);
  }
  // The used parts of zod are bundled, so nothing may import it, although it is a dependency.
  const others = Object.keys({ ...library.dependencies, ...library.peerDependencies }).filter(
    (name) => name !== 'zod',
  );
  const texts = Object.fromEntries(files.map((file) => [file, read(file)]));
  assert.deepEqual(looseEnds(texts, others), []);
  const notices = read('dist/THIRD-PARTY-NOTICES.md');
  const licence = readFileSync(join(root, 'node_modules/zod/LICENSE'), 'utf8');
  assert.match(notices, /^## zod /m, 'the notices name zod');
  assert.ok(notices.includes(licence.trim()), 'the notices contain the licence of zod');
  console.log(`${String(files.length)} files`);
}

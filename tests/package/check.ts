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
  compile(consumer, compilers());
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

/** Installs earlier versions of TypeScript; returns the compilers by version, the repository's own among them. */
function compilers(): Readonly<Record<string, string>> {
  const installed = join(folder, 'compilers');
  cpSync(join(root, 'tests/package/compilers'), installed, { recursive: true });
  step('install compilers', () => {
    run(
      'npm',
      ['ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'],
      installed,
    );
  });
  const { dependencies } = json(join(installed, 'package.json')) as Manifest;
  return Object.fromEntries(
    [installed, root].flatMap((project) =>
      readdirSync(join(project, 'node_modules'))
        .filter((name) => name === 'typescript' || Object.hasOwn(dependencies, name))
        .map((name) => {
          const place = join(project, 'node_modules', name);
          const { version } = json(join(place, 'package.json')) as { readonly version: string };
          return [version, join(place, 'bin/tsc')];
        }),
    ),
  );
}

/** Compiles the imports of a user by each compiler, with and without `types`; declaration files are checked, too. */
function compile(consumer: string, byVersion: Readonly<Record<string, string>>): void {
  const strict = ['--strict', '--skipLibCheck', 'false', '--target', 'es2022', '--noEmit'];
  const modules = {
    nodenext: ['--module', 'nodenext'],
    bundler: ['--module', 'esnext', '--moduleResolution', 'bundler'],
  };
  for (const [version, compiler] of Object.entries(byVersion)) {
    for (const [resolution, words] of Object.entries(modules)) {
      for (const types of ['none', 'node']) {
        step(`TypeScript ${version}, ${resolution}, types: ${types}`, () => {
          const project = join(consumer, `types-${types}.json`);
          run(process.execPath, [compiler, '-p', project, ...strict, ...words], consumer);
        });
      }
    }
  }
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
  // The used parts of these are bundled, so nothing may import them, although they are dependencies.
  const bundled = ['cross-spawn', 'zod'];
  const others = Object.keys({ ...library.dependencies, ...library.peerDependencies }).filter(
    (name) => !bundled.includes(name),
  );
  const texts = Object.fromEntries(files.map((file) => [file, read(file)]));
  assert.deepEqual(looseEnds(texts, others), []);
  const notices = read('dist/THIRD-PARTY-NOTICES.md');
  for (const name of bundled) {
    const licence = readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8');
    assert.match(notices, new RegExp(`^## ${name} `, 'm'), `the notices name ${name}`);
    assert.ok(notices.includes(licence.trim()), `the notices contain the licence of ${name}`);
  }
  console.log(`${String(files.length)} files`);
}

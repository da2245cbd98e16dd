// Builds the published files: `npm run build`, or `node --import tsx .ci/build.ts FOLDER` for another folder than dist, which
// must be new, empty or an earlier build. With `--code` it writes no declarations and checks no types.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Metafile, Plugin } from 'esbuild';
import { build as bundle } from 'esbuild';
import ts from 'typescript';
import { refusalOf } from './build-folder.ts';

interface Manifest {
  readonly version: string;
  readonly dependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const entries = ['index', 'testing/index'];

/**
 * Dependencies of which the used parts are bundled: loading the whole zod takes longer than loading everything else, and
 * cross-spawn is CommonJS that requires modules of Node, which a user's bundle in the ESM format cannot do.
 */
const bundled = new Set(['cross-spawn', 'zod']);

/** Replaces `require()` of a module of Node in a bundled package by an import: ESM has no `require()`. */
const importBuiltins: Plugin = {
  name: 'import-builtins',
  setup(plugged) {
    const namespace = 'builtin';
    plugged.onResolve({ filter: /./ }, ({ path, kind }) =>
      kind === 'require-call' && builtinModules.includes(path) ? { path, namespace } : undefined,
    );
    plugged.onLoad({ filter: /./, namespace }, ({ path }) => ({
      contents: `export * from 'node:${path}';`,
    }));
  },
};

const { values, positionals } = parseArgs({
  options: { code: { type: 'boolean' } },
  allowPositionals: true,
});
const folder = resolve(positionals[0] ?? join(root, 'dist'));
const refusal = refusalOf(folder, root);
if (refusal === undefined) {
  await build();
} else {
  process.stderr.write(`${refusal}\n`);
  process.exitCode = 1;
}

async function build(): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  if (values.code !== true) buildDeclarations();
  const metafile = await buildCode();
  writeFileSync(join(folder, 'THIRD-PARTY-NOTICES.md'), notices(packagesIn(metafile)));
}

/** Writes one file for each entry, and one for the code that they share: Node needs time for each file that it loads. */
async function buildCode(): Promise<Metafile> {
  const { dependencies, peerDependencies } = manifestIn(root);
  const needed = Object.keys({ ...dependencies, ...peerDependencies });
  const { metafile } = await bundle({
    absWorkingDir: root,
    entryPoints: entries.map((entry) => `lib/${entry}.ts`),
    outdir: folder,
    bundle: true,
    splitting: true,
    chunkNames: 'shared',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    external: needed.filter((name) => !bundled.has(name)),
    plugins: [importBuiltins],
    metafile: true,
    logLevel: 'warning',
  });
  return metafile;
}

/** The names of the bundled packages. */
function packagesIn({ inputs }: Metafile): readonly string[] {
  const names = Object.keys(inputs).map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path));
  return [...new Set(names.flatMap((found) => found?.[1] ?? []))].toSorted();
}

/** The notices that the licences of bundled packages require, read from the installed packages. */
function notices(packages: readonly string[]): string {
  const sections = packages.map((name) => {
    const installed = join(root, 'node_modules', name);
    const { version } = manifestIn(installed);
    const file = readdirSync(installed).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
    const licence = readFileSync(join(installed, file ?? 'LICENSE'), 'utf8').trim();
    const page = `https://www.npmjs.com/package/${name}`;
    return `## ${name} ${version}\n\n<${page}>\n\n\`\`\`\n${licence}\n\`\`\`\n`;
  });
  const intro = 'This package contains parts of other packages, under their own licences.\n';
  return ['# Third-party notices\n', intro, ...sections].join('\n');
}

function manifestIn(packageFolder: string): Manifest {
  return JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as Manifest;
}

/** Writes the declarations of the entries and of the files that these import; others would name packages that users lack. */
function buildDeclarations(): void {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const words = ['-p', join(root, 'lib'), '--emitDeclarationOnly', '--outDir', folder];
  execFileSync(process.execPath, [compiler, ...words], { stdio: 'inherit' });
  const named = new Set<string>();
  for (const entry of entries) addNamed(join(folder, `${entry}.d.ts`), named);
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = join(folder, path);
    if (file.endsWith('.d.ts') && !named.has(file)) rmSync(file);
  }
  for (const entry of entries) referToNode(join(folder, `${entry}.d.ts`));
}

/** Makes the compiler load the types of Node, which it does not by itself from TypeScript 6 on (`types` is empty there). */
function referToNode(file: string): void {
  writeFileSync(file, `/// <reference types="node" />\n${readFileSync(file, 'utf8')}`);
}

function addNamed(file: string, named: Set<string>): void {
  if (named.has(file)) return;
  named.add(file);
  for (const { fileName } of ts.preProcessFile(readFileSync(file, 'utf8')).importedFiles) {
    const isRelative = fileName.startsWith('.');
    if (isRelative) addNamed(resolve(dirname(file), fileName.replace(/\.ts$/, '.d.ts')), named);
  }
}

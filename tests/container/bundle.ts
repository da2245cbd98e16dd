import { symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { makeTemporary } from './temporary.ts';

let folder: string | undefined;
const bundles = new Map<string, string>();

/**
 * Bundles a program in TypeScript and everything that it imports, packages too, into one file of JavaScript, and returns its
 * path. Each program is bundled once for each process.
 *
 * A container then starts in 0.2 s instead of 1 s, and needs only this file, so that an account without access to the
 * repository can run it, too. Only what lib requires at run time, because it is optional or native code, is looked up in
 * the repository.
 */
export function bundle(program: URL): string {
  const source = fileURLToPath(program);
  const known = bundles.get(source);
  if (known !== undefined) return known;
  folder ??= makeFolder();
  const bundled = join(folder, `${basename(source, '.ts')}.mjs`);
  buildSync({
    entryPoints: [source],
    outfile: bundled,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // For packages that are CommonJS. The name collides with no other.
    banner: {
      js: "import { createRequire as bannerRequire } from 'node:module'; const require = bannerRequire(import.meta.url);",
    },
  });
  bundles.set(source, bundled);
  return bundled;
}

function makeFolder(): string {
  const made = makeTemporary();
  symlinkSync(
    fileURLToPath(new URL('../../node_modules', import.meta.url)),
    `${made}/node_modules`,
  );
  return made;
}

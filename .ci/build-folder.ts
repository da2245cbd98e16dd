import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** What a build writes beside declarations. */
const written = new Set(['index.js', 'shared.js', 'testing/index.js', 'THIRD-PARTY-NOTICES.md']);

/**
 * Why nothing may be built into a folder, in a sentence for whoever named it: a build removes what was there, and that must
 * be nothing but an earlier build. `undefined` if it may.
 */
export function refusalOf(folder: string, repository: string): string | undefined {
  const refusal = (why: string): string =>
    `Cannot build into ${folder}: ${why}, and a build removes what is there. Name a new or empty folder, or one that a build has made.`;
  if (!existsSync(folder)) return undefined;
  if (!statSync(folder).isDirectory()) return refusal('it is no folder');
  if (contains(folder, repository)) return refusal('it is the repository, or contains it');
  const foreign = foreignIn(folder);
  return foreign === undefined ? undefined : refusal(`it holds ${foreign}, which is of no build`);
}

function contains(outer: string, inner: string): boolean {
  const [step] = relative(realpathSync(outer), realpathSync(inner)).split(sep);
  return step !== '..';
}

/** Something in the folder that no build has written; anything in it, unless there is what every build writes. */
function foreignIn(folder: string): string | undefined {
  const built = ['js', 'd.ts'].some((type) => existsSync(join(folder, `testing/index.${type}`)));
  if (!built) return readdirSync(folder)[0];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .find((path) => !path.endsWith('.d.ts') && !written.has(path));
}

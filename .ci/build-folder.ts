import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** The files that a build writes besides declarations. */
const written = new Set(['index.js', 'shared.js', 'testing/index.js', 'THIRD-PARTY-NOTICES.md']);

/**
 * The reason why nothing may be built into a folder, as a sentence for the user: a build removes the contents of the folder, so
 * these must be an earlier build. `undefined` if it may.
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

/** A file in the folder that no build has written; any file if the folder has no entry point of a build. */
function foreignIn(folder: string): string | undefined {
  const built = ['js', 'd.ts'].some((type) => existsSync(join(folder, `testing/index.${type}`)));
  if (!built) return readdirSync(folder)[0];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .find((path) => !path.endsWith('.d.ts') && !written.has(path));
}

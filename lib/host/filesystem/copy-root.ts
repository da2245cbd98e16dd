import { chmodSync, realpathSync, statSync } from 'node:fs';
import { chmod, lstat, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { copyTree } from './copy-tree.ts';
import type { RuntimeDirectory } from '../directory/runtime-directory.ts';
import type { Problem } from '../../model/problem.ts';
import { problem } from '../../model/problem.ts';
import { imageOf, placeOf } from '../../system/image-path.ts';

/** The copy's name within the runtime directory (s6-overlay v2). */
const folderName = 'etc';

const stages = ['fix-attrs.d', 'cont-init.d', 'services.d', 'cont-finish.d'] as const;

/** The files in a service's directory that must be executable (s6-overlay v2). */
const programs = ['run', 'finish', 'log/run', 'log/finish', 'data/check'];

/**
 * Copies the stages in the root of a tree, which may be read-only, into the runtime directory; the copy is removed with it. The
 * scripts and programs in the copy are executable. Never rejects.
 *
 * @returns the root of the copy, `undefined` when there is none; and a problem for each entry that could not be copied.
 */
export async function copyRoot(
  root: string,
  runtime: RuntimeDirectory,
): Promise<{ readonly copy: string | undefined; readonly problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  const onFailure = (path: string, why: string): void => {
    problems.push(problem('copy-failed', path, `the entry cannot be copied: ${why}`));
  };
  try {
    const copy = makeCopyFolder(runtime, root);
    for (const stage of stages) {
      const from = placeOf(join(root, stage));
      const options = { keepOwners: true, image: imageOf(root), onFailure };
      if (isFolder(from)) await copyTree(realpathSync(from), join(copy, stage), options);
    }
    await setModes(realpathSync(copy), onFailure);
    return { copy, problems };
  } catch (error) {
    const why = `there is no copy to run from, so it is run from here: ${(error as Error).message}`;
    const remedy = 'Name another folder: runtimeDirectory.';
    return {
      copy: undefined,
      problems: [...problems, problem('copy-failed', root, why, { remedy })],
    };
  }
}

/** Makes an empty folder for the copy. */
function makeCopyFolder(runtime: RuntimeDirectory, root: string): string {
  const path = join(runtime.path, folderName);
  const target = realpathSync(runtime.makeFolder(folderName));
  for (const stage of stages.map((name) => placeOf(join(root, name))).filter(isFolder)) {
    if (`${target}/`.startsWith(`${realpathSync(stage)}/`))
      throw new Error(`${path} is within ${stage}`);
  }
  // Services of other accounts must get to their directories.
  chmodSync(path, 0o755);
  return path;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

type Failed = (path: string, why: string) => void;

/** Sets the modes that s6-overlay gives to scripts and programs. Skips links, which lead out of the copy. */
async function setModes(copy: string, failed: Failed): Promise<void> {
  const inside = async (stage: string): Promise<readonly string[]> => {
    const folder = join(copy, stage);
    return isFolder(folder) ? (await readdir(folder)).map((name) => join(folder, name)) : [];
  };
  const scripts = [...(await inside('cont-init.d')), ...(await inside('cont-finish.d'))];
  const services = await inside('services.d');
  const executables = services.flatMap((service) => programs.map((name) => join(service, name)));
  for (const path of [...scripts, ...executables]) await setMode(path, 0o755, failed);
  for (const path of await inside('fix-attrs.d')) await setMode(path, 0o644, failed);
}

async function setMode(path: string, mode: number, failed: Failed): Promise<void> {
  try {
    const isOfCopy = (await realpath(path)) === path;
    if (isOfCopy && (await lstat(path)).isFile()) await chmod(path, mode);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') failed(path, message);
  }
}

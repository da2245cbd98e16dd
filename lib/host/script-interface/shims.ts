import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exists } from '../os/folders.ts';
import { makesLinks } from '../directory/outside-links.ts';
import type { RuntimeDirectory } from '../directory/runtime-directory.ts';
import { requestShim } from '../shims/request.ts';
import { logutilService } from '../shims/logutil-service.ts';
import { notifyOnCheck } from '../shims/notify-on-check.ts';
import { execlineFolder } from '../shims/programs.ts';
import { portableNames, portableUtils } from '../shims/portable-utils.ts';
import { permafailon } from '../shims/permafailon.ts';
import { printcontenv } from '../shims/printcontenv.ts';
import { setuidgid } from '../shims/setuidgid.ts';
import { withContenv } from '../shims/with-contenv.ts';

/** The name of the folder within the runtime directory. */
const folderName = 'bin';

/** The programs of s6 and s6-overlay that may not be installed, or work only under s6, each with the shell script that replaces it. */
const shims: Readonly<Record<string, string | typeof requestShim>> = {
  'logutil-service': logutilService,
  printcontenv,
  's6-notifyoncheck': notifyOnCheck,
  's6-permafailon': permafailon,
  's6-portable-utils': portableUtils,
  's6-setuidgid': setuidgid,
  's6-svc': requestShim,
  's6-svdt': requestShim,
  's6-svdt-clear': requestShim,
  's6-svok': requestShim,
  's6-svscanctl': requestShim,
  's6-svstat': requestShim,
  's6-svwait': requestShim,
  'with-contenv': withContenv,
};

/** The programs in `basedir/bin` of the runtime directory by which a script stops the supervisor (s6-overlay v3). */
const haltPrograms = ['halt', 'poweroff', 'reboot'];
const haltFolderName = 'basedir';

/** The folder that is first on the PATH of scripts and services. */
export function shimsFolder(runtime: RuntimeDirectory): string {
  return join(runtime.path, folderName);
}

/**
 * Writes the shims, unless all of them exist.
 *
 * @throws the system's error when they cannot be written.
 */
export function provideShims(runtime: RuntimeDirectory): void {
  const folder = shimsFolder(runtime);
  const [oneLink = ''] = portableNames; // of the same age as the others, so a cleaner removes them together
  if (isWhole(runtime, folderName, folder, [...Object.keys(shims), oneLink])) return;
  runtime.makeFolder(folderName);
  for (const [name, text] of Object.entries(shims)) write(join(folder, name), text, runtime);
  for (const name of portableNames) symlinkSync('s6-portable-utils', join(folder, name));
  if (makesLinks(runtime.path)) runtime.link();
}

/**
 * Writes the programs by which a script stops the supervisor, unless all of them exist.
 *
 * @throws the system's error when they cannot be written.
 */
export function provideHalt(runtime: RuntimeDirectory): void {
  const folder = join(runtime.path, haltFolderName, 'bin');
  if (isWhole(runtime, haltFolderName, folder, haltPrograms)) return;
  runtime.makeFolder(haltFolderName);
  mkdirSync(folder);
  for (const name of haltPrograms) write(join(folder, name), requestShim, runtime);
}

/** Whether every program exists; reports a problem if a cleaner of temporary files has removed some. */
function isWhole(
  runtime: RuntimeDirectory,
  entry: string,
  folder: string,
  names: readonly string[],
): boolean {
  if (!runtime.holds(entry)) return false;
  if (names.every((name) => exists(join(folder, name)))) return true;
  runtime.reportRestored(folder);
  return false;
}

function write(
  path: string,
  text: string | typeof requestShim,
  { path: runtime }: RuntimeDirectory,
) {
  const content = typeof text === 'string' ? text : text(runtime, process.pid);
  writeFileSync(path, content, { mode: 0o755 });
}

/**
 * Puts the folder of the shims first on a PATH, and that of execline's programs last, if it exists. An empty PATH, and folders that
 * it contains already, stay as they are.
 */
export function withShims(path: string, runtime: RuntimeDirectory): string {
  if (path === '') return path;
  const folders = path.split(':');
  const isMissing = (folder: string): boolean => !folders.includes(folder);
  const first = [shimsFolder(runtime)].filter(isMissing);
  const last = [execlineFolder].filter((folder) => isMissing(folder) && existsSync(folder));
  return [...first, path, ...last].join(':');
}

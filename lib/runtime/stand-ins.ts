import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RuntimeDirectory } from './runtime-directory.ts';
import { notifyOnCheck } from './notify-on-check.ts';

/** The name of the folder within the runtime directory. */
const folderName = 'bin';

/** The programs of s6 that work only under s6, each with the shell script that does its work under us. */
const standIns: Readonly<Record<string, string>> = { 's6-notifyoncheck': notifyOnCheck };

/** The folder that stands first on the PATH of scripts and services. */
export function standInsFolder(runtime: RuntimeDirectory): string {
  return join(runtime.path, folderName);
}

/**
 * Writes the stand-ins, if they are not there yet.
 *
 * @throws the system's error when they cannot be written; or EEXIST when the host's own directory has a folder of this name
 * with anything else in it, which is left as it is.
 */
export function provideStandIns(runtime: RuntimeDirectory): void {
  if (runtime.holds(folderName)) return;
  requireNothingElse(standInsFolder(runtime));
  const folder = runtime.makeFolder(folderName);
  for (const [name, text] of Object.entries(standIns)) {
    writeFileSync(join(folder, name), text, { mode: 0o755 });
  }
}

/** A PATH with the stand-ins first. Where there is none, nothing is looked up, and where they are on it already, it stays. */
export function withStandIns(path: string, runtime: RuntimeDirectory): string {
  const folder = standInsFolder(runtime);
  return path === '' || path.split(':').includes(folder) ? path : `${folder}:${path}`;
}

/** What an earlier life left may go, but nobody else's programs. */
function requireNothingElse(folder: string): void {
  const other = namesIn(folder).find((name) => !(name in standIns));
  if (other === undefined) return;
  throw Object.assign(new Error(`${join(folder, other)} is in the way`), { code: 'EEXIST' });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

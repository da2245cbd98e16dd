import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The folders that were made here and still exist. */
const made = new Set<string>();

/** Makes a new folder, which every account may enter, in the system's temporary directory. */
export function makeTemporary(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'stagekeeper-container-'));
  if (made.size === 0) process.once('exit', removeAll);
  made.add(folder);
  chmodSync(folder, 0o755);
  return folder;
}

/** Removes a folder that was made here, and never any other. */
export function removeTemporary(folder: string): void {
  if (!made.has(folder)) throw new Error(`'${folder}' was not made here, so it is not removed`);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  made.delete(folder);
}

function removeAll(): void {
  for (const folder of made) removeTemporary(folder);
}

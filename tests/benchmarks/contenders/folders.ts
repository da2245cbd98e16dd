import { chmodSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceFiles } from './contender.ts';

/** Writes service folders as s6, runit and this library read them. */
export function writeServices(folder: string, services: readonly ServiceFiles[]): void {
  mkdirSync(folder, { recursive: true });
  for (const { name, run, log } of services) {
    writeScript(join(folder, name), run);
    if (log !== undefined) writeScript(join(folder, name, 'log'), log);
  }
  // runsvdir waits for the next second if the folder was changed in this one.
  const before = Date.now() / 1000 - 60;
  utimesSync(folder, before, before);
}

/** Writes an executable `run` into a folder. */
export function writeScript(folder: string, text: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'run');
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { onlyRootCan, rootMayDoEverything } from '../skipping.ts';

/** A folder for one test, removed after it. */
export async function testFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stagekeeper-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file and its parent folders; returns its path. */
export function plant(path: string, content: string | Uint8Array, mode = 0o755): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

/** Writes the mark that a killed supervisor leaves in its runtime directory: it names what the supervisor made. */
export function leaveMark(folder: string, ...names: readonly string[]): void {
  const holder = { pid: 1, thread: 1, started: '1', namespace: 'pid:[1]', boot: 'an earlier one' };
  plant(join(folder, '.stagekeeper'), JSON.stringify({ id: 'c0ffee', holder, names }), 0o644);
}

/** Why a test is skipped that needs root (`root`), or that root cannot run (`plainUser`); `false`: it runs. */
export const whoRuns = {
  root: process.getuid?.() === 0 ? false : `${onlyRootCan} do this`,
  plainUser: process.getuid?.() === 0 ? rootMayDoEverything : false,
} as const;

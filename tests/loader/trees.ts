import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { TestContext } from 'node:test';
import type { Host } from '../../lib/loader/host.ts';
import { literalFiles } from '../../lib/loader/files/literal-files.ts';
import type { TreeFiles } from '../../lib/loader/files/literal-files.ts';
import type { Loaded } from '../../lib/loader/load.ts';
import { load } from '../../lib/loader/load.ts';
import { TreeError } from '../../lib/errors.ts';
import { parseAccounts } from '../../lib/model/accounts.ts';
import type { Problem } from '../../lib/model/problem.ts';
import { rootMayDoEverything } from '../skipping.ts';

/** A valid script. */
export const fine = '#!/bin/sh\n';

/** A machine with `/bin/sh`, `sh` and `env`, and the accounts root and web. */
export const smallHost: Host = {
  finds: (program) => ['/bin/sh', 'sh', '/usr/bin/env'].includes(program),
  reaches: (path) => path === '/command/s6-here',
  accounts: () => parseAccounts('root:x:0:0\nweb:x:1000:1000', 'root:x:0:\nweb:x:1000:'),
};

/** Loads a literal tree; its root is `/tree`. */
export function loadLiteral(files: TreeFiles): Promise<Loaded> {
  return load('/tree', literalFiles(files), smallHost);
}

/** The warnings of a literal tree, in short: `code path:line`, with paths from the root of the tree. */
export async function warnings(files: TreeFiles): Promise<readonly string[]> {
  return (await loadLiteral(files)).problems.map(short);
}

/** A problem in short. */
export function short({ code, path, line }: Problem): string {
  return `${code} ${path.replace('/tree/', '')}${line === undefined ? '' : `:${String(line)}`}`;
}

/** The TreeError with which loading fails. */
export async function refusal(loading: Promise<unknown>): Promise<TreeError> {
  const error: unknown = await loading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof TreeError, String(error));
  return error;
}

/** A folder of the test's own, removed at its end. */
export function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'stagekeeper-test-'));
  context.after(() => {
    removeAll(Buffer.from(folder));
  });
  return folder;
}

/**
 * Gives the tests of a file a folder for temporary files of their own, so that every entry in it was left there by
 * them.
 */
export function keepTemporaryFilesApart(): void {
  const { TMPDIR } = process.env;
  const folder = mkdtempSync(join(tmpdir(), 'stagekeeper-test-'));
  process.env['TMPDIR'] = folder;
  after(() => {
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
    removeAll(Buffer.from(folder));
  });
}

/** Removes a folder with its contents, whatever bytes the names consist of and whatever the permissions are. */
export function removeAll(folder: Buffer): void {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true, encoding: 'buffer' })) {
    const path = Buffer.concat([folder, Buffer.from('/'), entry.name]);
    if (entry.isDirectory()) removeAll(path);
    else unlinkSync(path);
  }
  rmdirSync(folder);
}

/** Why a test that needs a file without the right to read is skipped; `false` when it can run. */
export const skipForRoot = process.getuid?.() === 0 && rootMayDoEverything;

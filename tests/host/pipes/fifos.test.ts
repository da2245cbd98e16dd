import assert from 'node:assert/strict';
import { chmodSync, existsSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Fifos } from '../../../lib/host/pipes/fifos.ts';
import { RuntimeDirectory } from '../../../lib/host/directory/runtime-directory.ts';
import { childrenOf } from '../../processes.ts';
import { plant, testFolder, whoRuns } from '../folder.ts';

async function set(t: TestContext): Promise<{ fifos: Fifos; runtime: RuntimeDirectory }> {
  const runtime = new RuntimeDirectory(join(await testFolder(t), 'runtime'));
  return { fifos: new Fifos(runtime), runtime };
}

test('all FIFOs that are requested in one turn are made by one process, each with its own name', async (t) => {
  const { fifos } = await set(t);
  const before = childrenOf(process.pid).length;
  const asked = Array.from({ length: 200 }, () => fifos.make());
  await new Promise(setImmediate);
  assert.ok(childrenOf(process.pid).length <= before + 1);
  const paths = await Promise.all(asked);
  assert.equal(new Set(paths).size, 200);
  assert.ok(paths.every((path) => statSync(path).isFIFO()));
});

test('every account may open a FIFO, but only the host’s account can reach it', async (t) => {
  const { fifos } = await set(t);
  const path = await fifos.make();
  assert.equal(statSync(path).mode & 0o777, 0o666);
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
});

test('settled() resolves when no FIFO is being made', async (t) => {
  const { fifos } = await set(t);
  const before = childrenOf(process.pid);
  const made = fifos.make();
  await fifos.settled();
  assert.deepEqual(childrenOf(process.pid), before);
  assert.equal(existsSync(await made), true);
});

test('the folder is made again after a script has removed it', async (t) => {
  const { fifos } = await set(t);
  rmSync(dirname(await fifos.make()), { recursive: true });
  assert.equal(statSync(await fifos.make()).isFIFO(), true);
});

test('a failure rejects with the reason, and the next request is tried again', async (t) => {
  const { fifos, runtime } = await set(t);
  plant(runtime.path, 'in the way');
  await assert.rejects(fifos.make(), { code: 'ERR_RUNTIME_DIRECTORY', message: /is not a folder/ });
  rmSync(runtime.path);
  assert.equal(statSync(await fifos.make()).isFIFO(), true);
});

test('the error contains the message of mkfifo', { skip: whoRuns.plainUser }, async (t) => {
  const { fifos } = await set(t);
  const folder = dirname(await fifos.make());
  chmodSync(folder, 0o500);
  await assert.rejects(fifos.make(), { code: 'EIO', message: /mkfifo: .*Permission denied/ });
  chmodSync(folder, 0o700);
});

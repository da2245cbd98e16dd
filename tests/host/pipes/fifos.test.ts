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

test('all that are asked for in one turn are made by one process, each by its own name', async (t) => {
  const { fifos } = await set(t);
  const before = childrenOf(process.pid).length;
  const asked = Array.from({ length: 200 }, () => fifos.make());
  await new Promise(setImmediate);
  assert.ok(childrenOf(process.pid).length <= before + 1);
  const paths = await Promise.all(asked);
  assert.equal(new Set(paths).size, 200);
  assert.ok(paths.every((path) => statSync(path).isFIFO()));
});

test('anybody may open them who gets at them, which is nobody', async (t) => {
  const { fifos } = await set(t);
  const path = await fifos.make();
  assert.equal(statSync(path).mode & 0o777, 0o666);
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
});

test('nothing is under way when it has settled', async (t) => {
  const { fifos } = await set(t);
  const before = childrenOf(process.pid);
  const made = fifos.make();
  await fifos.settled();
  assert.deepEqual(childrenOf(process.pid), before);
  assert.equal(existsSync(await made), true);
});

test('a script may have removed their folder', async (t) => {
  const { fifos } = await set(t);
  rmSync(dirname(await fifos.make()), { recursive: true });
  assert.equal(statSync(await fifos.make()).isFIFO(), true);
});

test('what keeps them from being made is told, and the next time is a new one', async (t) => {
  const { fifos, runtime } = await set(t);
  plant(runtime.path, 'in the way');
  await assert.rejects(fifos.make(), { code: 'ERR_RUNTIME_DIRECTORY', message: /EEXIST/ });
  rmSync(runtime.path);
  assert.equal(statSync(await fifos.make()).isFIFO(), true);
});

test('what mkfifo says is told', { skip: whoRuns.plainUser }, async (t) => {
  const { fifos } = await set(t);
  const folder = dirname(await fifos.make());
  chmodSync(folder, 0o500);
  await assert.rejects(fifos.make(), { code: 'EIO', message: /mkfifo: .*Permission denied/ });
  chmodSync(folder, 0o700);
});

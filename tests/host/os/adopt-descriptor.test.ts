/*
 * Each descriptor of a Worker thread is closed once, and not again when another thread has its number.
 */
/* oxlint-disable unicorn/require-post-message-target-origin -- the ports of threads have no origin */
import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { openDescriptors } from '../../processes.ts';

/** A Worker that supervises services with output, twice, and exits when it is told to. */
const host = JSON.stringify(new URL('descriptor-host.ts', import.meta.url));
const code = `import('tsx/esm/api').then(({ register }) => { register(); return import(${host}); })`;

test('a Worker closes no descriptor of another thread when it ends', async () => {
  const before = openDescriptors();
  const worker = new Worker(code, { eval: true });
  const warnings: unknown[] = [];
  const ended = new Promise<number>((resolve) => worker.once('exit', resolve));
  const done = new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.on('message', (message) => {
      if (message === 'done') resolve();
      else warnings.push(message);
    });
  });
  await done;
  // These files get the descriptors that the Worker had.
  const own = Array.from({ length: 200 }, () => openSync('/dev/null', 'r'));
  worker.postMessage('end');
  assert.equal(await ended, 0);
  for (const fd of own) assert.ok(fstatSync(fd).isCharacterDevice(), `descriptor ${fd}`);
  for (const fd of own) closeSync(fd);
  assert.deepEqual(warnings, []);
  assert.ok(
    openDescriptors().length <= before.length + 2,
    'no more than what Node keeps for a Worker',
  );
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { Holder } from '../../../lib/host/directory/holder.ts';
import { isHolderAlive, thisHolder } from '../../../lib/host/directory/holder.ts';
import { until } from '../../processes.ts';

/** The same module, in another process or thread, by its address. */
const module = JSON.stringify(
  new URL('../../../lib/host/directory/holder.ts', import.meta.url).href,
);

test('the calling thread is alive', () => {
  const holder = thisHolder();
  assert.equal(holder.pid, process.pid);
  assert.match(holder.started, /^\d+$/);
  assert.equal(isHolderAlive(holder), true);
});

test('a thread with the same ids and another start time is a different thread', () => {
  const holder = thisHolder();
  assert.equal(isHolderAlive({ ...holder, started: '1' }), false);
  assert.equal(isHolderAlive({ ...holder, thread: 1 << 29 }), false);
  assert.equal(isHolderAlive({ ...holder, boot: 'another' }), false);
});

test('the state of a holder in another pid namespace, or recorded without /proc, is unknown', () => {
  const holder = thisHolder();
  assert.equal(isHolderAlive({ ...holder, namespace: 'pid:[1]' }), undefined);
  assert.equal(isHolderAlive({ ...holder, thread: 0, started: '' }), undefined);
});

test('a process that has exited is dead', () => {
  const text = `import(${module}).then((it) => console.log(JSON.stringify(it.thisHolder())))`;
  const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', '-e', text]);
  const holder = JSON.parse(String(stdout)) as Holder;
  assert.notEqual(holder.pid, process.pid);
  assert.equal(isHolderAlive(holder), false);
});

test('a terminated Worker thread is dead while its process lives', async () => {
  const text = `
    const { readFileSync, readlinkSync } = require('node:fs');
    const stat = readFileSync('/proc/thread-self/stat', 'latin1');
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const thread = Number(readlinkSync('/proc/thread-self').split('/')[2]);
    require('node:worker_threads').parentPort.postMessage({ thread, started });
    setInterval(() => undefined, 1000);`;
  const worker = new Worker(text, { eval: true });
  const [own] = (await once(worker, 'message')) as [Pick<Holder, 'thread' | 'started'>];
  const holder = { ...thisHolder(), ...own };
  assert.notEqual(holder.thread, thisHolder().thread);
  assert.equal(isHolderAlive(holder), true);
  await worker.terminate();
  await until(() => isHolderAlive(holder) === false, 'the end of the thread');
});

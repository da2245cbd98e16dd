import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { ProcessEntry } from '../../../lib/host/os/process-table.ts';
import { ProcessTable, childrenOfThread, isZombie } from '../../../lib/host/os/process-table.ts';
import { isAlive, until } from '../../processes.ts';
import { rig } from '../rig.ts';

const quiet = { stdout: 'ignore', stderr: 'ignore' } as const;

test('the table has every process, with parent, group and session', async (t) => {
  const { sh } = await rig(t);
  const life = sh('exec sleep 600', quiet);
  await life.tells('spawned');
  const pid = Number(life.pid);
  let entries: readonly ProcessEntry[] = [];
  const find = (): ProcessEntry | undefined => {
    entries = new ProcessTable().entries() ?? [];
    return entries.find((entry) => entry.pid === pid);
  };
  await until(() => find()?.name === 'sleep', 'the program that the shell becomes');
  const found = find();
  const own = { pid, parent: process.pid, group: pid, session: pid };
  assert.deepEqual(found, { ...own, name: 'sleep', alive: true, stopped: false });
  assert.ok(entries.some((entry) => entry.pid === process.pid));
  life.kill('SIGKILL');
});

test('a process name with parentheses and blanks is parsed', async (t) => {
  const { file, start } = await rig(t);
  const program = file('a) Z 1 1 (', '#!/bin/sh\nread -r _\n');
  const life = start({ program: { command: [program] }, stdin: { pipe: 'it' }, ...quiet });
  await life.tells('spawned');
  const find = (): ProcessEntry | undefined =>
    new ProcessTable().entries()?.find(({ pid }) => pid === life.pid);
  await until(() => find()?.name === 'a) Z 1 1 (', 'the name of the program');
  const found = find();
  assert.equal(found?.group, life.pid);
  assert.equal(found?.alive, true);
  life.kill('SIGKILL');
});

test('a list is shared by calls that need no newer one', () => {
  const table = new ProcessTable();
  const before = performance.now();
  const first = table.entries();
  assert.equal(table.entries(before), first);
  assert.notEqual(table.entries(performance.now()), first);
  assert.notEqual(table.entries(), table.entries());
});

test('a group is alive while a member lives, even without its leader', async (t) => {
  const { sh } = await rig(t);
  const table = new ProcessTable();
  const life = sh('sleep 600 & exit 0', quiet);
  await life.over;
  const pid = Number(life.pid);
  assert.equal(table.isGroupAlive(pid), true);
  assert.equal(table.isGroupAlive(pid), true, 'also by the last list');
  assert.equal(table.membersOf(pid)?.length, 1);
  await life.swept(0);
  assert.equal(table.isGroupAlive(pid), false);
  assert.deepEqual(table.membersOf(pid), []);
});

test('the group of a living leader does not count as left by a dead one', async (t) => {
  const { sh } = await rig(t);
  const life = sh('sleep 600', quiet);
  await life.tells('spawned');
  const table = new ProcessTable();
  assert.equal(table.isGroupAlive(Number(life.pid)), false);
  assert.deepEqual(table.membersOf(Number(life.pid)), []);
  life.kill('SIGKILL', 'group');
});

test('the children of a thread are listed dead or alive, without those of a Worker', async () => {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  const { pid = 0 } = child;
  const script = `
    const { parentPort } = require('node:worker_threads');
    const child = require('node:child_process').spawn('sleep', ['600'], { stdio: 'ignore' });
    parentPort.postMessage(child.pid);
  `;
  const worker = new Worker(script, { eval: true });
  const [theirs] = (await once(worker, 'message')) as [number];
  const among = (): readonly boolean[] =>
    [pid, theirs].map((it) => childrenOfThread().includes(it));
  assert.deepEqual(among(), [true, false]);
  assert.equal(isZombie(pid), false);
  process.kill(theirs, 'SIGKILL');
  child.kill('SIGKILL');
  while (isAlive(pid)); // the loop keeps Node from reaping it
  assert.deepEqual([among()[0], isZombie(pid)], [true, true]);
  await Promise.all([once(child, 'exit'), once(worker, 'exit')]);
  assert.deepEqual([among(), isZombie(pid)], [[false, false], false]);
});

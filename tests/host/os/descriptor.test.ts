import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { SpawnDescriptors, openAgain } from '../../../lib/host/os/descriptor.ts';
import { openDescriptors, openedSince } from '../../processes.ts';
import { testFolder } from '../folder.ts';
import { waitFor } from '../rig.ts';
import { runHost } from '../run-host.ts';
import { hostOf, testEachWay } from '../ways.ts';

/** Both ends of a pipe, non-blocking, as another program that shares it may have set them. */
async function pipe(t: TestContext): Promise<{ read: number; write: number }> {
  const path = join(await testFolder(t), 'fifo');
  execFileSync('mkfifo', [path]);
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const write = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  return { read, write };
}

const isNonBlocking = (descriptor: number): boolean => {
  const info = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
  const flags = parseInt(/flags:\s*(\d+)/.exec(info)?.[1] ?? '0', 8);
  return (flags & constants.O_NONBLOCK) !== 0;
};

test('a pipe end that is opened again belongs to the same pipe and is blocking', async (t) => {
  const { read, write } = await pipe(t);
  const again = { read: openAgain(read, 'read'), write: openAgain(write, 'write') };
  assert.ok(again.read !== undefined && again.write !== undefined);
  assert.deepEqual([read, write].map(isNonBlocking), [true, true]);
  assert.deepEqual([again.read, again.write].map(isNonBlocking), [false, false]);
  writeSync(again.write, 'text');
  const bytes = Buffer.alloc(10);
  assert.equal(bytes.toString('utf8', 0, readSync(again.read, bytes)), 'text');
  for (const each of [read, write, again.read, again.write]) closeSync(each);
});

test('opening the read end does not wait for a writer, nor the write end for a reader', async (t) => {
  const { read, write } = await pipe(t);
  closeSync(write);
  const reader = openAgain(read, 'read');
  assert.equal(
    readSync(Number(reader), Buffer.alloc(1)),
    0,
    'end-of-file, since there is no writer',
  );
  closeSync(Number(reader));
  const writer = openAgain(read, 'write');
  closeSync(read);
  const second = openAgain(Number(writer), 'write');
  for (const each of [writer, second]) closeSync(Number(each));
});

test('a descriptor that cannot be opened again gives undefined, and leaves nothing open', () => {
  const before = openDescriptors();
  assert.equal(openAgain(9999, 'read'), undefined);
  assert.deepEqual(openedSince(before), []);
});

test('descriptors for a spawn are closed once', () => {
  const before = openDescriptors();
  const lent = new SpawnDescriptors();
  lent.keep(openSync('/dev/null', 'r'));
  lent.keep(openSync('/dev/null', 'r'));
  lent.closeAll();
  lent.closeAll();
  assert.deepEqual(openedSince(before), []);
});

testEachWay(
  'a Node program on the host’s stdout does not break other programs that share it',
  async (t) => {
    const gates = await testFolder(t);
    const reader = `${waitFor(`${gates}/read`)}; cat`;
    const pipeline = `{ GATES=${gates} "$@" 2>&1; echo "host $?"; } | { ${reader}; }`;
    const { output } = await runHost('output', [...hostOf(t), 'sh', '-c', pipeline, 'sh']);
    assert.match(output, /writer exited 0/);
    assert.equal(output.match(/^line \d+ of many$/gm)?.length, 5000);
    assert.match(output, /host 0/);
  },
);

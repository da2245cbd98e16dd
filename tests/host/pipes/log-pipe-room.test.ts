import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LogPipe } from '../../../lib/host/pipes/log-pipe.ts';
import { openDescriptors, openedSince } from '../../processes.ts';
import { testFolder } from '../folder.ts';

test('a pipe that would leave no descriptors for its processes is not made', async (t) => {
  const path = join(await testFolder(t), 'fifo');
  execFileSync('mkfifo', [path]);
  const before = openDescriptors();
  const pipe = new LogPipe(Promise.resolve(path), () => false);
  await assert.rejects(pipe.made, { code: 'EMFILE' });
  assert.deepEqual([pipe.isOpen, pipe.isClosed], [false, true]);
  assert.deepEqual(openedSince(before), []);
});

test('a pipe is pending until both of its processes have an end of it', async (t) => {
  const path = join(await testFolder(t), 'fifo');
  execFileSync('mkfifo', [path]);
  const pipe = new LogPipe(Promise.resolve(path));
  assert.equal(pipe.isPending, false, 'it is being made');
  await pipe.made;
  for (const end of ['write', 'read'] as const) {
    assert.equal(pipe.isPending, true);
    const opened = pipe.openEnd(end);
    if ('own' in opened) closeSync(opened.own);
  }
  assert.equal(pipe.isPending, false);
  pipe.close();
});

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import type { StdioOptions } from 'node:child_process';
import { identityOf, writesInto } from '../../../lib/host/pipes/pipe-holders.ts';
import { testFolder } from '../folder.ts';

test('a process that can write into a pipe is distinguished from its readers and from holders of another pipe', async (t) => {
  const folder = await testFolder(t);
  const [one, other] = [join(folder, 'one'), join(folder, 'other')];
  execFileSync('mkfifo', [one, other]);
  const both = [one, other].map((path) => openSync(path, constants.O_RDWR));
  const write = openSync(one, constants.O_WRONLY);
  const read = openSync(one, constants.O_RDONLY);
  const fds = [...both, write, read];
  t.after(() => {
    for (const fd of fds) closeSync(fd);
  });
  const sleep = (stdio: StdioOptions): number => {
    const child = spawn('sleep', ['600'], { stdio });
    t.after(async () => {
      child.kill('SIGKILL');
      await once(child, 'close');
    });
    return child.pid ?? 0;
  };
  const [fd = -1, otherFd = -1] = both;
  const writer = sleep(['ignore', 'ignore', write]);
  const reader = sleep([read, 'ignore', 'ignore']);
  const stranger = sleep(['ignore', otherFd, 'ignore']);
  const pipe = identityOf(fd);
  assert.ok(pipe !== undefined);
  const found = [writer, reader, stranger].map((pid) => writesInto(pid, pipe));
  assert.deepEqual(found, [true, false, false]);
  assert.equal(writesInto(2 ** 30, pipe), false, 'no such process');
  assert.equal(identityOf(999_999), undefined, 'nothing');
});

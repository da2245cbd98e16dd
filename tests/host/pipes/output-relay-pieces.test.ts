import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { SpawnDescriptors } from '../../../lib/host/os/descriptor.ts';
import { OutputRelay } from '../../../lib/host/pipes/output-relay.ts';
import type { Problem } from '../../../lib/model/problem.ts';
import { openDescriptors, until, openedSince } from '../../processes.ts';
import { testFolder } from '../folder.ts';

/** A sink that accepts all bytes, or none. */
function sink(takes: boolean) {
  const pieces: Buffer[] = [];
  return {
    pieces,
    write(bytes: Buffer) {
      pieces.push(bytes);
      return takes ? Promise.resolve() : new Promise<void>(() => undefined);
    },
    unsent: () => Buffer.concat(takes ? [] : pieces),
    writeNow: (bytes: Buffer) => bytes.length,
  };
}

test('without a pipe each child gets a socket, and its output is passed on', async (t) => {
  const into = sink(true);
  const problems: Problem[] = [];
  const pipe = Promise.reject(new Error('no FIFOs here'));
  const relay = new OutputRelay({
    name: '/dev/stdout',
    sink: into,
    pipe,
    onProblem: (each) => problems.push(each),
  });
  await relay.made;
  assert.equal(relay.connect(new SpawnDescriptors()), 'socket');

  const path = join(await testFolder(t), 'socket');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const connected = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const client = connect(path);
  relay.read(await connected);
  client.end('text');
  await until(() => Buffer.concat(into.pieces).equals(Buffer.from('text')), 'the text');
  await relay.close(0);
  server.close();
  assert.deepEqual(problems, []);
});

test('a piece is read only after the previous one is written, and the rest is counted', async (t) => {
  const before = openDescriptors();
  const path = join(await testFolder(t), 'fifo');
  execFileSync('mkfifo', [path]);
  const into = sink(false);
  const problems: Problem[] = [];
  const relay = new OutputRelay({
    name: '/dev/stderr',
    sink: into,
    pipe: Promise.resolve(path),
    onProblem: (each) => problems.push(each),
  });
  await relay.made;
  const lent = new SpawnDescriptors();
  const descriptor = Number(relay.connect(lent));
  const writer = openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
  lent.closeAll();
  let written = 0;
  let turns = 0;
  for (; turns < 100; turns++) {
    try {
      written += writeSync(writer, Buffer.alloc(4096));
      turns = 0;
    } catch {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  }
  closeSync(writer);
  assert.equal(into.pieces.length, 1);
  assert.ok(written <= 4 * (1 << 16), `${written} bytes were taken`);
  await relay.close(0);
  assert.match(problems[0]?.message ?? '', new RegExp(`takes nothing, and ${written} bytes`));
  assert.equal(problems.length, 1);
  assert.deepEqual(openedSince(before), []);
});

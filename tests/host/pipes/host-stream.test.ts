import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HostStream } from '../../../lib/host/pipes/host-stream.ts';
import { inspectStream, letAllOpen, sharingOf } from '../../../lib/host/pipes/host-stream.ts';
import { openPosixSpawn } from '../../../lib/host/native/posix-spawn.ts';
import { testFolder, whoRuns } from '../folder.ts';
import { without } from '../ways.ts';

const owned: Omit<HostStream, 'kind'> = {
  reopens: true,
  mode: 0o600,
  uid: 1000,
  gid: 50,
  identity: '1:1',
};

function shared(kind: HostStream['kind'], more: Partial<HostStream> = {}): string {
  return sharingOf({ ...owned, kind, ...more });
}

test('the kind of stream decides how a child gets it', () => {
  assert.equal(sharingOf(undefined), 'none');
  assert.equal(shared('pipe'), 'reopened');
  assert.equal(shared('pipe', { reopens: false }), 'relayed');
  assert.equal(shared('terminal'), 'reopened');
  assert.equal(shared('terminal', { reopens: false }), 'inherited');
  assert.equal(shared('device'), 'inherited');
  assert.equal(shared('socket'), 'relayed');
  assert.equal(shared('file'), 'relayed');
});

test('a child whose account cannot open the stream gets a relay', () => {
  const as = (uid: number, gid: number, mode: number): string =>
    sharingOf({ ...owned, kind: 'pipe', mode }, { uid, gid, groups: [gid, 60] });
  assert.equal(as(0, 0, 0o000), 'reopened', 'root');
  assert.equal(as(1000, 1, 0o600), 'reopened', 'the owner');
  assert.equal(as(1000, 50, 0o466), 'relayed', 'the owner alone may not');
  assert.equal(as(1, 50, 0o620), 'reopened', 'the group');
  const owner = { ...owned, gid: 60, kind: 'pipe', mode: 0o620 } as const;
  const member = { uid: 1, gid: 2, groups: [2, 60] };
  assert.equal(sharingOf(owner, member), 'reopened', 'a supplementary group');
  assert.equal(as(1, 50, 0o602), 'relayed', 'the group alone may not');
  assert.equal(as(1, 1, 0o602), 'reopened', 'others');
  assert.equal(as(1, 1, 0o620), 'relayed', 'others may not');
});

test('inspectStream() returns the kind of stream behind a descriptor', async (t) => {
  const folder = await testFolder(t);
  const [fifo, file] = [join(folder, 'fifo'), join(folder, 'file')];
  execFileSync('mkfifo', [fifo]);
  writeFileSync(file, '');
  const open = [openSync(fifo, constants.O_RDWR), openSync(file, 'r'), openSync('/dev/null', 'r')];
  const found = open.map((descriptor) => inspectStream(descriptor));
  for (const each of open) closeSync(each);
  assert.deepEqual(
    found.map((stream) => [stream?.kind, stream?.reopens]),
    [
      ['pipe', true],
      ['file', true],
      ['device', true],
    ],
  );
  assert.equal(inspectStream(9999), undefined);
});

test(
  'a pipe without a name is opened to the accounts that root may turn into, one with a name is not',
  { skip: whoRuns.root === false ? without('native') : whoRuns.root },
  async (t) => {
    const modeOf = (descriptor: number): number => {
      const stream = inspectStream(descriptor);
      assert.ok(stream !== undefined);
      letAllOpen(descriptor, stream);
      return fstatSync(descriptor).mode & 0o777;
    };
    const fifo = join(await testFolder(t), 'fifo');
    execFileSync('mkfifo', ['-m', '600', fifo]);
    const named = openSync(fifo, constants.O_RDWR);
    assert.equal(modeOf(named), 0o600);
    closeSync(named);
    const opened = openPosixSpawn();
    assert.ok('posix' in opened);
    const [read, write] = opened.posix.pipe();
    assert.equal(modeOf(write), 0o622);
    closeSync(read);
    closeSync(write);
  },
);

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isClosed,
  isFixed,
  isForeignLink,
  isTrusted,
} from '../../../lib/host/filesystem/entry-trust.ts';
import type { Attributes } from '../../../lib/host/filesystem/entry-trust.ts';

const folder = (uid: number, mode: number, gid = uid): Attributes => ({
  ...{ uid, gid, mode, nlink: 2 },
  isDirectory: () => true,
});

const file = (uid: number, nlink: number, gid = uid): Attributes => ({
  ...{ uid, gid, mode: 0o600, nlink },
  isDirectory: () => false,
});

test('root and the account of this process are trusted', () => {
  assert.deepEqual([0, process.geteuid?.() ?? 0, 1234].map(isTrusted), [true, true, false]);
});

test('a folder is closed if no other account can write to it', () => {
  const [open, closed] = [false, true];
  assert.equal(isClosed(folder(0, 0o755)), closed);
  assert.equal(isClosed(folder(0, 0o775)), closed, "of root's group");
  assert.equal(isClosed(folder(0, 0o775, 1234)), open);
  assert.equal(isClosed(folder(0, 0o757)), open);
  assert.equal(isClosed(folder(1234, 0o700)), open);
});

test('with the sticky bit, an entry of a trusted owner is fixed', () => {
  const sticky = folder(0, 0o1777);
  assert.deepEqual([isFixed(sticky, file(0, 1)), isFixed(sticky, file(1234, 1))], [true, false]);
  assert.equal(isFixed(folder(0, 0o777), file(0, 1)), false);
  assert.equal(isFixed(folder(1234, 0o1777), file(0, 1)), false);
});

test('a file with several names is a foreign link where another account can have made it', () => {
  assert.equal(isForeignLink(folder(1234, 0o755), file(0, 2)), true);
  assert.equal(isForeignLink(folder(1234, 0o755), file(0, 1)), false, 'one name');
  assert.equal(isForeignLink(folder(1234, 0o755), file(1234, 2)), false, 'its own file');
  assert.equal(isForeignLink(folder(1234, 0o777), file(1234, 2)), true);
  assert.equal(isForeignLink(folder(1234, 0o775), file(1234, 2)), false, 'its own group');
  assert.equal(isForeignLink(folder(1234, 0o775, 2345), file(1234, 2)), true);
  assert.equal(isForeignLink(folder(0, 0o755), file(1234, 2)), false);
  assert.equal(isForeignLink(folder(0, 0o1777), file(0, 2)), true);
  assert.equal(isForeignLink(folder(1234, 0o755), folder(0, 0o755)), false, 'a folder');
});

/*
 * The log pipes of a tree: which process gets which pipe, and which pipes stay open.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { LogPipe } from '../../../lib/host/pipes/log-pipe.ts';
import { LogPipes } from '../../../lib/host/pipes/log-pipes.ts';
import { makePipe } from '../../../lib/host/pipes/pipe-ends.ts';
import { openDescriptors, openedSince } from '../../processes.ts';
import { posixOf, without } from '../ways.ts';

const skip = without('native');

/** Log pipes of the C library, which are closed after the test. */
function pipesOf(t: TestContext): LogPipes {
  const posix = posixOf('native') ?? assert.fail();
  const fifos = { make: () => assert.fail('a pipe needs no FIFO') };
  const pipes = new LogPipes(fifos as never, () => () => makePipe(posix));
  t.after(() => {
    pipes.close();
  });
  return pipes;
}

/** The ends of pipes that were opened since then. */
function endsSince(before: readonly string[]): number {
  return openedSince(before).filter((each) => each.includes(' pipe:')).length;
}

test(
  'a writer after a release gets a new pipe, and the old one is closed if no process reads it',
  { skip },
  async (t) => {
    const before = openDescriptors();
    const pipes = pipesOf(t);
    for (let count = 0; count < 5; count++) {
      await pipes.get('web', 'write').made;
      assert.equal(endsSince(before), 2);
      pipes.release('web');
    }
  },
);

test(
  'an old pipe stays open for a present reader, and is closed when that has ended, however it ended',
  { skip },
  async (t) => {
    const before = openDescriptors();
    const pipes = pipesOf(t);
    const old = pipes.get('web', 'write');
    await old.made;
    const readerEnded = old.addReader();
    pipes.release('web');
    const present = pipes.get('web', 'write');
    await present.made;
    assert.notEqual(present, old);
    assert.equal(endsSince(before), 3, 'the read end of the old pipe, and both of the new one');
    readerEnded('otherwise');
    assert.equal(old.isClosed, true);
    assert.equal(endsSince(before), 2);
  },
);

test('pipes that are closed are forgotten', { skip }, async (t) => {
  const pipes = pipesOf(t);
  for (let count = 0; count < 5; count++) {
    await pipes.get('web', 'write').made;
    pipes.release('web');
  }
  const closed = t.mock.method(LogPipe.prototype, 'close').mock;
  pipes.close();
  assert.equal(closed.callCount(), 1);
});

/*
 * How a stream is read at the pace of its handling: with a stream and turns of the test, and with the pipe of a process.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { PacedReader } from '../../../lib/host/pipes/paced-reader.ts';
import { PacedReaders } from '../../../lib/host/pipes/paced-readers.ts';
import { Turns } from '../../../lib/host/pipes/loop-budget.ts';
import { until } from '../../processes.ts';
import { sleeps } from '../rig.ts';

const kibi = 1024;

/** A stream that the test fills. */
class FakeStream extends EventEmitter {
  isPaused = false;
  readableLength = 0;

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  say(chunk: string): void {
    this.emit('data', Buffer.from(chunk));
  }
}

/** A reader whose consumer handles one character a piece, `.` at the end, and which the test advances. */
function rig() {
  const stream = new FakeStream();
  const steps: (() => void)[] = [];
  const later = (act: () => void): void => void steps.push(act);
  const turns = new Turns({ now: () => 0, nextTurn: later, soon: later });
  let rest = '';
  let handled = '';
  const consumer = {
    push: (chunk: Buffer) => void (rest = chunk.toString()),
    handleNext: () => {
      handled += rest.slice(0, 1);
      const isPiece = rest !== '';
      rest = rest.slice(1);
      return isPiece;
    },
    end: () => void (handled += '.'),
  };
  const reader = new PacedReader(stream, consumer, turns);
  return {
    stream,
    reader,
    handled: () => handled,
    /** Goes on until nothing is to be done, or for so many pieces. */
    run(pieces = Infinity) {
      for (let count = 0; count < pieces; count++) {
        const step = steps.shift();
        if (step === undefined) return;
        step();
      }
    },
    /** Asks it to catch up; the function that it returns says whether it has. */
    catchUp() {
      let isDone = false;
      reader.catchUp(() => (isDone = true));
      return () => isDone;
    },
  };
}

/** As long as a stream is looked at for something to come. */
async function silence(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await nextTurn();
}

test('bytes are handled in order, and then the end', () => {
  const { stream, handled, run } = rig();
  stream.say('ab');
  stream.say('c');
  stream.emit('end');
  stream.emit('close');
  assert.equal(handled(), '', 'later, in its turn');
  run();
  assert.equal(handled(), 'abc.');
});

test('a stream is paused when many bytes wait, and read again when all are handled', () => {
  const { stream, run } = rig();
  stream.say('x'.repeat(16 * kibi - 1));
  assert.equal(stream.isPaused, false);
  stream.say('x');
  assert.equal(stream.isPaused, true);
  run(16 * kibi);
  assert.equal(stream.isPaused, true);
  run();
  assert.equal(stream.isPaused, false);
});

test('catching up with a silent stream handles the bytes that were read', async () => {
  const { stream, handled, run, catchUp } = rig();
  stream.say('abc');
  const isDone = catchUp();
  await silence();
  run(3);
  assert.equal(isDone(), false);
  run();
  assert.equal(isDone(), true);
  assert.equal(handled(), 'abc', 'the end may come later');
});

test('catching up reads without a pause until a short chunk shows that the pipe is empty', async () => {
  const { stream, handled, run, catchUp } = rig();
  stream.say('a'.repeat(20 * kibi));
  assert.equal(stream.isPaused, true);
  stream.readableLength = 2;
  const isDone = catchUp();
  assert.equal(stream.isPaused, false);
  stream.say('bb');
  stream.say('c'.repeat(64 * kibi));
  assert.equal(stream.isPaused, false);
  stream.say('d');
  assert.equal(stream.isPaused, true);
  stream.say('by another process');
  await silence();
  while (!isDone()) run(1);
  assert.match(handled(), /^a+bbc+d$/);
});

test('catching up with a process that continues to write ends', () => {
  const { stream, handled, run, catchUp } = rig();
  const isDone = catchUp();
  for (let count = 0; count < 32; count++) stream.say('x'.repeat(64 * kibi));
  assert.equal(stream.isPaused, true);
  while (!isDone()) run(1);
  assert.equal(handled().length, 1024 * kibi);
});

test('catching up with a stream that ends handles the end, too', () => {
  const { stream, handled, run, catchUp } = rig();
  const isDone = catchUp();
  stream.say('a');
  stream.emit('end');
  while (!isDone()) run(1);
  assert.equal(handled(), 'a.');
  assert.equal(catchUp()(), true, 'at once');
});

test('catching up with a stream that has ended handles all waiting bytes', () => {
  const { stream, handled, run, catchUp } = rig();
  stream.say('ab');
  stream.say('c');
  stream.emit('end');
  const isDone = catchUp();
  while (!isDone()) run(1);
  assert.equal(handled(), 'abc.');
});

test('a reader is urgent until it has caught up', () => {
  const { stream, reader, run, catchUp } = rig();
  stream.say('a');
  assert.equal(reader.isUrgent, false);
  catchUp();
  assert.equal(reader.isUrgent, true);
  stream.emit('end');
  run();
  assert.equal(reader.isUrgent, false);
});

test('nothing is handled after a stop, and no wait remains', () => {
  const { stream, reader, handled, run, catchUp } = rig();
  stream.say('abc');
  const isDone = catchUp();
  run(2);
  reader.stop();
  assert.equal(isDone(), true);
  stream.say('def');
  stream.emit('close');
  run();
  assert.equal(handled(), 'a');
});

test('closed readers have handled all bytes that were written, and handle no more', async () => {
  const readers = new PacedReaders();
  const [quiet, over] = [new FakeStream(), new FakeStream()];
  let text = '';
  const consumer = {
    push: (chunk: Buffer) => void (text += chunk.toString()),
    handleNext: () => false,
    end: () => void (text += '.'),
  };
  for (const stream of [quiet, over]) readers.read(stream, consumer);
  quiet.say('a');
  over.say('b');
  over.emit('close');
  await readers.close();
  assert.equal(text, 'ab.');
  quiet.say('c');
  await nextTurn();
  assert.equal(text, 'ab.');
});

test('a process that prints faster than its lines are handled waits, and little output is in memory', async (t) => {
  const yes = spawn('yes', { stdio: ['ignore', 'pipe', 'ignore'] });
  const exit = once(yes, 'exit');
  t.after(async () => {
    yes.kill('SIGKILL');
    await exit;
    yes.stdout.destroy();
  });
  let received = 0;
  yes.stdout.on('data', (chunk: Buffer) => (received += chunk.length));
  const never = new Turns({ now: () => 0, nextTurn: () => undefined, soon: () => undefined });
  const consumer = { push: () => undefined, handleNext: () => false, end: () => undefined };
  void new PacedReader(yes.stdout, consumer, never);
  await until(() => received > 0 && sleeps(yes.pid), 'a full pipe');
  await silence();
  const inMemory = received + yes.stdout.readableLength;
  // Two chunks, or three since Node 22, which reads ahead.
  assert.ok(inMemory <= 192 * kibi, `${inMemory} bytes`);
});

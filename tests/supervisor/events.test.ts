import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OverflowError } from '../../lib/errors.ts';
import {
  EventQueue,
  mostUnread,
  mostUnreadBytes,
  serviceOf,
  sizeOf,
} from '../../lib/supervisor/events.ts';
import type { LifecycleEvent } from '../../lib/model/event.ts';

const timed = { at: 0, cause: 'stage' } as const;

function event(sequence: number): LifecycleEvent {
  return { ...timed, sequence, type: 'stage', stage: 'init', status: 'started' };
}

/** A queue, and the number of its calls of `leave`. */
function rig() {
  let left = 0;
  const queue = new EventQueue();
  queue.whenClosed(() => {
    left += 1;
  });
  return { queue, left: () => left };
}

async function sequences(queue: EventQueue): Promise<readonly number[]> {
  const found: number[] = [];
  for await (const { sequence } of queue) found.push(sequence);
  return found;
}

test('serviceOf() returns the service of an event', () => {
  const service = { type: 'service', service: 'web', from: 'down', to: 'starting' } as const;
  assert.equal(serviceOf({ ...timed, sequence: 1, ...service }), 'web');
  const ready = { type: 'ready', service: 'web/log', pid: 7, duration: 5 } as const;
  assert.equal(serviceOf({ ...timed, sequence: 1, ...ready }), 'web/log');
  assert.equal(serviceOf(event(1)), undefined);
});

test('serviceOf() returns the service for the output of its finish script', () => {
  const output = (source: string): LifecycleEvent => {
    const line = { type: 'output', source, stream: 'stdout', line: 'text' } as const;
    return { ...timed, sequence: 1, ...line };
  };
  assert.equal(serviceOf(output('web')), 'web');
  assert.equal(serviceOf(output('web/finish')), 'web');
  assert.equal(serviceOf(output('web/log/finish')), 'web/log');
  const byScript = { ...output('web'), stage: 'init' } as const;
  assert.equal(serviceOf(byScript), undefined, 'a script may have the name of a service');
});

test('events are read in order, before and after a read is pending', async () => {
  const { queue } = rig();
  queue.push(event(1));
  queue.push(event(2));
  const read = sequences(queue);
  await Promise.resolve();
  queue.push(event(3));
  queue.push(event(4));
  queue.close();
  assert.deepEqual(await read, [1, 2, 3, 4]);
});

test('several pending reads resolve in their order', async () => {
  const { queue } = rig();
  const reads = [queue.next(), queue.next(), queue.next()];
  queue.push(event(1));
  queue.push(event(2));
  queue.close();
  const results = await Promise.all(reads);
  assert.deepEqual(
    results.map(({ done, value }) => (done === true ? 'end' : value.sequence)),
    [1, 2, 'end'],
  );
});

test('after the close unread events can still be read, and none is added', async () => {
  const { queue, left } = rig();
  queue.push(event(1));
  queue.close();
  queue.push(event(2));
  queue.close(new Error('too late to fail'));
  assert.deepEqual(await sequences(queue), [1]);
  assert.equal(left(), 1, 'leave is called once');
});

test('return() closes the queue at once and discards unread events', async () => {
  const { queue, left } = rig();
  queue.push(event(1));
  queue.push(event(2));
  for await (const { sequence } of queue) {
    assert.equal(sequence, 1);
    break;
  }
  assert.equal(left(), 1);
  assert.deepEqual(await queue.next(), { done: true, value: undefined });
});

test('a close with a failure: reads give the unread events, then the failure, then the end', async () => {
  const { queue } = rig();
  queue.push(event(1));
  queue.close(new Error('enough'));
  assert.equal((await queue.next()).done, false);
  await assert.rejects(queue.next(), /enough/);
  assert.deepEqual(await queue.next(), { done: true, value: undefined });
});

test('a failure rejects the first pending read, the others get the end', async () => {
  const { queue } = rig();
  const reads = [queue.next(), queue.next()] as const;
  queue.close(new Error('enough'));
  await assert.rejects(reads[0], /enough/);
  assert.deepEqual(await reads[1], { done: true, value: undefined });
});

test('a queue with too many unread events fails and frees them', async () => {
  const { queue, left } = rig();
  for (let count = 1; count <= mostUnread; count += 1) queue.push(event(count));
  assert.equal(left(), 0, 'that many are kept');
  queue.push(event(mostUnread + 1));
  assert.equal(left(), 1);
  const isTold = { name: OverflowError.name, message: /^More than 100000 events were not read/ };
  await assert.rejects(queue.next(), isTold);
  assert.deepEqual(await queue.next(), { done: true, value: undefined });
});

/** An event of output with a line of this many bytes. */
function output(bytes: number): LifecycleEvent {
  const line = 'ü'.repeat(bytes / 2);
  return { ...timed, sequence: 1, type: 'output', source: 'web', stream: 'stdout', line };
}

test('sizeOf() counts the bytes of the text and a constant', () => {
  const short = sizeOf(output(0));
  assert.ok(short > 0);
  assert.equal(sizeOf(output(1000)), short + 1000, 'in bytes, not in characters');
  const problem = { code: 'killed', severity: 'warning', path: '', remedy: '' } as const;
  const sizeWith = (message: string): number =>
    sizeOf({ ...timed, sequence: 1, type: 'problem', problem: { ...problem, message } });
  assert.equal(sizeWith('x'.repeat(1000)), sizeWith('') + 1000);
});

test('a queue with too many unread bytes fails and frees them', async () => {
  const { queue, left } = rig();
  const event = output(64 * 1024);
  const count = Math.floor(mostUnreadBytes / sizeOf(event));
  for (let more = 0; more < count; more += 1) queue.push(event);
  assert.equal(left(), 0, 'that many are kept');
  queue.push(event);
  assert.equal(left(), 1);
  const isTold = { name: OverflowError.name, message: /^More than 67108864 bytes of events were/ };
  await assert.rejects(queue.next(), isTold);
  assert.deepEqual(await queue.next(), { done: true, value: undefined });
});

test('a read event no longer counts as unread', async () => {
  const { queue, left } = rig();
  const event = output(64 * 1024);
  const count = Math.floor(mostUnreadBytes / sizeOf(event));
  for (let more = 0; more < count; more += 1) queue.push(event);
  for (let more = 0; more < count; more += 1) {
    await queue.next();
    queue.push(event);
  }
  assert.equal(left(), 0);
});

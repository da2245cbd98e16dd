import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OverflowError } from '../lib/errors.ts';
import { EventQueue, mostUnread, serviceOf } from '../lib/events.ts';
import type { LifecycleEvent } from '../lib/model/event.ts';

const timed = { at: 0, cause: 'stage' } as const;

function event(sequence: number): LifecycleEvent {
  return { ...timed, sequence, type: 'stage', stage: 'init', status: 'started' };
}

/** A queue, and how often it has told that nobody needs to feed it any more. */
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

test('serviceOf: whose event it is', () => {
  const service = { type: 'service', service: 'web', from: 'down', to: 'starting' } as const;
  assert.equal(serviceOf({ ...timed, sequence: 1, ...service }), 'web');
  const ready = { type: 'ready', service: 'web/log', pid: 7, duration: 5 } as const;
  assert.equal(serviceOf({ ...timed, sequence: 1, ...ready }), 'web/log');
  assert.equal(serviceOf(event(1)), undefined);
});

test('serviceOf: what a finish script prints belongs to its service', () => {
  const output = (source: string): LifecycleEvent => {
    const line = { type: 'output', source, stream: 'stdout', line: 'text' } as const;
    return { ...timed, sequence: 1, ...line };
  };
  assert.equal(serviceOf(output('web')), 'web');
  assert.equal(serviceOf(output('web/finish')), 'web');
  assert.equal(serviceOf(output('web/log/finish')), 'web/log');
  const byScript = { ...output('web'), stage: 'init' } as const;
  assert.equal(serviceOf(byScript), undefined, 'a script may be named like a service');
});

test('what comes is read in order, whether it is awaited already or not', async () => {
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

test('several reads at once are answered in their order', async () => {
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

test('after the end what is unread can still be read, and nothing is added', async () => {
  const { queue, left } = rig();
  queue.push(event(1));
  queue.close();
  queue.push(event(2));
  queue.close(new Error('too late to fail'));
  assert.deepEqual(await sequences(queue), [1]);
  assert.equal(left(), 1, 'it is left once');
});

test('whoever stops reading leaves at once, and what was unread is gone', async () => {
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

test('an end with a failure: what is unread first, then the failure, then nothing', async () => {
  const { queue } = rig();
  queue.push(event(1));
  queue.close(new Error('enough'));
  assert.equal((await queue.next()).done, false);
  await assert.rejects(queue.next(), /enough/);
  assert.deepEqual(await queue.next(), { done: true, value: undefined });
});

test('a failure reaches the one who waits, the others behind it find the end', async () => {
  const { queue } = rig();
  const reads = [queue.next(), queue.next()] as const;
  queue.close(new Error('enough'));
  await assert.rejects(reads[0], /enough/);
  assert.deepEqual(await reads[1], { done: true, value: undefined });
});

test('a reader that is too far behind fails, and takes no more room', async () => {
  const { queue, left } = rig();
  for (let count = 1; count <= mostUnread; count += 1) queue.push(event(count));
  assert.equal(left(), 0, 'so much is kept');
  queue.push(event(mostUnread + 1));
  assert.equal(left(), 1);
  await assert.rejects(queue.next(), OverflowError);
  assert.deepEqual(await queue.next(), { done: true, value: undefined });
});

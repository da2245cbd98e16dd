import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { PendingSpawn } from '../../../lib/host/spawn/spawn-queue.ts';
import { SpawnQueue } from '../../../lib/host/spawn/spawn-queue.ts';

interface Named extends PendingSpawn {
  readonly name: string;
}

/** A room, who was let in, who was turned away, and a way to enter that waits for `come` if it is to. */
function open(): {
  room: SpawnQueue<Named>;
  seen: string[];
  enter(name: string, shares: readonly object[], wait?: 'waits'): Waiting;
} {
  const seen: string[] = [];
  const room = new SpawnQueue<Named>(({ name }) => seen.push(name));
  return {
    room,
    seen,
    enter(name, shares, wait) {
      const { promise, resolve, reject } = withResolvers();
      const guest = { name, shares: new Set(shares) };
      room.enter(guest, wait === 'waits' ? promise : undefined, (error) => {
        seen.push(`${name} failed: ${(error as Error).message}`);
      });
      return {
        come: async () => {
          resolve();
          await turn();
          await turn();
        },
        fail: async () => {
          reject(new Error('no'));
          await turn();
          await turn();
        },
      };
    },
  };
}

interface Waiting {
  come(): Promise<void>;
  fail(): Promise<void>;
}

function withResolvers(): {
  promise: Promise<void>;
  resolve: () => void;
  reject: (error: Error) => void;
} {
  let resolve = (): void => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((settle, refuse) => {
    resolve = settle;
    reject = refuse;
  });
  return { promise, resolve, reject };
}

const [a, b] = [{ pipe: 'a' }, { pipe: 'b' }];

test('who has everything is let in at once', () => {
  const { enter, seen } = open();
  enter('one', [a]);
  assert.deepEqual(seen, ['one']);
});

test('who waits holds up nobody with whom nothing is shared', async () => {
  const { enter, seen } = open();
  const one = enter('one', [a], 'waits');
  const two = enter('two', [b], 'waits');
  enter('three', []);
  await two.come();
  assert.deepEqual(seen, ['three', 'two']);
  await one.come();
  assert.deepEqual(seen, ['three', 'two', 'one']);
});

test('who shares something is let in in order of arrival, whatever comes first', async () => {
  const { enter, seen } = open();
  const one = enter('one', [a], 'waits');
  const two = enter('two', [a, b], 'waits');
  enter('three', [a]);
  const four = enter('four', [b], 'waits');
  await four.come();
  await two.come();
  assert.deepEqual(seen, []);
  await one.come();
  assert.deepEqual(seen, ['one', 'two', 'three', 'four']);
});

test('who fails is told, and holds up nobody any more', async () => {
  const { enter, seen } = open();
  const one = enter('one', [a], 'waits');
  enter('two', [a]);
  await one.fail();
  assert.deepEqual(seen, ['one failed: no', 'two']);
});

test('who is sent away is neither let in nor told of anything', async () => {
  const { enter, seen, room } = open();
  const waiting = ['one', 'two', 'three'].map((name) => enter(name, [a], 'waits'));
  await waiting[1]?.come();
  assert.deepEqual(
    room.clear().map(({ name }) => name),
    ['one', 'two', 'three'],
  );
  await waiting[0]?.come();
  await waiting[2]?.fail();
  assert.deepEqual(seen, []);
});

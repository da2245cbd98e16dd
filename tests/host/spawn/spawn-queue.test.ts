import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { PendingSpawn } from '../../../lib/host/spawn/spawn-queue.ts';
import { SpawnQueue } from '../../../lib/host/spawn/spawn-queue.ts';

interface Named extends PendingSpawn {
  readonly name: string;
}

/**
 * A queue, the names that it has started or failed, and a function that adds a spawn, which waits for `come` if `wait` is
 * given.
 */
function open(): {
  queue: SpawnQueue<Named>;
  seen: string[];
  enter(name: string, shares: readonly object[], wait?: 'waits'): Controls;
} {
  const seen: string[] = [];
  const queue = new SpawnQueue<Named>(({ name }) => seen.push(name));
  return {
    queue,
    seen,
    enter(name, shares, wait) {
      const { promise, resolve, reject } = withResolvers();
      const pending = { name, shares: new Set(shares) };
      queue.enter(pending, wait === 'waits' ? promise : undefined, (error) => {
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

interface Controls {
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

test('a spawn that waits for nothing starts at once', () => {
  const { enter, seen } = open();
  enter('one', [a]);
  assert.deepEqual(seen, ['one']);
});

test('a waiting spawn does not delay spawns that share nothing with it', async () => {
  const { enter, seen } = open();
  const one = enter('one', [a], 'waits');
  const two = enter('two', [b], 'waits');
  enter('three', []);
  await two.come();
  assert.deepEqual(seen, ['three', 'two']);
  await one.come();
  assert.deepEqual(seen, ['three', 'two', 'one']);
});

test('spawns that share a resource start in order of arrival, whichever is ready first', async () => {
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

test('a failed spawn is reported, and does not delay others any more', async () => {
  const { enter, seen } = open();
  const one = enter('one', [a], 'waits');
  enter('two', [a]);
  await one.fail();
  assert.deepEqual(seen, ['one failed: no', 'two']);
});

test('a spawn that is removed by clear() neither starts nor fails', async () => {
  const { enter, seen, queue } = open();
  const waiting = ['one', 'two', 'three'].map((name) => enter(name, [a], 'waits'));
  await waiting[1]?.come();
  assert.deepEqual(
    queue.clear().map(({ name }) => name),
    ['one', 'two', 'three'],
  );
  await waiting[0]?.come();
  await waiting[2]?.fail();
  assert.deepEqual(seen, []);
});

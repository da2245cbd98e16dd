import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delayOf, exhausted, restartAt, throttle } from '../../../lib/machine/service/backoff.ts';
import type { Backoff } from '../../../lib/model/tree.ts';

const growing: Backoff = { first: 100, factor: 3, cap: 5000, reset: 60_000 };

test('the throttle is the one second of s6', () => {
  assert.equal(throttle, 1000);
});

test('restartAt: without a backoff, a second from now, or from the readiness if it was announced', () => {
  assert.equal(restartAt(undefined, null, 9, 5000), 6000);
  assert.equal(restartAt(undefined, 4700, 9, 5000), 5700);
  assert.equal(restartAt(undefined, 5000, 9, 5000), 6000);
  assert.equal(restartAt(undefined, 4000, 9, 5000), 5000);
  assert.equal(restartAt(undefined, 100, 9, 5000), 5000);
});

test('restartAt: with a backoff, its own delay, whether the readiness was announced or not', () => {
  assert.equal(restartAt(growing, null, 1, 5000), 5100);
  assert.equal(restartAt(growing, 4999, 2, 5000), 5300);
});

test('delayOf: first, then factor times as long for each death in a row, up to the cap', () => {
  const delays = [0, 1, 2, 3, 4, 5, 1000].map((consecutiveDeaths) =>
    delayOf(growing, consecutiveDeaths),
  );
  assert.deepEqual(delays, [100, 100, 300, 900, 2700, 5000, 5000]);
});

test('delayOf: a factor of 1 does not grow; a first of 0 stays 0', () => {
  assert.equal(delayOf({ ...growing, factor: 1 }, 50), 100);
  assert.equal(delayOf({ ...growing, first: 0 }, 50), 0);
  assert.equal(delayOf({ ...growing, first: 0, factor: 10 }, 1_000_000), 0);
});

test('exhausted: true after so many deaths in less than the time', () => {
  const limited = { ...growing, limit: { deaths: 2, within: 1000 } };
  assert.equal(exhausted(limited, [0, 999], 999), true);
  assert.equal(exhausted(limited, [0, 1000], 1000), false);
  assert.equal(exhausted(limited, [999], 999), false);
  assert.equal(exhausted(limited, [], 999), false);
});

test('exhausted: always false without a limit', () => {
  assert.equal(exhausted(growing, [1, 1, 1, 1], 1), false);
  assert.equal(exhausted(undefined, [1, 1, 1, 1], 1), false);
});

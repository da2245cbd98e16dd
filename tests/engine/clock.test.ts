import assert from 'node:assert/strict';
import { stat } from 'node:fs';
import { test } from 'node:test';
import { systemClock } from '../../lib/engine/clock.ts';

/** Milliseconds: more than any test takes. */
const hour = 3_600_000;

test('now() is the time of day in epoch milliseconds', () => {
  assert.ok(Math.abs(systemClock.now() - Date.now()) < hour);
});

test('a wall clock that is set back changes neither now() nor a timer', async (t) => {
  const before = systemClock.now();
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() - hour });
  assert.ok(systemClock.now() >= before);
  const fired = new Promise<number>((resolve) => {
    systemClock.at(before + 5, () => {
      resolve(systemClock.now());
    });
  });
  const at = await fired;
  assert.ok(at >= before + 5 && at < before + hour);
});

test('timeOfDay() follows a wall clock that is set, forward and back', (t) => {
  const moment = systemClock.now();
  const day = 24 * hour;
  for (const step of [day, -day]) {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + step });
    assert.ok(Math.abs(systemClock.timeOfDay(systemClock.now()) - Date.now()) < hour);
    assert.ok(Math.abs(systemClock.timeOfDay(moment) - Date.now()) < hour);
    t.mock.timers.reset();
  }
  assert.ok(Math.abs(systemClock.timeOfDay(moment) - Date.now()) < hour);
});

test('timeOfDay() does not go back while the wall clock is not set', () => {
  let last = 0;
  for (let count = 0; count < 10_000; count += 1) {
    const next = systemClock.timeOfDay(systemClock.now());
    assert.ok(next >= last);
    last = next;
  }
});

test('a timer in the past fires soon, and a cancelled one never', async () => {
  const fired: string[] = [];
  const cancel = systemClock.at(systemClock.now() - 1, () => fired.push('cancelled'));
  cancel();
  await new Promise<void>((resolve) => {
    systemClock.at(0, resolve);
  });
  assert.deepEqual(fired, []);
});

test('a timer for now fires before the shortest timeout', async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    // Node reports processes in this phase of the event loop: immediates follow, then timers.
    stat('/', () => {
      setTimeout(() => {
        order.push('the shortest timeout');
        resolve();
      }, 0);
      systemClock.at(systemClock.now(), () => order.push('the timer'));
      order.push('the turn');
    });
  });
  assert.deepEqual(order, ['the turn', 'the timer', 'the shortest timeout']);
});

test('a timer beyond the limit of setTimeout does not fire early', (t) => {
  const longest = 2 ** 31 - 1;
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let fired = 0;
  const cancel = systemClock.at(systemClock.now() + 3 * longest, () => {
    fired += 1;
  });
  t.mock.timers.tick(longest);
  t.mock.timers.tick(longest);
  assert.equal(fired, 0, 'it is set again for the rest of the time');
  cancel();
  t.mock.timers.tick(3 * longest);
  assert.equal(fired, 0);
});

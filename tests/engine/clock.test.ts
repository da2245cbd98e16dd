import assert from 'node:assert/strict';
import { stat } from 'node:fs';
import { test } from 'node:test';
import { systemClock } from '../../lib/engine/clock.ts';

/** Milliseconds that no test takes. */
const hour = 3_600_000;

test('now is the time of day, in epoch milliseconds', () => {
  assert.ok(Math.abs(systemClock.now() - Date.now()) < hour);
});

test('a wall clock that is set back moves neither now nor an alarm', async (t) => {
  const before = systemClock.now();
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() - hour });
  assert.ok(systemClock.now() >= before);
  const rung = new Promise<number>((resolve) => {
    systemClock.at(before + 5, () => {
      resolve(systemClock.now());
    });
  });
  const at = await rung;
  assert.ok(at >= before + 5 && at < before + hour);
});

test('an alarm for a moment that has passed rings soon, one that is called off never', async () => {
  const rung: string[] = [];
  const cancel = systemClock.at(systemClock.now() - 1, () => rung.push('called off'));
  cancel();
  await new Promise<void>((resolve) => {
    systemClock.at(0, resolve);
  });
  assert.deepEqual(rung, []);
});

test('an alarm for now waits for no timer', async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    // Where news of processes come from: after it come immediates, then timers.
    stat('/', () => {
      setTimeout(() => {
        order.push('the shortest timeout');
        resolve();
      }, 0);
      systemClock.at(systemClock.now(), () => order.push('the alarm'));
      order.push('the turn');
    });
  });
  assert.deepEqual(order, ['the turn', 'the alarm', 'the shortest timeout']);
});

test('an alarm that is later than a timeout can be does not ring early', (t) => {
  const longest = 2 ** 31 - 1;
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let rung = 0;
  const cancel = systemClock.at(systemClock.now() + 3 * longest, () => {
    rung += 1;
  });
  t.mock.timers.tick(longest);
  t.mock.timers.tick(longest);
  assert.equal(rung, 0, 'it is set anew, for what is left by the clock');
  cancel();
  t.mock.timers.tick(3 * longest);
  assert.equal(rung, 0);
});

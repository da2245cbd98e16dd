import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Queue } from '../../lib/model/queue.ts';

test('what is pushed first comes out first, as from an array', () => {
  const deeds = fc.array(fc.constantFrom('push', 'push', 'shift', 'clear'));
  fc.assert(
    fc.property(deeds, (chosen) => {
      const [queue, array] = [new Queue<{ place: number }>(), [] as { place: number }[]];
      for (const [place, deed] of chosen.entries()) {
        if (deed === 'shift') assert.deepEqual(queue.shift(), array.shift());
        else if (deed === 'push') {
          queue.push({ place });
          array.push({ place });
        } else {
          queue.clear();
          array.length = 0;
        }
        assert.equal(queue.length, array.length);
      }
    }),
  );
});

test('a long queue stays in order while it is read', () => {
  const queue = new Queue<{ place: number }>();
  let [pushed, read] = [0, 0];
  const push = (count: number): void => {
    for (let more = 0; more < count; more++) queue.push({ place: (pushed += 1) });
  };
  const shift = (count: number): void => {
    for (let more = 0; more < count; more++) assert.equal(queue.shift()?.place, (read += 1));
  };
  push(5000);
  shift(3000);
  push(100);
  shift(2000);
  assert.equal(queue.length, 100);
  shift(100);
  assert.equal(queue.shift(), undefined);
});

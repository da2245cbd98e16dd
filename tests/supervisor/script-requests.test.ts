import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { requestHandler } from '../../lib/supervisor/script-requests.ts';
import { Desk } from '../programs/rig.ts';

test('services.d is read again by one reading at a time, however often it is asked for', async () => {
  const desk = new Desk([{ name: 'web', run: ['web'] }]).start();
  const ends: ((failed?: Error) => void)[] = [];
  const landlord = requestHandler({
    control: () => desk.control,
    places: () => desk.supervised.places,
    rescan: () =>
      new Promise<void>((resolve, reject) => {
        ends.push((failed) => {
          if (failed === undefined) resolve();
          else reject(failed);
        });
      }),
  });
  for (let count = 0; count < 100; count++) landlord.command('a');
  await nextTurn();
  assert.equal(ends.length, 1);
  ends[0]?.(new Error('the tree is gone'));
  await nextTurn();
  assert.equal(ends.length, 2, 'one more, for all that were asked for meanwhile');
  ends[1]?.();
  await nextTurn();
  assert.equal(ends.length, 2);
  landlord.command('n');
  await nextTurn();
  assert.equal(ends.length, 3);
  ends[2]?.();
});

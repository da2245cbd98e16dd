import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Supervisor } from '../../../lib/index.ts';
import { exit } from '../../../lib/testing/simulation/behaviour.ts';
import { FakeSpawner } from '../../../lib/testing/simulation/fake-spawner.ts';
import { VirtualClock, mostAlarmsAtOnce } from '../../../lib/testing/time/virtual-clock.ts';

/** A clock, and alarms on it that note their name and the moment at which they ring. */
function noting(start?: number) {
  const clock = new VirtualClock(start);
  const rung: string[] = [];
  const alarm = (name: string, time: number): (() => void) =>
    clock.at(time, () => rung.push(`${name} ${String(clock.now())}`));
  return { clock, rung, alarm };
}

test('time passes only in advance()', () => {
  const { clock } = noting();
  assert.equal(clock.now(), 0);
  clock.advance(250);
  assert.equal(clock.now(), 250);
});

test('a clock begins at its start', () => {
  assert.equal(new VirtualClock(1_700_000_000_000).now(), 1_700_000_000_000);
});

test('alarms ring on the way, each at its own moment, in the order of their moments', () => {
  const { clock, rung, alarm } = noting(100);
  alarm('late', 300);
  alarm('early', 200);
  alarm('beyond', 401);
  clock.advance(300);
  assert.deepEqual(rung, ['early 200', 'late 300']);
  assert.equal(clock.now(), 400);
});

test('alarms of one moment ring in the order in which they were set', () => {
  const { clock, rung, alarm } = noting();
  for (const name of ['a', 'b', 'c']) alarm(name, 10);
  clock.advance(10);
  assert.deepEqual(rung, ['a 10', 'b 10', 'c 10']);
});

test('an alarm that an alarm sets rings in the same advance(), if it is due', () => {
  const { clock, rung, alarm } = noting();
  clock.at(10, () => {
    alarm('due', 20);
    alarm('not due', 31);
  });
  clock.advance(30);
  assert.deepEqual(rung, ['due 20']);
});

test('ringNext() rings the alarms of the next moment, and leaves those that they set to the next call', () => {
  const { clock, rung, alarm } = noting();
  clock.ringNext();
  assert.equal(clock.now(), 0, 'nothing happens without an alarm');
  clock.at(10, () => {
    alarm('set by it', 10);
  });
  alarm('set before', 10);
  alarm('later', 30);
  clock.ringNext();
  assert.deepEqual(rung, ['set before 10']);
  clock.ringNext();
  assert.deepEqual(rung, ['set before 10', 'set by it 10']);
  clock.ringNext();
  assert.deepEqual(rung.at(-1), 'later 30');
  assert.deepEqual([clock.now(), clock.alarms], [30, 0]);
});

test('an alarm in the past rings at the next advance(), even by 0 ms, and time does not go back', () => {
  const { clock, rung, alarm } = noting(50);
  alarm('past', 10);
  assert.deepEqual(rung, [], 'not before');
  clock.advance(0);
  assert.deepEqual(rung, ['past 50']);
});

test('a cancelled alarm does not ring, even when an alarm of the same moment cancels it', () => {
  const { clock, rung, alarm } = noting();
  alarm('first', 10)();
  clock.at(20, () => {
    callOff();
  });
  const callOff = alarm('second', 20);
  clock.advance(30);
  assert.deepEqual(rung, []);
});

test('cancelling an alarm that has rung does nothing', () => {
  const { clock, rung, alarm } = noting();
  const callOff = alarm('a', 10);
  alarm('b', 20);
  clock.advance(10);
  callOff();
  clock.advance(10);
  assert.deepEqual(rung, ['a 10', 'b 20']);
});

test('alarms is the number of alarms, next the moment of the next one', () => {
  const { clock, alarm } = noting();
  assert.deepEqual([clock.alarms, clock.next], [0, undefined]);
  alarm('b', 20);
  const callOff = alarm('a', 10);
  assert.deepEqual([clock.alarms, clock.next], [2, 10]);
  callOff();
  assert.deepEqual([clock.alarms, clock.next], [1, 20]);
  clock.advance(20);
  assert.deepEqual([clock.alarms, clock.next], [0, undefined]);
});

test('time never goes back when advance() is called during an advance()', () => {
  const { clock, rung, alarm } = noting();
  clock.at(10, () => {
    clock.advance(100);
  });
  alarm('between', 50);
  clock.advance(20);
  assert.deepEqual(rung, ['between 50']);
  assert.equal(clock.now(), 110);
});

test('thousands of alarms, set and cancelled in any order, ring in order', () => {
  const { clock, rung, alarm } = noting();
  const expected: { readonly time: number; readonly ring: string }[] = [];
  for (let index = 0; index < 3000; index++) {
    const time = (index * 7919) % 1009;
    const callOff = alarm(`alarm${index}`, time);
    if (index % 3 === 0) callOff();
    else expected.push({ time, ring: `alarm${index} ${time}` });
  }
  clock.advance(2000);
  expected.sort((a, b) => a.time - b.time);
  assert.deepEqual(
    rung,
    expected.map(({ ring }) => ring),
  );
});

test('advance() throws on an invalid time', () => {
  const { clock } = noting(50);
  for (const ms of [-1, NaN, Infinity]) {
    assert.throws(
      () => clock.advance(ms),
      RangeError(`A clock advances by 0 or more milliseconds, not by ${ms}.`),
    );
  }
  assert.throws(() => clock.at(NaN, () => undefined), RangeError);
  assert.deepEqual([clock.now(), clock.alarms], [50, 0]);
});

test('a loop without time throws, with the moment and a remedy', () => {
  const clock = new VirtualClock(7);
  const again = (): void => void clock.at(clock.now(), again);
  again();
  assert.throws(
    () => clock.advance(1),
    /20000 alarms have rung at the moment 7, .* repeats without an end.*Let it take some time/,
  );
  assert.throws(() => clock.advance(0), /without an end/, 'it throws again');
});

test('any number of alarms may ring at different moments', () => {
  const clock = new VirtualClock();
  let rung = 0;
  const again = (): void => {
    rung += 1;
    clock.at(clock.now() + (rung % 2), again);
  };
  again();
  clock.advance(mostAlarmsAtOnce);
  assert.ok(rung > mostAlarmsAtOnce);
});

test('a service that is restarted at once for ever is such a loop', () => {
  const clock = new VirtualClock();
  const spawner = new FakeSpawner(clock).script('web', exit(1));
  const web = { name: 'web', run: ['web'], backoff: { first: 0 } };
  const supervisor = new Supervisor({ services: [web] }, { clock, spawner });
  const start = supervisor.start();
  start.catch(() => undefined);
  assert.throws(() => clock.advance(1000), /at the moment 0, and time does not pass/);
  assert.ok(spawner.spawned.length > 1000);
});

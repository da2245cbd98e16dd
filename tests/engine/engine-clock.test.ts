/*
 * A clock that goes back, after the cases of supervisord:
 * `test_finish_running_state_exited_too_quickly_due_to_clock_rollback`, `test_finish_running_state_laststart_in_future` and
 * `test_transition_backoff_to_starting_delay_in_future`. A clock of the engine must never go back; one that does must not
 * break the engine.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LifecycleEvent } from '../../lib/model/event.ts';
import type { Backoff, ServiceSpec } from '../../lib/model/tree.ts';
import { Engine } from '../../lib/engine/engine.ts';
import { FakeSpawner } from '../../lib/testing/simulation/fake-spawner.ts';
import { VirtualClock } from '../../lib/testing/time/virtual-clock.ts';
import { changeInWords } from '../machine/in-words.ts';
import * as inputs from '../machine/samples.ts';
import { asWallClock } from '../wall-clock.ts';

const hour = 3_600_000;

function live(spec: ServiceSpec) {
  const time = new VirtualClock(2 * hour);
  const clock = Object.assign(time, { set: asWallClock(time) });
  const spawner = new FakeSpawner(clock);
  const events: LifecycleEvent[] = [];
  const engine = new Engine(inputs.tree({ services: [spec] }), {
    clock,
    spawner,
    options: inputs.treeOptions(),
    world: {
      prepare: () => Promise.resolve([]),
      reread: () => Promise.resolve({ tree: null, problems: [] }),
      release: () => Promise.resolve([]),
    },
    publish: (event) => events.push(event),
    stepped: () => undefined,
  });
  const command = (input: (typeof inputs)['start' | 'stop']): void => {
    engine.input({ type: 'service', service: spec.name, input });
  };
  const last = (): string => changeInWords(events.at(-1) ?? assert.fail());
  engine.input({ type: 'advance', target: 'services' });
  return { clock, spawner, engine, events, command, last };
}

/** Grows with each death within half a minute after the start. */
const growing: Backoff = { first: 1000, factor: 2, cap: 60_000, reset: 30_000 };

const failure = { code: 1, signal: null };

test('a run that began before the clock went back counts as an early death of zero duration', () => {
  const { clock, spawner, engine, events, last } = live(
    inputs.service('web', { backoff: growing }),
  );
  spawner.child('web').exit(failure);
  clock.advance(1000);
  clock.advance(60_000);
  clock.set(-hour);
  spawner.child('web').exit(failure);
  assert.equal(last(), 'web: up → backoff, code 1 (exited)');
  assert.equal(events.at(-1)?.at, 2 * hour + 1000, 'events keep the time of the last step');
  const { state } = engine.state.units.get('web') ?? assert.fail();
  assert.equal(state.status === 'backoff' && state.deadline, 2 * hour + 1000 + 2000);
});

test('a deadline set before the clock went back passes when the clock reaches it again', () => {
  const { clock, spawner, last } = live(inputs.service('web'));
  spawner.child('web').exit(failure);
  clock.set(-hour);
  clock.advance(1000);
  assert.equal(
    last(),
    'web: up → backoff, code 1 (exited)',
    'not yet, although the timer has fired',
  );
  clock.advance(hour - 1);
  assert.equal(last(), 'web: up → backoff, code 1 (exited)');
  clock.advance(1);
  assert.equal(last(), 'web: starting → up, pid 1002 (spawned)');
  assert.deepEqual(spawner.spawned, ['web', 'web']);
});

test('a start request takes effect at once after the clock went back', () => {
  const { clock, spawner, events, command, last } = live(inputs.service('web'));
  spawner.child('web').exit(failure);
  clock.set(-hour);
  command(inputs.start);
  assert.equal(last(), 'web: starting → up, pid 1002 (spawned)');
  assert.deepEqual([...new Set(events.map(({ at }) => at))], [2 * hour]);
});

test('deaths before the clock went back count against the limit, and expire by the clock', () => {
  const limit = { deaths: 2, within: 10_000 };
  const backoff = { first: 0, factor: 1, cap: 0, reset: hour, limit };
  const { clock, spawner, command, last } = live(inputs.service('web', { backoff }));
  spawner.child('web').exit(failure);
  clock.advance(0);
  clock.set(-hour);
  spawner.child('web').exit(failure);
  assert.equal(last(), 'web: up → failed, code 1 (exited)');
  clock.advance(hour + 10_000);
  command(inputs.start);
  spawner.child('web').exit(failure);
  assert.equal(last(), 'web: up → backoff, code 1 (exited)');
});

test('a clock that jumps forward passes each due deadline once', () => {
  const { clock, spawner, command, last } = live(inputs.service('web', { killTimeout: 10_000 }));
  spawner.script('web', { ignores: ['SIGTERM'] });
  spawner.child('web').exit(failure);
  clock.set(hour);
  clock.advance(1000);
  assert.equal(last(), 'web: starting → up, pid 1002 (spawned)');
  command(inputs.stop);
  clock.set(hour);
  clock.advance(9999);
  assert.deepEqual(spawner.child('web').signals, ['SIGTERM', 'SIGCONT']);
  clock.advance(1);
  assert.equal(last(), 'web: stopping → down, SIGKILL (exited)');
  assert.deepEqual(spawner.spawned, ['web', 'web']);
});

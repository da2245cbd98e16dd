import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Supervisor } from '../../lib/index.ts';
import { FakeSpawner } from '../../lib/testing/simulation/fake-spawner.ts';
import { VirtualClock } from '../../lib/testing/time/virtual-clock.ts';

test('the status shows moments by the wall clock as it is set now', async () => {
  let shift = 0;
  const clock = Object.assign(new VirtualClock(1000), {
    timeOfDay: (moment: number) => moment + shift,
  });
  const spawner = new FakeSpawner(clock);
  const services = [{ name: 'web', run: ['web'] }];
  const supervisor = new Supervisor({ services }, { clock, spawner, reap: false });
  const started = supervisor.start();
  clock.advance(0);
  await started;
  shift = 86_400_000;
  assert.equal(supervisor.service('web').since, 86_401_000);
  assert.equal(supervisor.status().services['web']?.since, 86_401_000);
  clock.advance(2000);
  assert.match(supervisor.explain('web'), /is up for 2 s/);
  const stopped = supervisor.stop();
  spawner.child('web').exit({ code: 0, signal: null });
  clock.advance(0);
  await stopped;
});

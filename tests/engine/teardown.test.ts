import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LifecycleEvent } from '../../lib/model/event.ts';
import { Engine } from '../../lib/engine/engine.ts';
import { FakeSpawner } from '../../lib/testing/simulation/fake-spawner.ts';
import { VirtualClock } from '../../lib/testing/time/virtual-clock.ts';
import * as inputs from '../machine/samples.ts';

const fails = (what: string) => (): never => {
  throw new Error(`${what} failed`);
};

test('a failure in the last clean-up is reported, the other parts run, and the supervisor ends', async () => {
  const clock = new VirtualClock();
  const events: LifecycleEvent[] = [];
  const spawner = Object.assign(new FakeSpawner(clock), {
    close: () => Promise.reject(new Error('close failed')),
  });
  const engine = new Engine(inputs.tree({ root: '/etc' }), {
    ...{ clock, spawner, options: inputs.treeOptions(), stepped: () => undefined },
    publish: (event) => events.push(event),
    world: {
      prepare: () => Promise.resolve([]),
      reread: () => Promise.resolve({ tree: null, problems: [] }),
      exitCode: fails('exitCode'),
      release: fails('release'),
    },
  });
  engine.input({ type: 'end', ending: { reason: 'stopped', exitCode: 7 } });
  await new Promise(setImmediate);
  const problems = events.flatMap((event) => (event.type === 'problem' ? [event.problem] : []));
  assert.deepEqual(
    problems.map(({ code, path, message }) => `${code} ${path} ${message}`),
    ['close', 'exitCode', 'release'].map(
      (what) => `clean-up-failed /etc something may be left: ${what} failed`,
    ),
  );
  assert.equal(engine.state.phase, 'ended');
  assert.equal(engine.state.verdict?.exitCode, 7);
});

// A user's program, compiled against the packed library and run: a tree with real processes, and one in virtual time.
import assert from 'node:assert/strict';
import type { LifecycleEvent, Problem, ServiceStatus, Tree, Verdict } from 'stagekeeper';
import * as library from 'stagekeeper';
import { OptionsError, StagekeeperError, Supervisor, TreeError } from 'stagekeeper';
import { FakeSpawner, VirtualClock, expectOrder, ready, simulate } from 'stagekeeper/testing';

const types: LifecycleEvent['type'][] = [];
const real = new Supervisor(
  {
    init: [{ name: 'first', run: ['true'] }],
    services: [{ name: 'web', run: ['sleep', '60'], restart: 'on-failure', essential: true }],
  },
  { output: 'ignore', timeouts: { kill: 1000 } },
);
real.on('event', (event) => types.push(event.type));
real.on('service', ({ service, to }) => {
  const status: ServiceStatus = to;
  assert.equal(typeof (service + status), 'string');
});
// @ts-expect-error: there is no such event.
assert.throws(() => real.on('typo', () => undefined), { code: 'ERR_OPTIONS' });

await real.start();
assert.equal(real.service('web').status, 'up');
const verdict: Verdict = await real.stop();
assert.deepEqual([verdict.reason, verdict.exitCode], ['stopped', 0]);
assert.ok(types.includes('script') && types.includes('service') && types.includes('phase'));

const tree: Tree = real.tree;
const clock = new VirtualClock();
const fake = new Supervisor(tree, { clock, spawner: new FakeSpawner(clock) });
assert.equal(fake.phase, 'loaded');

await using helper = new Supervisor({ services: [{ name: 'helper', run: ['sleep', '60'] }] });
await helper.start();

await assert.rejects(Supervisor.load('/nowhere'), (error: unknown) => {
  assert.ok(error instanceof TreeError && error instanceof StagekeeperError);
  const problems: readonly Problem[] = error.problems;
  return problems.length > 0 && error.code === 'ERR_TREE';
});

// The bundler has renamed no class: errors take their names from their classes.
for (const [name, it] of Object.entries(library)) assert.equal(it.name, name);

// Both entries share their classes.
await assert.rejects(
  simulate({ 'services.d/web/run': '#!/bin/sh\n' }, { logging: 3 as 2 }),
  (error: unknown) => error instanceof OptionsError && error.name === 'OptionsError',
);

await using life = await simulate({
  'services.d/web/run': '#!/bin/sh\n',
  'services.d/web/notification-fd': '3',
});
life.spawner.script('web', ready(200));
await life.until(life.supervisor.start());
assert.equal((await life.until('ready', { past: true })).duration, 200);
expectOrder(life.transcript, ['web: starting → up', '   200  web: ready']);

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problem } from '../../lib/model/problem.ts';
import type { Clock } from '../../lib/engine/clock.ts';
import type { World } from '../../lib/engine/world.ts';
import type { Spawner } from '../../lib/engine/spawner.ts';
import { exit } from '../../lib/testing/simulation/behaviour.ts';
import { VirtualClock } from '../../lib/testing/time/virtual-clock.ts';
import { changeInWords } from '../machine/in-words.ts';
import * as inputs from '../machine/samples.ts';
import {
  code0,
  engineOn,
  idleWorld,
  manualRig,
  manualSpawner,
  rig,
  settled,
  toServices,
  toTheEnd,
} from './engine-rig.ts';

const { finished, logged, script, service } = inputs;

// Order of effects and events

test('the state is set before an effect is performed, and the effect is performed before a listener is called', () => {
  const found: string[] = [];
  const clock = new VirtualClock();
  const { spawner } = manualSpawner();
  const watched: Spawner = {
    ...spawner,
    spawn: (command, listener) => {
      found.push(`spawned in ${engine.state.phase}`);
      return spawner.spawn(command, listener);
    },
  };
  const { engine, listeners } = engineOn(
    { services: [service('web')] },
    { clock, spawner: watched },
  );
  listeners.push((event) => found.push(changeInWords(event)));
  engine.input(toServices);
  assert.equal(found[0], 'spawned in starting');
  assert.equal(found.at(-1), 'web: down → starting (stage)');
});

test('an input from a listener is handled after the step that the listener is called for', () => {
  const { engine, listeners, to, changes } = rig({ services: [service('api'), service('web')] });
  const statuses: (string | undefined)[] = [];
  listeners.push((event) => {
    if (event.type !== 'service' || event.service !== 'api' || event.to !== 'starting') return;
    to('api', inputs.stop);
    statuses.push(engine.state.units.get('api')?.state.goal);
  });
  engine.input(toServices);
  assert.deepEqual(
    statuses,
    ['up'],
    'the listener sees a finished step, and its own input is not handled yet',
  );
  assert.deepEqual(changes().slice(5), [
    'api: down → starting (stage)',
    'web: down → starting (stage)',
    'api: starting → up, pid 1001 (spawned)',
    'web: starting → up, pid 1002 (spawned)',
    'stage services: completed (spawned)',
    'phase: starting → running (spawned)',
    'api: up → stopping, pid 1001 (stop)',
  ]);
});

test('stepped() is called after each step and its listeners', () => {
  const { engine, listeners, after } = rig({});
  const found: string[] = [];
  listeners.push(({ type }) => found.push(type));
  after.push(() => found.push('stepped'));
  engine.input({ type: 'advance', target: 'init' });
  engine.input(toTheEnd);
  assert.deepEqual(found, [
    'phase',
    'stage',
    'stage',
    'stepped',
    'phase',
    'phase',
    'stage',
    'stage',
    'stepped',
  ]);
});

test('a line that is printed during an event is published after that event', () => {
  const { engine, listeners, child, events, changes } = manualRig({ services: [service('web')] });
  const order: number[] = [];
  listeners.push((event) => {
    if (event.type === 'service' && event.to === 'up') child(0).listener.printed('stdout', 'text');
  });
  listeners.push(({ sequence }) => order.push(sequence));
  engine.input(toServices);
  child(0).listener.spawned(7);
  assert.deepEqual(
    order,
    events.map((_, index) => index + 1),
  );
  assert.equal(changes().at(-1), "web: printed 'text' (printed)");
});

// Events

test('events have numbers without gaps and the time of their step', () => {
  const { engine, clock, events, to } = rig({ services: [service('web')] });
  engine.input(toServices);
  clock.advance(250);
  to('web', inputs.stop);
  assert.deepEqual(
    events.map(({ sequence }) => sequence),
    events.map((_, index) => index + 1),
  );
  assert.deepEqual([events[0]?.at, events.at(-1)?.at], [0, 250]);
});

test('events have the time of day; deadlines and states have that of the clock', () => {
  let shift = 0;
  const clock: Clock = {
    now: () => 1000,
    at: () => () => undefined,
    timeOfDay: (moment) => moment + shift,
  };
  const { spawner } = manualSpawner();
  const { engine, events, to } = engineOn({ services: [service('web')] }, { clock, spawner });
  engine.input(toServices);
  shift = 50_000;
  to('web', inputs.spawned);
  shift = -500;
  to('web', inputs.stop);
  assert.deepEqual([...new Set(events.map(({ at }) => at))], [1000, 51_000, 500]);
  const { state } = engine.state.units.get('web') ?? assert.fail();
  assert.deepEqual([state.since, state.status === 'stopping' && state.deadline], [1000, 11_000]);
});

test('the time of events never goes back, even if the clock does', () => {
  let now = 1000;
  const clock: Clock = { now: () => now, at: () => () => undefined };
  const { spawner } = manualSpawner();
  const { engine, events, to } = engineOn({ services: [service('web')] }, { clock, spawner });
  engine.input(toServices);
  now = 400;
  to('web', inputs.spawned);
  now = 900;
  to('web', inputs.stop);
  assert.deepEqual([...new Set(events.map(({ at }) => at))], [1000]);
  const { state } = engine.state.units.get('web') ?? assert.fail();
  assert.equal(state.status === 'stopping' && state.deadline, 11_000);
});

test('a line of a child is an event, even after its exit', () => {
  const { engine, child, changes } = manualRig({ services: [service('web')] });
  engine.input(toServices);
  child(0).listener.spawned(7);
  child(0).listener.exited(code0, false);
  child(0).listener.printed('stderr', 'last words');
  assert.equal(changes().at(-1), "web: printed 'last words' (printed)");
});

// Time

test('there is one timer, for the nearest deadline, and none without deadlines', () => {
  const { engine, clock, spawner, to } = rig({ services: [finished('api'), service('web')] });
  assert.equal(clock.alarms, 0);
  engine.input(toServices);
  assert.equal(clock.alarms, 0, 'all are up');
  spawner.child('api').exit({ code: 1, signal: null });
  const ownAlarms = (): number => clock.alarms - (spawner.alive.includes('api/finish') ? 1 : 0);
  assert.equal(ownAlarms(), 1);
  spawner.child('web').exit({ code: 1, signal: null });
  assert.equal(ownAlarms(), 1);
  clock.advance(0);
  assert.deepEqual([clock.alarms, clock.next], [1, 1000]);
  to('api', inputs.stop);
  to('web', inputs.stop);
  assert.equal(clock.alarms, 0);
});

test('a timer for the same deadline is not set again', () => {
  const clock = new VirtualClock();
  let set = 0;
  const counting: Clock = {
    now: () => clock.now(),
    at: (time, wake) => {
      set += 1;
      return clock.at(time, wake);
    },
  };
  const { spawner } = manualSpawner();
  const { engine, to } = engineOn({ services: [service('web')] }, { clock: counting, spawner });
  engine.input(toServices);
  to('web', inputs.hangUp);
  to('web', inputs.once);
  assert.equal(set, 1);
});

test('a timer that fires too early is set again', () => {
  let now = 0;
  const alarms: { readonly time: number; readonly wake: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    at: (time, wake) => {
      alarms.push({ time, wake });
      return () => undefined;
    },
  };
  const { spawner, calls, child } = manualSpawner();
  const { engine } = engineOn({ services: [service('web')] }, { clock, spawner });
  engine.input(toServices);
  child(0).listener.spawned(7);
  child(0).listener.exited({ code: 1, signal: null }, false);
  now = 999;
  alarms.at(-1)?.wake();
  assert.deepEqual(calls, ['spawn web']);
  assert.equal(alarms.at(-1)?.time, 1000);
  now = 1000;
  alarms.at(-1)?.wake();
  assert.deepEqual(calls, ['spawn web', 'spawn web']);
});

test('at the end no timer is set and no process is alive', async () => {
  const { engine, clock, spawner } = rig({
    init: [script('10-a')],
    services: [logged('web', { finish: { script: '/finish' } }), service('api')],
    finish: [script('90-z')],
  });
  spawner.script('api', exit(1, 300)).script('web', { ignores: ['SIGTERM'] });
  engine.input(toServices);
  clock.advance(5000);
  engine.input(toTheEnd);
  clock.advance(60_000);
  await settled();
  assert.equal(engine.state.phase, 'ended');
  assert.deepEqual([clock.alarms, spawner.alive], [0, []]);
  assert.deepEqual(engine.state.verdict?.killed, ['web']);
});

// Children

test('a kill reaches only the living child of its owner', () => {
  const { engine, child, to } = manualRig({ services: [service('web')] });
  engine.input(toServices);
  child(0).listener.spawned(7);
  to('web', inputs.stop);
  assert.deepEqual(child(0).kills, ['SIGTERM process', 'SIGCONT process']);
  child(0).listener.exited(code0, false);
  to('web', inputs.start);
  child(1).listener.spawned(8);
  to('web', inputs.hangUp);
  assert.deepEqual([child(0).kills.length, child(1).kills], [2, ['SIGHUP process']]);
});

test('scripts of the same name in two stages and a service of that name are distinct', () => {
  const { engine, children, child } = manualRig({
    init: [script('web')],
    services: [service('web')],
    finish: [script('web')],
  });
  engine.input(toServices);
  child(0).listener.spawned(7);
  child(0).listener.exited(code0, false);
  child(1).listener.spawned(8);
  engine.input(toTheEnd);
  child(1).listener.exited(code0, false);
  child(2).listener.spawned(9);
  child(2).listener.exited({ code: 1, signal: null }, false);
  const { init, finish, units } = engine.state;
  assert.deepEqual(
    [init.status, finish.status, units.get('web')?.state.deaths],
    ['completed', 'failed', 0],
  );
  assert.equal(children.length, 3);
});

test('a late report of a child that has ended is not applied to the next child', () => {
  const { engine, child, changes } = manualRig({
    services: [finished('web', { notificationFd: 3 })],
  });
  engine.input(toServices);
  child(0).listener.spawned(7);
  child(0).listener.exited({ code: 1, signal: null }, false);
  child(1).listener.spawned(8);
  const before = changes();
  child(0).listener.announced();
  child(0).listener.exited(code0, false);
  child(0).listener.unspawnable({ code: 'ENOENT', message: 'no such file' });
  child(0).listener.spawned(7);
  assert.deepEqual(changes(), before);
  assert.equal(engine.state.units.get('web')?.state.status, 'finishing');
});

test('a child that cannot be run gets no signals, and its further reports are ignored', () => {
  const { engine, child, to, changes } = manualRig({ services: [service('web')] });
  engine.input(toServices);
  child(0).listener.unspawnable({ code: 'ENOENT', message: 'no such file' });
  const before = changes();
  child(0).listener.exited(code0, false);
  to('web', inputs.hangUp);
  assert.deepEqual([changes(), child(0).kills], [before, []]);
});

test('a spawner may report everything before spawn() has returned', () => {
  const clock = new VirtualClock();
  const synchronous: Spawner = {
    ...manualSpawner().spawner,
    spawn: (_command, listener) => {
      listener.spawned(7);
      listener.exited({ code: 3, signal: null }, false);
      return {
        kill: () => assert.fail('it is dead'),
        lingers: () => false,
        sweep: (_grace, done) => done([]),
      };
    },
  };
  const { engine, to, changes } = engineOn(
    { services: [service('web')] },
    { clock, spawner: synchronous },
  );
  engine.input(toServices);
  assert.equal(changes().at(-1), 'web: up → backoff, code 3 (exited)');
  to('web', inputs.hangUp);
  to('web', inputs.stop);
});

// Output

test('output of a script has its stage, output of a service has none', () => {
  const { engine, child, events } = manualRig({
    init: [script('web')],
    services: [service('web')],
  });
  engine.input(toServices);
  child(0).listener.spawned(7);
  child(0).listener.printed('stdout', 'first');
  child(0).listener.exited(code0, false);
  child(1).listener.spawned(8);
  child(1).listener.printed('stdout', 'second');
  const printed = events.flatMap((event) =>
    event.type === 'output' ? [[event.line, event.source, event.stage]] : [],
  );
  assert.deepEqual(printed, [
    ['first', 'web', 'init'],
    ['second', 'web', undefined],
  ]);
});

// The world

test('the results of the world become inputs: prepared, reread, released', async () => {
  const asked: string[] = [];
  const world: World = {
    prepare: (rules) => {
      asked.push(`prepare ${String(rules.length)}`);
      return Promise.resolve([problem('fix-attrs-failed', 'p', 'first')]);
    },
    reread: (root) => {
      asked.push(`reread ${root}`);
      const tree = inputs.tree({ root, services: [service('api')] });
      return Promise.resolve({ tree, problems: [problem('rescan-failed', 'p', 'second')] });
    },
    release: () => {
      asked.push('release');
      return Promise.resolve([problem('runtime-directory', 'p', 'third')]);
    },
  };
  const rule = { source: 's', line: 1, path: '/p', recurse: true, account: 'a' };
  const { engine, changes, spawner, clock } = rig({ root: '/etc', fixAttrs: [rule] }, world);
  engine.input(toServices);
  await settled();
  assert.deepEqual([asked, spawner.alive], [['prepare 1', 'reread /etc'], ['api']]);
  engine.input(toTheEnd);
  clock.advance(0);
  await settled();
  assert.deepEqual(asked.slice(2), ['release']);
  assert.deepEqual(
    changes().filter((line) => line.startsWith('problem')),
    [
      'problem fix-attrs-failed: p: first (stage)',
      'problem rescan-failed: p: second (rescan)',
      'problem runtime-directory: p: third (stage)',
    ],
  );
  assert.equal(changes().at(-1), 'phase: finishing → ended (stage)');
});

test('the directory of a service is reread before its control files are used, and only then', async () => {
  const reads: string[] = [];
  const world: World = {
    ...idleWorld,
    reread: (root) =>
      Promise.resolve({ tree: inputs.tree({ root, services: [web] }), problems: [] }),
    rereadService: (root, known) => {
      reads.push(`${root} ${known.name} ${String(known.killTimeout)}`);
      const spec = service('web', { killTimeout: 50 * reads.length });
      return { spec, problems: [problem('value-invalid', 'p', String(reads.length))] };
    },
  };
  const web = service('web');
  const { engine, changes, to, clock } = rig({ root: '/etc', services: [web] }, world);
  engine.input(toServices);
  await settled();
  assert.deepEqual(reads, [], 'everything was just read');
  to('web', inputs.hangUp);
  const before = changes().length;
  to('web', inputs.stop);
  assert.deepEqual(reads, ['/etc web undefined']);
  assert.deepEqual(changes().slice(before, before + 3), [
    'problem value-invalid: p: 1 (rescan)',
    'tree: ~web (rescan)',
    'web: up → stopping, pid 1001 (stop)',
  ]);
  clock.advance(0);
  assert.deepEqual(reads.slice(1), ['/etc web 50'], 'at its end');
  assert.equal(engine.state.units.get('web')?.spec.killTimeout, 100);
});

test('resources are released after the spawner has closed, and the end is reported after that', async () => {
  const order: string[] = [];
  const clock = new VirtualClock();
  const spawner: Spawner = {
    ...manualSpawner().spawner,
    close: async () => {
      await settled();
      order.push('closed');
    },
  };
  const world: World = {
    ...idleWorld,
    release: () => {
      order.push('released');
      return Promise.resolve([]);
    },
  };
  const { engine, listeners } = engineOn({}, { clock, spawner, world });
  const ended = new Promise<void>((resolve) => {
    listeners.push((event) => {
      if (event.type !== 'phase' || event.to !== 'ended') return;
      order.push('ended');
      resolve();
    });
  });
  engine.input(toTheEnd);
  await ended;
  assert.deepEqual(order, ['closed', 'released', 'ended']);
});

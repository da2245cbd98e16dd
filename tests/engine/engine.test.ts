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
  puppeteer,
  puppets,
  rig,
  settled,
  toServices,
  toTheEnd,
} from './engine-rig.ts';

const { finished, logged, script, service } = inputs;

// The order of things

test('the state is in place before an effect is performed, the effect before a listener hears', () => {
  const found: string[] = [];
  const clock = new VirtualClock();
  const { spawner } = puppets();
  const watched: Spawner = {
    ...spawner,
    spawn: (command, listener) => {
      found.push(`spawned in ${engine.state.phase}`);
      return spawner.spawn(command, listener);
    },
  };
  const { engine, hear } = engineOn({ services: [service('web')] }, { clock, spawner: watched });
  hear.push((event) => found.push(changeInWords(event)));
  engine.input(toServices);
  assert.equal(found[0], 'spawned in starting');
  assert.equal(found.at(-1), 'web: down → starting (stage)');
});

test('what a listener asks for comes after the step that it hears of', () => {
  const { engine, hear, to, told } = rig({ services: [service('api'), service('web')] });
  const statuses: (string | undefined)[] = [];
  hear.push((event) => {
    if (event.type !== 'service' || event.service !== 'api' || event.to !== 'starting') return;
    to('api', inputs.stop);
    statuses.push(engine.state.units.get('api')?.state.goal);
  });
  engine.input(toServices);
  assert.deepEqual(statuses, ['up'], 'it finds a finished step, and its own word not taken yet');
  assert.deepEqual(told().slice(5), [
    'api: down → starting (stage)',
    'web: down → starting (stage)',
    'api: starting → up, pid 1001 (spawned)',
    'web: starting → up, pid 1002 (spawned)',
    'stage services: completed (spawned)',
    'phase: starting → running (spawned)',
    'api: up → stopping, pid 1001 (stop)',
  ]);
});

test('after each step, and after its listeners, it says so', () => {
  const { engine, hear, after } = rig({});
  const found: string[] = [];
  hear.push(({ type }) => found.push(type));
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

test('a line that is printed while listeners hear comes after what they are hearing', () => {
  const { engine, hear, child, events, told } = puppeteer({ services: [service('web')] });
  const order: number[] = [];
  hear.push((event) => {
    if (event.type === 'service' && event.to === 'up') child(0).listener.printed('stdout', 'text');
  });
  hear.push(({ sequence }) => order.push(sequence));
  engine.input(toServices);
  child(0).listener.spawned(7);
  assert.deepEqual(
    order,
    events.map((_, index) => index + 1),
  );
  assert.equal(told().at(-1), "web: printed 'text' (printed)");
});

// Events

test('events are numbered without a gap and stamped with the time of their step', () => {
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

test('time never goes back in events, also when the clock does', () => {
  let now = 1000;
  const clock: Clock = { now: () => now, at: () => () => undefined };
  const { spawner } = puppets();
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

test('what a child prints is an event, also after its end', () => {
  const { engine, child, told } = puppeteer({ services: [service('web')] });
  engine.input(toServices);
  child(0).listener.spawned(7);
  child(0).listener.exited(code0, false);
  child(0).listener.printed('stderr', 'last words');
  assert.equal(told().at(-1), "web: printed 'last words' (printed)");
});

// Time

test('there is one alarm, for the nearest deadline, and none when everything rests', () => {
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

test('an alarm that stands already is not set again', () => {
  const clock = new VirtualClock();
  let set = 0;
  const counting: Clock = {
    now: () => clock.now(),
    at: (time, wake) => {
      set += 1;
      return clock.at(time, wake);
    },
  };
  const { spawner } = puppets();
  const { engine, to } = engineOn({ services: [service('web')] }, { clock: counting, spawner });
  engine.input(toServices);
  to('web', inputs.hangUp);
  to('web', inputs.once);
  assert.equal(set, 1);
});

test('an alarm that rings too early does no harm: it is set again', () => {
  let now = 0;
  const alarms: { readonly time: number; readonly wake: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    at: (time, wake) => {
      alarms.push({ time, wake });
      return () => undefined;
    },
  };
  const { spawner, calls, child } = puppets();
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

test('at the end of a life no alarm is set and nobody is alive', async () => {
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

test('a kill reaches the living child of its owner, and nobody else', () => {
  const { engine, child, to } = puppeteer({ services: [service('web')] });
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

test('scripts of the same name in two stages are told apart, and from a service of that name', () => {
  const { engine, children, child } = puppeteer({
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

test('news of a child that is over already is not taken for news of the next one', () => {
  const { engine, child, told } = puppeteer({ services: [finished('web', { notificationFd: 3 })] });
  engine.input(toServices);
  child(0).listener.spawned(7);
  child(0).listener.exited({ code: 1, signal: null }, false);
  child(1).listener.spawned(8);
  const before = told();
  child(0).listener.announced();
  child(0).listener.exited(code0, false);
  child(0).listener.unspawnable({ code: 'ENOENT', message: 'no such file' });
  child(0).listener.spawned(7);
  assert.deepEqual(told(), before);
  assert.equal(engine.state.units.get('web')?.state.status, 'finishing');
});

test('a child that cannot be run is over: nothing is sent to it, nothing more comes of it', () => {
  const { engine, child, to, told } = puppeteer({ services: [service('web')] });
  engine.input(toServices);
  child(0).listener.unspawnable({ code: 'ENOENT', message: 'no such file' });
  const before = told();
  child(0).listener.exited(code0, false);
  to('web', inputs.hangUp);
  assert.deepEqual([told(), child(0).kills], [before, []]);
});

test('a spawner may tell all at once, before spawn has returned', () => {
  const clock = new VirtualClock();
  const hasty: Spawner = {
    ...puppets().spawner,
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
  const { engine, to, told } = engineOn({ services: [service('web')] }, { clock, spawner: hasty });
  engine.input(toServices);
  assert.equal(told().at(-1), 'web: up → backoff, code 3 (exited)');
  to('web', inputs.hangUp);
  to('web', inputs.stop);
});

// Output

test('what a script prints is told with its stage, what a service prints without one', () => {
  const { engine, child, events } = puppeteer({
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

test('the world’s answers come in as inputs: prepared, read again, given back', async () => {
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
  const { engine, told, spawner, clock } = rig({ root: '/etc', fixAttrs: [rule] }, world);
  engine.input(toServices);
  await settled();
  assert.deepEqual([asked, spawner.alive], [['prepare 1', 'reread /etc'], ['api']]);
  engine.input(toTheEnd);
  clock.advance(0);
  await settled();
  assert.deepEqual(asked.slice(2), ['release']);
  assert.deepEqual(
    told().filter((line) => line.startsWith('problem')),
    [
      'problem fix-attrs-failed: p first (stage)',
      'problem rescan-failed: p second (rescan)',
      'problem runtime-directory: p third (stage)',
    ],
  );
  assert.equal(told().at(-1), 'phase: finishing → ended (stage)');
});

test('the directory of a service is looked at before its control files are used, and only then', async () => {
  const looks: string[] = [];
  const world: World = {
    ...idleWorld,
    reread: (root) =>
      Promise.resolve({ tree: inputs.tree({ root, services: [web] }), problems: [] }),
    rereadService: (root, known) => {
      looks.push(`${root} ${known.name} ${String(known.killTimeout)}`);
      const spec = service('web', { killTimeout: 50 * looks.length });
      return { spec, problems: [problem('value-invalid', 'p', String(looks.length))] };
    },
  };
  const web = service('web');
  const { engine, told, to, clock } = rig({ root: '/etc', services: [web] }, world);
  engine.input(toServices);
  await settled();
  assert.deepEqual(looks, [], 'all of it was just read');
  to('web', inputs.hangUp);
  const before = told().length;
  to('web', inputs.stop);
  assert.deepEqual(looks, ['/etc web undefined']);
  assert.deepEqual(told().slice(before, before + 3), [
    'problem value-invalid: p 1 (rescan)',
    'tree: ~web (rescan)',
    'web: up → stopping, pid 1001 (stop)',
  ]);
  clock.advance(0);
  assert.deepEqual(looks.slice(1), ['/etc web 50'], 'at its end');
  assert.equal(engine.state.units.get('web')?.spec.killTimeout, 100);
});

test('things are given back after the spawner has closed, and only then is the end told', async () => {
  const order: string[] = [];
  const clock = new VirtualClock();
  const spawner: Spawner = {
    ...puppets().spawner,
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
  const { engine, hear } = engineOn({}, { clock, spawner, world });
  const ended = new Promise<void>((resolve) => {
    hear.push((event) => {
      if (event.type !== 'phase' || event.to !== 'ended') return;
      order.push('ended');
      resolve();
    });
  });
  engine.input(toTheEnd);
  await ended;
  assert.deepEqual(order, ['closed', 'released', 'ended']);
});

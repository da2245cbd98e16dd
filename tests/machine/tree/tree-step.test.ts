import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  announced,
  deadline,
  drain,
  exited,
  finished,
  hangUp,
  logged,
  once,
  restart,
  script,
  service,
  spawned,
  start,
  stop,
  tree,
  treeOptions,
  unspawnable,
} from '../samples.ts';
import { TreeLife } from '../tree-life.ts';
import type { LifecycleInput } from '../../../lib/machine/service/service-state.ts';
import type { MachineInput } from '../../../lib/machine/tree/tree-state.ts';
import { newTree, nextDeadline, treeStep } from '../../../lib/machine/tree/tree-step.ts';

const everything = {
  init: [script('10-a')],
  services: [logged('web', { finish: { script: '/etc/services.d/web/finish' } })],
  finish: [script('90-z')],
};

test('a new tree: loaded, nothing begun, nothing due', () => {
  const options = treeOptions({ timeouts: { ...treeOptions().timeouts, services: 700 } });
  const state = newTree(tree(everything), { options, now: 5 });
  assert.deepEqual([state.phase, state.target, state.verdict], ['loaded', 'loaded', null]);
  assert.deepEqual(
    [state.init.status, state.services.status, state.finish.status],
    ['pending', 'pending', 'pending'],
  );
  assert.equal(state.grace, 700);
  assert.equal(nextDeadline(state), null);
});

test('a whole life: changes come in causal order, each with its cause', () => {
  const life = new TreeLife(everything);
  const told: string[] = [];
  const also = (step: TreeLife): void => {
    told.push(...step.told);
  };
  also(life.start());
  also(life.script('init', { type: 'spawned', pid: 8 }));
  also(life.script('init', { type: 'exited', exit: { code: 0, signal: null } }));
  also(life.rise('web/log'));
  also(life.rise('web'));
  also(life.stop());
  for (const input of [exited('SIGTERM'), spawned, exited(0)]) also(life.service('web', input));
  also(life.swept('web web'));
  also(life.swept('web'));
  also(life.service('web/log', exited(0)));
  also(life.swept('web/log'));
  also(life.script('finish', { type: 'spawned', pid: 9 }));
  also(life.script('finish', { type: 'exited', exit: { code: 0, signal: null } }));
  also(life.cleared());
  assert.deepEqual(told, [
    'phase: loaded → initializing (stage)',
    'stage init: started (stage)',
    '10-a: started, pid 8 (spawned)',
    '10-a: exited, code 0 after 0 ms (exited)',
    'stage init: completed (exited)',
    'phase: initializing → starting (stage)',
    'stage services: started (stage)',
    'web/log: down → starting (stage)',
    'web: down → starting (stage)',
    'web/log: starting → up, pid 7 (spawned)',
    'web: starting → up, pid 7 (spawned)',
    'stage services: completed (spawned)',
    'phase: starting → running (spawned)',
    'phase: running → stopping (shutdown)',
    'web: up → stopping, pid 7 (shutdown)',
    'web: stopping → finishing, SIGTERM (exited)',
    'web: finishing → down (exited)',
    'web/log: up → stopping, pid 7 (shutdown)',
    'web/log: stopping → down, code 0 (exited)',
    'phase: stopping → finishing (stage)',
    'stage finish: started (stage)',
    '90-z: started, pid 9 (spawned)',
    '90-z: exited, code 0 after 0 ms (exited)',
    'stage finish: completed (exited)',
    'phase: finishing → ended (stage)',
  ]);
  assert.deepEqual(life.state.verdict, { reason: 'stopped', exitCode: 0, killed: [] });
});

test('a step does not modify the state that it is given', () => {
  const setting = { options: treeOptions(), now: 0 };
  let state = newTree(tree({ services: [service('web')] }), setting);
  const inputs: readonly MachineInput[] = [
    { type: 'advance', target: 'services' },
    { type: 'service', service: 'web', input: spawned },
    { type: 'reread', tree: tree({ services: [service('api')] }), problems: [] },
    { type: 'service', service: 'web', input: exited(0) },
    { type: 'swept', service: 'web' },
  ];
  for (const input of inputs) {
    const plain = { ...state, units: [...state.units] };
    const before = structuredClone(plain);
    const { state: after } = treeStep(state, input, setting);
    assert.deepEqual({ ...state, units: [...state.units] }, before, input.type);
    state = after;
  }
  assert.deepEqual([...state.units.keys()], ['api']);
});

test('an input for an unknown service changes nothing', () => {
  const life = new TreeLife({ services: [service('web')] });
  const { state } = life;
  assert.equal(life.service('nobody', start).state, state);
});

test('a change has no field without a value', () => {
  const life = new TreeLife({ services: [service('web')] }).start();
  const changesOf = (input: LifecycleInput): unknown => {
    const setting = { options: treeOptions(), now: life.now };
    return treeStep(life.state, { type: 'service', service: 'web', input }, setting).changes[0];
  };
  const web = { type: 'service', service: 'web' };
  const up = { ...web, from: 'starting', to: 'up', pid: 7, cause: 'spawned' };
  assert.deepEqual(changesOf(spawned), up);
  life.rise('web');
  const exit = { code: 1, signal: null };
  const dead = { ...web, from: 'up', to: 'backoff', exit, cause: 'exited' };
  assert.deepEqual(changesOf(exited(1)), dead);
  life.service('web', exited(1));
  const down = { ...web, from: 'backoff', to: 'down', cause: 'stop' };
  assert.deepEqual(changesOf(stop), down);
});

// Causes

test('the changes of a service have the input as their cause', () => {
  const cause = (life: TreeLife, input: LifecycleInput): string | undefined =>
    /\((\w+)\)$/.exec(life.service('web', input).told.at(-1) ?? '')?.[1];
  const web = (): TreeLife => new TreeLife({ services: [service('web', { notificationFd: 3 })] });
  const up = (): TreeLife => web().service('web', start).rise('web');
  assert.equal(cause(web(), start), 'start');
  assert.equal(cause(web(), once), 'once');
  assert.equal(cause(web(), restart), 'restart');
  assert.equal(cause(up(), stop), 'stop');
  assert.equal(cause(up(), restart), 'restart');
  assert.equal(cause(up(), drain), 'shutdown');
  assert.equal(cause(up(), exited(1)), 'exited');
  assert.equal(cause(up(), announced), 'announced');
  assert.equal(cause(web().service('web', start), spawned), 'spawned');
  assert.equal(cause(web().service('web', start), unspawnable), 'unspawnable');
  assert.equal(cause(up().service('web', exited(1)), deadline), 'deadline');
  assert.deepEqual(up().service('web', hangUp).told, []);
});

// Time

test('a service at rest has no deadline', () => {
  const life = new TreeLife({ services: [service('api'), service('web', { restart: 'never' })] });
  life.start().rise('api web').service('web', exited(1)).service('api', stop);
  life.service('api', exited(0));
  assert.equal(life.standing, 'api down, web failed');
  assert.equal(life.next, null);
  const running = new TreeLife({ services: [service('web')] }).start().rise('web');
  assert.equal(running.next, null, 'up is a resting state');
});

test('the next deadline is the nearest of all', () => {
  const life = new TreeLife({ services: [finished('api'), service('web')] }).start();
  assert.equal(life.next, 5000, 'the readiness timeout of the stage');
  life.rise('api web').service('api', exited(1));
  assert.equal(life.next, 5000, 'the limit of api/finish');
  life.service('web', exited(1));
  assert.equal(life.next, 1000, 'the backoff of web');
});

test('only what is due happens, and everything that is due happens in one step', () => {
  const life = new TreeLife({ services: [service('api'), service('db'), service('web')] }).start();
  life.rise('api db web').service('api', exited(1)).service('db', exited(1));
  life.now = 1;
  life.service('web', exited(1)).until(999);
  assert.deepEqual(life.asked, []);
  life.until(1000);
  assert.deepEqual(life.asked, ['spawn api', 'spawn db']);
  assert.equal(life.next, 1001);
});

// Problems while running

test('a run that cannot be spawned is reported, with the time of the next attempt', () => {
  const problemOf = (life: TreeLife): string | undefined => {
    const [change] = treeStep(
      life.state,
      { type: 'service', service: 'web', input: unspawnable },
      { options: treeOptions(), now: 0 },
    ).changes;
    assert.equal(change?.type, 'problem');
    const { code, path, message, remedy } = change.problem;
    return [code, path, message, remedy ?? '-'].join(' | ');
  };
  const spec = finished('web');
  const started = new TreeLife({ services: [spec] }).start();
  const run = '/etc/services.d/web/run';
  assert.equal(
    problemOf(started),
    `unspawnable | ${run} | the service cannot be run: no such file | It is tried again in 10 s.`,
  );
  const onlyOnce = new TreeLife({ services: [spec] }).service('web', once);
  assert.equal(
    problemOf(onlyOnce),
    `unspawnable | ${run} | the service cannot be run: no such file | -`,
  );
  const ended = started.rise('web').service('web', exited(1));
  assert.equal(
    problemOf(ended),
    'unspawnable | /etc/services.d/web/finish | the finish script cannot be run: no such file | -',
  );
  const inCode = new TreeLife({ services: [service('web', { run: { command: ['nope'] } })] });
  assert.equal(
    problemOf(inCode.service('web', once)),
    'unspawnable | web | the service cannot be run: no such file | -',
  );
});

test('a run beside which processes of an earlier one still run is reported; they are not ended', () => {
  const beside: LifecycleInput = { type: 'spawned', pid: 77, leftBehind: true };
  const life = new TreeLife({ services: [service('web')] }).start();
  life.service('web', beside);
  assert.match(life.told[0] ?? '', /^problem left-behind: web: /);
  assert.deepEqual(life.asked, []);
});

test('leftovers of a run are ended when the run was asked to stop', () => {
  const left: LifecycleInput = { type: 'exited', exit: { code: 0, signal: null } };
  const life = new TreeLife({ services: [service('web')] }).start().rise('web');
  life.service('web', stop).service('web', left);
  assert.deepEqual(life.told, ['web: stopping → down, code 0 (exited)']);
  assert.deepEqual(life.asked, ['sweep web within 3000']);
});

test('a finish script that is killed is reported, and once more when it does not exit after that', () => {
  const life = new TreeLife({ services: [finished('web')] }).start().rise('web');
  life.now = 100;
  life.service('web', exited(1)).until(5100);
  assert.deepEqual(life.told, [
    'problem killed: web/finish: the finish script has not ended after 5000 ms; it is killed (deadline)',
  ]);
  assert.deepEqual(life.until(10_100).told, [
    'problem unkillable: web/finish: the finish script has not exited after SIGKILL; SIGKILL is sent again (deadline)',
  ]);
  assert.deepEqual(
    [life.until(15_100).told, life.asked],
    [[], ['SIGCONT to the group of web', 'SIGKILL to the group of web']],
  );
});

// Sweeps

test('several sweeps of one service may run: the end comes after the last of them', () => {
  const life = new TreeLife({ services: [service('web')] }).start().rise('web');
  life.service('web', restart).service('web', exited(0)).rise('web').stop();
  life.service('web', exited(0));
  assert.equal(life.state.units.get('web')?.sweeps, 2);
  life.swept('web');
  assert.equal(life.state.phase, 'stopping', 'the second is still running');
  life.swept('web');
  assert.equal(life.state.phase, 'finishing');
});

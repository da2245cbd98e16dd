import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as inputs from '../samples.ts';
import { TreeLife } from '../tree-life.ts';
import { servicesToReread } from '../../../lib/machine/tree/control-file-use.ts';
import type { LifecycleInput } from '../../../lib/machine/service/service-state.ts';
import type { MachineInput } from '../../../lib/machine/tree/tree-state.ts';
import type { Tree } from '../../../lib/model/tree.ts';

const { logged, service } = inputs;

const end: MachineInput = { type: 'end', ending: { reason: 'stopped', exitCode: 0 } };

function life(parts: Partial<Tree> = {}): TreeLife {
  const services = [service('api', { down: true }), logged('web')];
  const started = new TreeLife({ root: '/etc', services, ...parts }).start();
  return started.give({ type: 'reread', tree: started.state.tree, problems: [] });
}

function by({ state, now }: TreeLife, input: MachineInput): string {
  return servicesToReread(state, input, now).join(' ');
}

function byService(tree: TreeLife, input: LifecycleInput): string {
  return by(tree, { type: 'service', service: 'web', input });
}

test('a command or an exit consults its service, a start the logger too, other inputs none', () => {
  const tree = life();
  const found = inputs.everyInput.map((input) => [input.type, byService(tree, input)]);
  assert.deepEqual(Object.fromEntries(found), {
    start: 'web/log web',
    once: 'web/log web',
    restart: 'web/log web',
    stop: 'web',
    drain: '',
    signal: '',
    shorten: '',
    forget: '',
    spawned: '',
    unspawnable: 'web',
    announced: '',
    exited: 'web',
    deadline: '',
  });
});

test('a service that was told to stop before it was up is consulted when it is up', () => {
  assert.equal(byService(life().service('web', inputs.stop), inputs.spawned), 'web');
});

test('the end of a delay consults the services that start again then', () => {
  const tree = life().rise('web/log web').service('web', inputs.exited(1));
  tree.now = 999;
  assert.equal(by(tree, { type: 'deadline' }), '');
  tree.now = 1000;
  assert.equal(by(tree, { type: 'deadline' }), 'web');
});

test('the way down consults every service that is not at rest, once', () => {
  const tree = life().rise('web/log web');
  assert.equal(by(tree, end), 'web/log web');
  assert.equal(by(tree, { type: 'advance', target: 'stopped' }), 'web/log web');
  tree.stop();
  assert.deepEqual([by(tree, end), by(tree, { type: 'advance', target: 'stopped' })], ['', '']);
});

test('the way up consults all services only if they are not read again before', () => {
  const tree = new TreeLife({ root: '/etc', services: [service('api'), service('web')] });
  assert.equal(by(tree, { type: 'advance', target: 'services' }), '');
  assert.equal(by(tree, { type: 'advance', target: 'services', skipInit: true }), 'api web');
});

test('a tree that is not from a folder has no control files to consult', () => {
  const tree = new TreeLife({ services: [service('web')] }).start().rise('web');
  assert.deepEqual([by(tree, end), byService(tree, inputs.stop)], ['', '']);
});

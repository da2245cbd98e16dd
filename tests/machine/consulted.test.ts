import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as inputs from './samples.ts';
import { TreeLife } from './tree-life.ts';
import { consulted } from '../../lib/machine/consulted.ts';
import type { Input } from '../../lib/machine/machine.ts';
import type { TreeInput } from '../../lib/machine/state.ts';
import type { Tree } from '../../lib/model/tree.ts';

const { logged, service } = inputs;

const end: TreeInput = { type: 'end', ending: { reason: 'stopped', exitCode: 0 } };

function life(parts: Partial<Tree> = {}): TreeLife {
  const services = [service('api', { down: true }), logged('web')];
  const started = new TreeLife({ root: '/etc', services, ...parts }).start();
  return started.give({ type: 'reread', tree: started.state.tree, problems: [] });
}

function by({ state, now }: TreeLife, input: TreeInput): string {
  return consulted(state, input, now).join(' ');
}

function byService(tree: TreeLife, input: Input): string {
  return by(tree, { type: 'service', service: 'web', input });
}

test('a command or an end looks at its service, a start at the logger too, news of other kinds at nothing', () => {
  const tree = life();
  const found = inputs.everyInput.map((input) => [input.type, byService(tree, input)]);
  assert.deepEqual(Object.fromEntries(found), {
    start: 'web/log web',
    once: 'web/log web',
    restart: 'web/log web',
    stop: 'web',
    drain: '',
    signal: '',
    hurry: '',
    forget: '',
    spawned: '',
    unspawnable: 'web',
    announced: '',
    exited: 'web',
    deadline: '',
  });
});

test('who was told to stop before it was there is looked at when it is', () => {
  assert.equal(byService(life().service('web', inputs.stop), inputs.spawned), 'web');
});

test('the end of a delay looks at whoever comes back then', () => {
  const tree = life().rise('web/log web').service('web', inputs.exited(1));
  tree.now = 999;
  assert.equal(by(tree, { type: 'deadline' }), '');
  tree.now = 1000;
  assert.equal(by(tree, { type: 'deadline' }), 'web');
});

test('the way down looks at whoever does not rest, once', () => {
  const tree = life().rise('web/log web');
  assert.equal(by(tree, end), 'web/log web');
  assert.equal(by(tree, { type: 'advance', target: 'stopped' }), 'web/log web');
  tree.stop();
  assert.deepEqual([by(tree, end), by(tree, { type: 'advance', target: 'stopped' })], ['', '']);
});

test('the way up looks at all only where they are not read again before', () => {
  const tree = new TreeLife({ root: '/etc', services: [service('api'), service('web')] });
  assert.equal(by(tree, { type: 'advance', target: 'services' }), '');
  assert.equal(by(tree, { type: 'advance', target: 'services', skipInit: true }), 'api web');
});

test('a tree that is not from a folder has no control files', () => {
  const tree = new TreeLife({ services: [service('web')] }).start().rise('web');
  assert.deepEqual([by(tree, end), byService(tree, inputs.stop)], ['', '']);
});

/*
 * How the engine keeps and sweeps the leftovers of processes.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as inputs from '../machine/samples.ts';
import { FakeSpawner } from '../../lib/testing/simulation/fake-spawner.ts';
import { VirtualClock } from '../../lib/testing/time/virtual-clock.ts';
import { code0, engineOn, manualRig, settled, toServices, toTheEnd } from './engine-rig.ts';

const { logged, script, service } = inputs;

test('the leftovers of the last run are swept, and the stop waits for the sweep', async () => {
  const { engine, child, calls } = manualRig({ services: [logged('web')] });
  engine.input(toServices);
  for (const index of [0, 1]) child(index).listener.spawned(7);
  engine.input(toTheEnd);
  child(1).listener.exited(code0, true);
  assert.equal(child(1).sweeps[0]?.grace, 3000);
  assert.ok(!calls.includes('closePipe web'), 'the logger still reads the output of the leftovers');
  child(1).sweeps[0]?.done();
  assert.deepEqual(calls.slice(-2), ['closePipe web', 'sweep within 3000 the writers of web']);
  child(0).listener.exited(code0, false);
  await settled();
  assert.equal(engine.state.phase, 'ended');
});

test('leftovers of deaths stay until the service is stopped, and then all of them are swept', () => {
  const { engine, clock, child, to } = manualRig({ services: [service('web')] });
  engine.input(toServices);
  for (const index of [0, 1]) {
    child(index).listener.spawned(7);
    child(index).listener.exited({ code: 1, signal: null }, true);
    assert.equal(child(index).sweeps.length, 0);
    clock.advance(1000);
  }
  to('web', inputs.stop);
  child(2).listener.spawned(8);
  child(2).listener.exited(code0, true);
  assert.deepEqual(
    [0, 1, 2].map((index) => child(index).sweeps.length),
    [1, 1, 1],
  );
  child(0).sweeps[0]?.done();
  child(2).sweeps[0]?.done();
  assert.equal(engine.state.units.get('web')?.sweeps, 1);
  child(1).sweeps[0]?.done();
  assert.equal(engine.state.units.get('web')?.sweeps, 0);
});

test('the end waits for both of two sweeps of one service', async () => {
  const { engine, child, to } = manualRig({ services: [service('web')] });
  engine.input(toServices);
  child(0).listener.spawned(7);
  to('web', inputs.restart);
  child(0).listener.exited(code0, true);
  child(1).listener.spawned(8);
  engine.input(toTheEnd);
  child(1).listener.exited(code0, true);
  child(1).sweeps[0]?.done();
  await settled();
  assert.equal(engine.state.phase, 'stopping', 'the leftovers of the first run still live');
  child(0).sweeps[0]?.done();
  await settled();
  assert.equal(engine.state.phase, 'ended');
});

test('leftovers of scripts stay until the last clean-up', async () => {
  const { engine, child, calls } = manualRig({ init: [script('10-a')] });
  engine.input(toServices);
  child(0).listener.spawned(7);
  child(0).listener.exited(code0, true);
  assert.equal(engine.state.phase, 'running');
  engine.input(toTheEnd);
  await settled();
  assert.equal(child(0).sweeps[0]?.grace, 3000);
  assert.ok(!calls.includes('close'), 'the leftover still lives');
  child(0).sweeps[0]?.done();
  await settled();
  assert.deepEqual([calls.at(-1), engine.state.phase], ['close', 'ended']);
});

test('killed leftovers of services and scripts and killed daemons are reported', async () => {
  const parts = { init: [script('10-a')], services: [service('web')] };
  const { engine, child, changes, daemonSweeps } = manualRig(parts, undefined, {
    mayDaemonize: true,
  });
  engine.input(toServices);
  child(0).listener.spawned(7);
  child(0).listener.exited(code0, true);
  child(1).listener.spawned(8);
  engine.input(toTheEnd);
  child(1).listener.exited(code0, true);
  child(1).sweeps[0]?.done([{ pid: 9, name: 'helper' }]);
  assert.match(changes().join('\n'), /problem killed: web: helper \(pid 9\)/);
  child(0).sweeps[0]?.done([{ pid: 10, name: 'sleep' }]);
  await settled();
  daemonSweeps[0]?.([{ pid: 11, name: 'mysqld' }]);
  await settled();
  const killed = ['web/left-behind', '10-a/left-behind', 'runaway/mysqld'];
  assert.deepEqual(engine.state.verdict?.killed, killed);
});

test('daemons are swept beside leftovers within the kill grace, and a shortened stop shortens both', async () => {
  const parts = { init: [script('10-a')] };
  const { engine, child, calls, daemonSweeps } = manualRig(parts, undefined, {
    mayDaemonize: true,
  });
  engine.input(toServices);
  child(0).listener.spawned(7);
  child(0).listener.exited(code0, true);
  engine.input(toTheEnd);
  assert.deepEqual([child(0).sweeps.length, calls.at(-1)], [1, 'sweep within 3000']);
  engine.input({ type: 'shorten', within: 1000 });
  assert.deepEqual([child(0).sweeps.length, calls.at(-1)], [2, 'sweep within 1000']);
  for (const { done } of child(0).sweeps) done();
  daemonSweeps[0]?.();
  await settled();
  assert.equal(engine.state.phase, 'finishing', 'the second sweep is not over');
  daemonSweeps[1]?.([{ pid: 11, name: 'mysqld' }]);
  await settled();
  assert.deepEqual(engine.state.verdict?.killed, ['runaway/mysqld']);
});

test('a shortened sweep ends with the second one, and the processes that it killed are reported', async () => {
  const { engine, child } = manualRig({ services: [service('web')] });
  engine.input(toServices);
  child(0).listener.spawned(8);
  engine.input(toTheEnd);
  child(0).listener.exited(code0, true);
  engine.input({ type: 'shorten', within: 1000 });
  assert.deepEqual(
    child(0).sweeps.map(({ grace }) => grace),
    [3000, 1000],
  );
  child(0).sweeps[0]?.done();
  assert.equal(engine.state.units.get('web')?.sweeps, 1);
  child(0).sweeps[1]?.done([{ pid: 9, name: 'helper' }]);
  assert.equal(engine.state.units.get('web')?.sweeps, 0);
  await settled();
  assert.deepEqual(engine.state.verdict?.killed, ['web/left-behind']);
});

test('the engine ends with a spawner that has no sweep for daemons', async () => {
  const clock = new VirtualClock();
  const spawner = new FakeSpawner(clock);
  const { spawn, closePipe, close } = spawner;
  const plain = {
    spawn: spawn.bind(spawner),
    closePipe: closePipe.bind(spawner),
    close: close.bind(spawner),
  };
  const { engine } = engineOn({ services: [logged('web')] }, { clock, spawner: plain });
  engine.input(toServices);
  engine.input(toTheEnd);
  clock.advance(0);
  await settled();
  assert.equal(engine.state.phase, 'ended');
});

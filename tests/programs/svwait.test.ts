import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk } from './rig.ts';
import { ready } from '../../lib/testing/behaviour.ts';

const services = ['a', 'b'].map((name) => ({ name, run: [name], down: true }));
const done = { exitCode: 0 };

test('it waits for all of them to be up, or for one, as it is told', async () => {
  const desk = new Desk(services).start();
  const [all, any] = [desk.call('s6-svwait a b'), desk.call('s6-svwait -o a b')];
  let isOver = false;
  void all.then(() => (isOver = true));
  await desk.call('s6-svc -u a');
  assert.deepEqual(await any, done);
  assert.equal(isOver, false);
  await desk.call('s6-svc -u b');
  assert.deepEqual(await all, done);
});

test('a state that is there already is reached', async () => {
  const desk = new Desk(services).start();
  assert.deepEqual(await desk.call('s6-svwait -d a b'), done);
  assert.deepEqual(await desk.call('s6-svwait -D a b'), done);
});

test('-U waits for the announcement, in vain for what never announces', async () => {
  const api = { name: 'api', run: ['api'], notificationFd: 3 };
  const desk = new Desk([api, { name: 'web', run: ['web'] }]);
  desk.spawner.script('api', ready(100));
  desk.start();
  const [announced, never] = [desk.call('s6-svwait -U api'), desk.call('s6-svwait -U -t 500 web')];
  desk.clock.advance(100);
  assert.deepEqual(await announced, done);
  desk.clock.advance(400);
  assert.deepEqual(await never, { exitCode: 99, stderr: 's6-svwait: fatal: timed out' });
});

test('it says how many failed for good meanwhile; those that had before are waited for', async () => {
  const desk = new Desk(
    ['a', 'b'].map((name) => ({ name, run: [name], restart: 'never' })),
  ).start();
  const waiting = desk.call('s6-svwait -r a b');
  await desk.call('s6-svc -k a');
  await desk.call('s6-svc -k b');
  assert.deepEqual(await waiting, { exitCode: 2 });
  const late = desk.call('s6-svwait -u -t 300 a');
  desk.clock.advance(300);
  assert.deepEqual(await late, { exitCode: 99, stderr: 's6-svwait: fatal: timed out' });
});

test('at the end of everything who waits for a service to come up is told, who waits for it to go is content', async () => {
  const desk = new Desk(services).start();
  const [up, down] = [desk.call('s6-svwait -u a b'), desk.call('s6-svwait -r -t 90000 a')];
  desk.control.input({ type: 'end', ending: { reason: 'stopped', exitCode: 0 } });
  desk.clock.advance(0);
  assert.deepEqual([await up, await down], [{ exitCode: 2 }, { exitCode: 1 }]);
});

test('without a directory, or with a time that is none, it says how it is used', async () => {
  const desk = new Desk(services);
  for (const line of ['s6-svwait', 's6-svwait -t soon a']) {
    const told = await desk.call(line);
    assert.equal(told !== 'elsewhere' && told.exitCode, 100, line);
  }
});

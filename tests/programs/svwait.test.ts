import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer } from '../../lib/programs/answer.ts';
import { Desk } from './rig.ts';
import { ready } from '../../lib/testing/simulation/behaviour.ts';

const services = ['a', 'b'].map((name) => ({ name, run: [name], down: true }));
const done = { exitCode: 0 };

test('s6-svwait waits until all services are up, or one of them with -o', async () => {
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

test('s6-svwait ends at once for a state that is already reached', async () => {
  const desk = new Desk(services).start();
  assert.deepEqual(await desk.call('s6-svwait -d a b'), done);
  assert.deepEqual(await desk.call('s6-svwait -D a b'), done);
});

test('s6-svwait -U waits for the readiness, in vain for a service that never announces it', async () => {
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

test('s6-svwait returns how many services failed for good meanwhile; it waits for those that had failed before', async () => {
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

test('when everything ends, a wait for a service to come up fails, and a wait for it to go down succeeds', async () => {
  const desk = new Desk(services).start();
  const [up, down] = [desk.call('s6-svwait -u a b'), desk.call('s6-svwait -r -t 90000 a')];
  desk.control.input({ type: 'end', ending: { reason: 'stopped', exitCode: 0 } });
  desk.clock.advance(0);
  assert.deepEqual([await up, await down], [{ exitCode: 2 }, { exitCode: 1 }]);
});

test('s6-svwait prints its usage when the directory is missing or the time is invalid', async () => {
  const desk = new Desk(services);
  for (const line of ['s6-svwait', 's6-svwait -t soon a']) {
    const told = await desk.call(line);
    assert.equal(told !== 'elsewhere' && told.exitCode, 100, line);
  }
});

test('when its signal aborts, it waits no longer, and what s6-svc was told is done all the same', async () => {
  const desk = new Desk(services).start();
  const abort = new AbortController();
  const call = { directory: '/svc', signal: abort.signal };
  const waiting = answer({ ...call, program: 's6-svwait', args: ['-r', 'a'] }, desk.supervised);
  abort.abort(new Error('it has ended'));
  assert.deepEqual(await waiting, { exitCode: 111, stderr: 's6-svwait: fatal: it has ended' });
  const late = answer({ ...call, program: 's6-svc', args: ['-wr', '-d', 'a'] }, desk.supervised);
  assert.deepEqual(await late, { exitCode: 111, stderr: 's6-svc: fatal: it has ended' });
  assert.equal(desk.control.unit('a')?.state.goal, 'down');
});

test('a service that is named a thousand times is looked up once', async () => {
  const desk = new Desk(services).start();
  let consulted = 0;
  const supervised = {
    ...desk.supervised,
    state: desk.control.state,
    now: desk.control.now,
    input: (): void => {
      consulted += 1;
    },
  };
  const args = ['-d', ...Array.from({ length: 1000 }, () => 'a')];
  const told = await answer({ program: 's6-svwait', args, directory: '/svc' }, supervised);
  assert.deepEqual([told, consulted], [{ exitCode: 0 }, 1]);
});

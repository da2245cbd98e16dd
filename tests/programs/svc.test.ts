import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk } from './rig.ts';
import { exit, ignores, ready } from '../../lib/testing/simulation/behaviour.ts';

const web = { name: 'web', run: ['web'] };
const done = { exitCode: 0 };

test('s6-svc sends the signal of each letter, in their order, and only while run is alive', async () => {
  const desk = new Desk([web]);
  desk.spawner.script('web', ignores('SIGALRM', 'SIGABRT', 'SIGHUP', 'SIGTERM', 'SIGINT'));
  assert.deepEqual(await desk.call('s6-svc -h web'), done);
  desk.start();
  await desk.call('s6-svc -abh web');
  await desk.call('s6-svc -t -i -y -p -c web');
  assert.deepEqual(desk.spawner.child('web').signals, [
    ...['SIGALRM', 'SIGABRT', 'SIGHUP'],
    ...['SIGTERM', 'SIGINT', 'SIGWINCH', 'SIGSTOP', 'SIGCONT'],
  ]);
  const deadly = { q: 'SIGQUIT', k: 'SIGKILL', 1: 'SIGUSR1', 2: 'SIGUSR2' };
  for (const [letter, signal] of Object.entries(deadly)) {
    const one = new Desk([web]).start();
    await one.call(`s6-svc -${letter} web`);
    assert.equal(one.control.unit('web')?.state.lastExit?.signal, signal);
  }
});

test('s6-svc -d stops, -u starts, and -du stops and starts again', async () => {
  const desk = new Desk([web]).start();
  assert.deepEqual(await desk.call('s6-svc -d web'), done);
  assert.deepEqual(desk.spawner.children[0]?.signals, ['SIGTERM', 'SIGCONT']);
  assert.equal(desk.status('web'), 'down');
  await desk.call('s6-svc -u web');
  assert.equal(desk.status('web'), 'up');
  await desk.call('s6-svc -du web');
  desk.clock.advance(1000);
  assert.equal(desk.runs('web'), 3);
  assert.equal(desk.control.unit('web')?.state.goal, 'up');
});

test('s6-svc -r restarts a wanted service, but not one that runs once', async () => {
  const desk = new Desk([{ ...web, downSignal: 'SIGINT' }]).start();
  await desk.call('s6-svc -r web');
  assert.deepEqual(desk.spawner.children[0]?.signals, ['SIGINT', 'SIGCONT']);
  desk.clock.advance(1000);
  assert.equal(desk.status('web'), 'up');
  await desk.call('s6-svc -O web');
  await desk.call('s6-svc -r web');
  desk.clock.advance(5000);
  assert.equal(desk.status('web'), 'down');
});

test('s6-svc -o runs a service that is down once, -O only prevents another start', async () => {
  const desk = new Desk([{ ...web, down: true }]).start();
  await desk.call('s6-svc -O web');
  assert.equal(desk.status('web'), 'down');
  await desk.call('s6-svc -o web');
  assert.equal(desk.status('web'), 'up');
  desk.spawner.child('web').exit();
  desk.clock.advance(5000);
  assert.equal(desk.runs('web'), 1);
});

test('s6-svc -O during a delay cancels the restart', async () => {
  const desk = new Desk([web]);
  desk.spawner.script('web', exit(1));
  desk.start();
  assert.equal(desk.status('web'), 'backoff');
  await desk.call('s6-svc -O web');
  assert.equal(desk.status('web'), 'down');
});

test('s6-svc -D, -Q and -U act as -d, -O and -u, and create or remove the down file', async () => {
  const desk = new Desk([web]).start();
  await desk.call('s6-svc -Q web');
  assert.equal(desk.status('web'), 'up');
  await desk.call('s6-svc -D web');
  assert.equal(desk.status('web'), 'down');
  await desk.call('s6-svc -U web');
  assert.equal(desk.status('web'), 'up');
  const made = 'make the down file of web';
  assert.deepEqual(desk.done, [made, made, 'remove the down file of web']);
});

test('s6-svc -wd waits until run has exited, -wD until finish has exited, too', async () => {
  const desk = new Desk([{ ...web, finish: ['finish'] }]);
  desk.spawner.script('web/finish', exit(0, 200));
  desk.start();
  const [dead, finished] = [desk.call('s6-svc -wd -d web'), desk.call('s6-svc -wD web')];
  assert.deepEqual(await dead, done);
  assert.equal(desk.status('web'), 'finishing');
  desk.clock.advance(200);
  assert.deepEqual(await finished, done);
  assert.equal(desk.status('web'), 'down');
});

test('s6-svc -wU waits for the readiness, and like -wu for a service that never announces it', async () => {
  const api = { name: 'api', run: ['api'], notificationFd: 3 };
  const desk = new Desk([api, web].map((service) => ({ ...service, down: true }))).start();
  desk.spawner.script('api', ready(300));
  assert.deepEqual(await desk.call('s6-svc -wu -u api'), done);
  let announced = false;
  const waiting = desk.call('s6-svc -wU api').then(() => (announced = true));
  assert.deepEqual(await desk.call('s6-svc -wU -u web'), done);
  assert.equal(announced, false);
  desk.clock.advance(300);
  await waiting;
});

test('s6-svc -wr and -wR wait for another run', async () => {
  const desk = new Desk([web]).start();
  let restarted = false;
  const waiting = desk.call('s6-svc -wR -r web').then((told) => {
    restarted = true;
    return told;
  });
  await Promise.resolve();
  assert.equal(restarted, false);
  desk.clock.advance(1000);
  assert.deepEqual(await waiting, done);
  assert.equal(desk.runs('web'), 2);
});

test('s6-svc -T ends the wait with 99', async () => {
  const desk = new Desk([{ ...web, down: true }]).start();
  const waiting = desk.call('s6-svc -wu -T 500 web');
  desk.clock.advance(500);
  assert.deepEqual(await waiting, { exitCode: 99, stderr: 's6-svc: fatal: web: timed out' });
});

test('s6-svc stops waiting with 1 when the service fails for good', async () => {
  const desk = new Desk([{ ...web, restart: 'never' }]).start();
  const waiting = desk.call('s6-svc -wr -k web');
  assert.deepEqual(await waiting, { exitCode: 1, stderr: 's6-svc: fatal: web: it fails for good' });
});

test('s6-svc answers an invalid call with the usage, and does nothing', async () => {
  const desk = new Desk([web]).start();
  for (const line of ['-d', '-z web', '-wx -d web', '-wu -T soon -d web', '-d web api']) {
    const told = await desk.call(`s6-svc ${line}`);
    assert.equal(told !== 'elsewhere' && told.exitCode, 100, line);
    assert.match(told === 'elsewhere' ? told : String(told.stderr), /usage: s6-svc/, line);
  }
  assert.equal(desk.status('web'), 'up');
});

test('s6-svc suggests the nearest name; a directory that is not the supervisor’s is left to the real program', async () => {
  const desk = new Desk([web]);
  const stderr = "s6-svc: fatal: there is no service 'wep'. Did you mean 'web'?";
  assert.deepEqual(await desk.call('s6-svc -d wep'), { exitCode: 111, stderr });
  assert.equal(await desk.call('s6-svc -d /etc'), 'elsewhere');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InterruptedError, OrderError, ServiceFailedError, TimeoutError } from '../../lib/index.ts';
import { exit, ready, simulate } from '../../lib/testing/index.ts';
import { inShort } from '../in-short.ts';
import type { Simulation } from '../../lib/testing/index.ts';

const web = { name: 'web', run: ['web'] };

async function up(life: Simulation): Promise<void> {
  await life.supervisor.start();
}

test('start() starts a service and its logger before the stage starts', async () => {
  const life = await simulate({ services: [{ ...web, logger: { run: ['log'] } }] });
  await life.supervisor.service('web').start();
  assert.deepEqual(life.spawner.alive, ['web/log', 'web']);
  assert.equal(life.supervisor.phase, 'loaded');
  await life.supervisor.stop();
  assert.deepEqual(life.spawner.alive, []);
});

test('a service with a down file starts only with start()', async () => {
  const life = await simulate({ services: [{ ...web, down: true }] });
  await up(life);
  const service = life.supervisor.service('web');
  assert.equal(service.status, 'down');
  assert.equal(service.wanted, false);
  await service.start();
  assert.equal(service.status, 'up');
  assert.equal(service.wanted, true);
});

test('start() resolves when the service is ready', async () => {
  const life = await simulate({ services: [{ ...web, down: true, notificationFd: 3 }] });
  life.spawner.script('web', ready(70));
  const started = life.supervisor.service('web').start();
  await life.advance(69);
  assert.equal(life.supervisor.service('web').ready, false);
  await life.advance(1);
  await started;
  assert.equal(life.events.at(-1)?.type, 'ready');
});

test('start() rejects when the service fails for good', async () => {
  const life = await simulate({
    services: [{ ...web, down: true, notificationFd: 3, restart: 'never' }],
  });
  life.spawner.script('web', exit(4, 10));
  const start = assert.rejects(life.supervisor.service('web').start(), (error) => {
    assert.ok(error instanceof ServiceFailedError);
    assert.deepEqual(error.lastExit, { code: 4, signal: null });
    assert.match(error.message, /web.*exited with code 4.*restart policy is never/);
    return true;
  });
  await life.advance(10);
  await start;
  assert.equal(life.supervisor.service('web').status, 'failed');
});

test('start() rejects at once when the service cannot be run, and the supervisor keeps trying', async () => {
  const life = await simulate({ services: [{ ...web, down: true }] });
  life.spawner.script('web', [{ unspawnable: 'ENOENT' }, {}]);
  const start = assert.rejects(life.supervisor.service('web').start(), ServiceFailedError);
  await life.settle();
  await start;
  assert.ok(inShort(life.events).includes('problem unspawnable'));
  assert.match(life.supervisor.explain('web'), /waits 10 s.*ENOENT/);
  await life.advance(10_000);
  assert.equal(life.supervisor.service('web').status, 'up');
});

test('once() does not restart the service', async () => {
  const life = await simulate({ services: [{ ...web, down: true }] });
  const service = life.supervisor.service('web');
  await service.once();
  assert.equal(service.wanted, false);
  life.spawner.child('web').exit({ code: 1, signal: null });
  await life.advance(60_000);
  assert.equal(service.status, 'down');
  assert.equal(life.spawner.children.length, 1);
});

test('once() rejects on a service that is stopping or finishing, which stays down', async () => {
  await using life = await simulate({ services: [{ name: 'web', run: ['web'], finish: ['f'] }] });
  const service = life.supervisor.service('web');
  life.spawner.script('web', {});
  life.spawner.script('web/finish', exit(0, 100));
  await life.supervisor.start();
  void service.stop();
  await life.settle();
  const onItsWay = { code: 'ERR_INTERRUPTED', message: /'web' is (stopping|finishing): once\(\)/ };
  await assert.rejects(service.once(), onItsWay);
  await life.until(() => service.status === 'finishing');
  await assert.rejects(service.once(), onItsWay);
  await life.until(() => service.status === 'down');
});

test('a signal right after start() reaches run', async () => {
  await using life = await simulate({ services: [{ name: 'web', run: ['web'], down: true }] });
  await life.supervisor.start();
  const service = life.supervisor.service('web');
  const started = service.start();
  service.signal('SIGUSR1');
  await started;
  assert.deepEqual(life.spawner.child('web').signals, ['SIGUSR1']);
});

test('once(event, listener) adds a listener', async () => {
  const life = await simulate({ services: [web] });
  const heard: string[] = [];
  life.supervisor.service('web').once('service', ({ to }) => heard.push(to));
  await up(life);
  assert.deepEqual(heard, ['starting']);
});

test('stop() resolves when the finish script has exited, and the service stays down', async () => {
  const life = await simulate({ services: [{ ...web, finish: ['tidy'] }] });
  await up(life);
  life.spawner.script('web/finish', exit(0, 300));
  const service = life.supervisor.service('web');
  let stopped = false;
  const stop = service.stop().then(() => (stopped = true));
  await life.advance(299);
  assert.equal(service.status, 'finishing');
  assert.equal(stopped, false);
  await life.advance(1);
  await stop;
  await life.advance(60_000);
  assert.equal(service.status, 'down');
  assert.equal(service.deaths, 0, 'a requested exit does not count as a death');
});

test('stop() sends KILL after the kill timeout', async () => {
  const life = await simulate({ services: [web] });
  life.spawner.script('web', { ignores: ['SIGTERM'] });
  await up(life);
  const stop = life.supervisor.service('web').stop({ killTimeout: 500 });
  await life.advance(500);
  await stop;
  assert.deepEqual(life.spawner.children[0]?.signals, ['SIGTERM', 'SIGCONT', 'SIGKILL']);
});

test('stop() rejects after its timeout, and the stop continues', async () => {
  const life = await simulate({ services: [web] });
  life.spawner.script('web', { ignores: ['SIGTERM'] });
  await up(life);
  const stop = assert.rejects(life.supervisor.service('web').stop({ timeout: 5 }), TimeoutError);
  await life.advance(5);
  await stop;
  await life.advance(10_000);
  assert.equal(life.supervisor.service('web').status, 'down');
});

test('stop() rejects when a start interrupts it', async () => {
  const life = await simulate({ services: [web] });
  life.spawner.script('web', { ignores: ['SIGTERM'] });
  await up(life);
  const service = life.supervisor.service('web');
  const stop = assert.rejects(service.stop(), InterruptedError);
  void service.start().catch(() => undefined);
  await stop;
});

test('start() rejects when a stop interrupts it', async () => {
  const life = await simulate({ services: [{ ...web, notificationFd: 3, down: true }] });
  const service = life.supervisor.service('web');
  const start = assert.rejects(service.start(), InterruptedError);
  await life.settle();
  await service.stop();
  await start;
});

test('restart() resolves with a new process, without a delay', async () => {
  const life = await simulate({ services: [web] });
  await up(life);
  const service = life.supervisor.service('web');
  const before = service.pid;
  await service.restart();
  assert.notEqual(service.pid, before);
  assert.equal(service.deaths, 0);
  assert.equal(life.clock.now(), 0);
});

test('restart() of a service in backoff skips the delay', async () => {
  const life = await simulate({ services: [web] });
  await up(life);
  life.spawner.child('web').exit({ code: 1, signal: null });
  await life.settle();
  const service = life.supervisor.service('web');
  assert.equal(service.status, 'backoff');
  await service.restart();
  assert.equal(service.status, 'up');
});

test('start(), restart() and once() reject during a stop', async () => {
  const life = await simulate({ services: [web] });
  life.spawner.script('web', { ignores: ['SIGTERM'] });
  await up(life);
  const stop = life.supervisor.stop();
  const service = life.supervisor.service('web');
  await assert.rejects(service.start(), OrderError);
  await assert.rejects(service.restart(), OrderError);
  await assert.rejects(service.once(), OrderError);
  await life.advance(3000);
  await stop;
});

test('signal() goes to run, and has no effect while run is not alive', async () => {
  const life = await simulate({ services: [{ ...web, down: true }] });
  const service = life.supervisor.service('web');
  service.signal('SIGHUP');
  await service.start();
  service.signal('SIGUSR1');
  assert.deepEqual(life.spawner.child('web').signals, ['SIGUSR1']);
});

test('when() resolves at once in the state, later when the state follows, and rejects when the supervisor ends', async () => {
  const life = await simulate({ services: [web] });
  const service = life.supervisor.service('web');
  await service.when('down');
  const passed: string[] = [];
  for (const state of ['up', 'backoff', 'ready'] as const) {
    void service.when(state).then(() => passed.push(state));
  }
  const never = assert.rejects(service.when('failed'), InterruptedError);
  await up(life);
  life.spawner.child('web').exit();
  await life.settle();
  assert.deepEqual(passed.toSorted(), ['backoff', 'ready', 'up']);
  await life.supervisor.stop();
  await never;
});

test('a service emits its own events', async () => {
  const life = await simulate({ services: [web, { name: 'db', run: ['db'] }] });
  const heard: string[] = [];
  life.supervisor.service('db').on('event', (event) => {
    if (event.type === 'service') heard.push(`${event.service} ${event.to}`);
  });
  await up(life);
  assert.deepEqual(heard, ['db starting', 'db up']);
});

test('deaths, lastExit and explain() describe the last exits', async () => {
  const life = await simulate({ services: [web] });
  await up(life);
  life.spawner.child('web').exit({ code: 9, signal: null });
  await life.settle();
  const service = life.supervisor.service('web');
  assert.equal(service.deaths, 1);
  assert.deepEqual(service.lastExit, { code: 9, signal: null });
  assert.equal(service.pid, undefined);
  assert.equal(
    life.supervisor.explain('web'),
    'web waits 1 s for its restart: it exited with code 9 (1 death).',
  );
});

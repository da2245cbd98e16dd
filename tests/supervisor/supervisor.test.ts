import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { inspect } from 'node:util';
import { test } from 'node:test';
import {
  InitFailedError,
  InterruptedError,
  OptionsError,
  OrderError,
  Supervisor,
  TimeoutError,
  TreeError,
  UnknownServiceError,
} from '../../lib/index.ts';
import type { LifecycleEvent, TreeInput } from '../../lib/index.ts';
import { exit, ready, simulate } from '../../lib/testing/index.ts';
import { inShort } from '../in-short.ts';

const script = (name: string) => ({ name, run: ['true'] });
const web = { name: 'web', run: ['web'] };
const whole: TreeInput = {
  init: [script('init1'), script('init2')],
  services: [{ ...web, finish: ['tidy'], logger: { run: ['log'] } }],
  finish: [script('finish1')],
};

test('a finish script that hangs without a limit does not delay the end', async () => {
  const service = { ...web, finish: ['tidy'], finishTimeout: 0 };
  const life = await simulate({ services: [service] });
  life.spawner.script('web/finish', { exit: { code: 0, signal: null }, after: 1e9 });
  await life.supervisor.start();
  const stop = life.supervisor.stop();
  await life.settle();
  assert.equal(life.supervisor.service('web').status, 'finishing');
  await life.advance(5999);
  assert.equal(life.supervisor.phase, 'stopping');
  await life.advance(1);
  assert.deepEqual((await stop).killed, ['web/finish']);
});

test('a second stop with a shorter kill timeout shortens the stop of services under way', async () => {
  const life = await simulate({ services: [web] });
  life.spawner.script('web', { ignores: ['SIGTERM'] });
  await life.supervisor.start();
  const patient = life.supervisor.stop({ killTimeout: 60_000 });
  await life.advance(100);
  const hurried = life.supervisor.stop({ killTimeout: 50 });
  await life.advance(50);
  assert.deepEqual(await hurried, await patient);
  assert.equal(life.clock.now(), 150);
});

test('the events of a whole life are in order', async () => {
  const { supervisor, events, settle, spawner, clock } = await simulate(whole);
  const life = supervisor.run();
  await settle();
  assert.equal(supervisor.phase, 'running');
  const stopped = supervisor.stop();
  await settle();
  assert.deepEqual(await life, { reason: 'stopped', exitCode: 0, killed: [] });
  assert.deepEqual(await stopped, await life);
  assert.deepEqual(inShort(events), [
    'initializing',
    'init started',
    'init1 started',
    'init1 exited',
    'init2 started',
    'init2 exited',
    'init completed',
    'starting',
    'services started',
    'web/log starting',
    'web starting',
    'web/log up',
    'web up',
    'services completed',
    'running',
    'stopping',
    'web stopping',
    'web finishing',
    'web down',
    'web/log stopping',
    'web/log down',
    'finishing',
    'finish started',
    'finish1 started',
    'finish1 exited',
    'finish completed',
    'ended',
  ]);
  assert.deepEqual(spawner.alive, []);
  assert.equal(clock.alarms, 0);
});

test('start() resolves only when every service is ready', async () => {
  const life = await simulate({ services: [{ ...web, notificationFd: 3 }] });
  life.spawner.script('web', ready(200));
  let started = false;
  const start = life.supervisor.start().then(() => (started = true));
  await life.advance(199);
  assert.equal(started, false);
  assert.equal(life.supervisor.service('web').ready, false);
  await life.advance(1);
  await start;
  assert.equal(life.supervisor.service('web').ready, true);
});

test('start() rejects without a service that is not ready in time, with a problem', async () => {
  const life = await simulate(
    { services: [{ ...web, notificationFd: 3 }] },
    { timeouts: { readiness: 50 } },
  );
  const start = assert.rejects(life.supervisor.start(), { code: 'ERR_START_FAILED' });
  await life.advance(50);
  await start;
  assert.equal(life.supervisor.stages.services.status, 'failed');
  assert.ok(inShort(life.events).includes('problem not-ready'));
});

test('a second start() waits for the same start', async () => {
  const life = await simulate({ services: [web] });
  await Promise.all([life.supervisor.start(), life.supervisor.start()]);
  assert.equal(life.spawner.children.length, 1);
});

for (const onInitFailure of ['continue', 'warn'] as const) {
  test(`a failing init script under '${onInitFailure}' stops nothing`, async () => {
    const life = await simulate(whole, { onInitFailure });
    life.spawner.script('init1', exit(3));
    const start = life.supervisor.start();
    await life.settle();
    await start;
    assert.ok(inShort(life.events).includes('init2 exited'));
    assert.ok(inShort(life.events).includes('init failed'));
    assert.ok(inShort(life.events).includes('problem script-failed'));
    assert.equal(life.supervisor.service('web').status, 'up');
  });
}

test("a failing init script under 'stop' stops everything, and its exit code becomes the verdict's", async () => {
  const life = await simulate(whole, { onInitFailure: 'stop' });
  life.spawner.script('init1', exit(3));
  const start = assert.rejects(life.supervisor.start(), (error) => {
    assert.ok(error instanceof InitFailedError);
    assert.equal(error.verdict.exitCode, 3);
    return true;
  });
  await life.settle();
  await start;
  assert.deepEqual(await life.supervisor.run(), {
    reason: 'init-failed',
    exitCode: 3,
    script: 'init1',
    killed: [],
  });
  assert.ok(inShort(life.events).includes('finish1 exited'));
  assert.equal(inShort(life.events).includes('init2 started'), false);
  assert.equal(inShort(life.events).includes('web starting'), false);
});

test('the exit of an essential service stops everything', async () => {
  const life = await simulate(
    { services: [web, { name: 'db', run: ['db'] }] },
    {
      services: { db: { essential: true, restart: 'never' } },
    },
  );
  const run = life.supervisor.run();
  await life.settle();
  life.spawner.child('db').exit({ code: null, signal: 'SIGSEGV' });
  await life.settle();
  assert.deepEqual(await run, { reason: 'essential', exitCode: 139, service: 'db', killed: [] });
});

test('a stop of an essential service by command stops nothing else', async () => {
  const life = await simulate({ services: [{ ...web, essential: true }] });
  await life.supervisor.start();
  await life.supervisor.service('web').stop();
  assert.equal(life.supervisor.phase, 'running');
});

test("the command runs once the services are up, and its exit code is the verdict's", async () => {
  const life = await simulate(whole);
  life.spawner.script('command', exit(7, 100));
  const run = life.supervisor.run({ command: ['app'] });
  await life.settle();
  assert.ok(
    inShort(life.events).indexOf('command started') > inShort(life.events).indexOf('web up'),
  );
  await life.advance(100);
  assert.deepEqual(await run, { reason: 'command', exitCode: 7, killed: [] });
});

test('stop() during the init stage ends the running script and starts nothing more', async () => {
  const life = await simulate(whole);
  life.spawner.script('init1', exit(0, 60_000));
  const start = assert.rejects(life.supervisor.start(), InterruptedError);
  await life.settle();
  const stop = life.supervisor.stop();
  await life.settle();
  await start;
  assert.equal((await stop).exitCode, 0);
  assert.deepEqual(life.spawner.children[0]?.signals, ['SIGTERM', 'SIGCONT']);
  assert.equal(inShort(life.events).includes('init2 started'), false);
  assert.ok(inShort(life.events).includes('finish1 exited'));
});

test('a service that ignores TERM is killed after its kill timeout, and the verdict names it', async () => {
  const life = await simulate({ services: [web] }, { timeouts: { services: 2000 } });
  life.spawner.script('web', { ignores: ['SIGTERM'] });
  await life.supervisor.start();
  const stop = life.supervisor.stop();
  await life.advance(1999);
  assert.deepEqual(life.spawner.alive, ['web']);
  await life.advance(1);
  assert.deepEqual((await stop).killed, ['web']);
});

test('stop() rejects after its timeout with the names of what is alive, and continues', async () => {
  const life = await simulate({ services: [web] });
  life.spawner.script('web', { ignores: ['SIGTERM'] });
  await life.supervisor.start();
  const late = assert.rejects(life.supervisor.stop({ timeout: 100 }), (error) => {
    assert.ok(error instanceof TimeoutError);
    assert.deepEqual(error.pending, ['web']);
    return true;
  });
  await life.advance(100);
  await late;
  await life.advance(3000);
  assert.equal(life.supervisor.phase, 'ended');
});

test('stop() of a supervisor that was never started runs no finish script', async () => {
  const life = await simulate(whole);
  const stop = life.supervisor.stop();
  await life.settle();
  assert.deepEqual(await stop, { reason: 'stopped', exitCode: 0, killed: [] });
  assert.deepEqual(life.spawner.children, []);
  await assert.rejects(life.supervisor.start(), OrderError);
});

test('await using stops the supervisor', async () => {
  const life = await simulate({ services: [web] });
  await life.supervisor.start();
  await life.supervisor[Symbol.asyncDispose]();
  assert.equal(life.supervisor.phase, 'ended');
});

test('every wait accepts an AbortSignal, and gives no command with an aborted one', async () => {
  const life = await simulate({ services: [{ ...web, notificationFd: 3 }] });
  const { supervisor } = life;
  const reason = new Error('enough');
  const aborted = AbortSignal.abort(reason);
  for (const wait of [
    () => supervisor.start({ signal: aborted }),
    () => supervisor.stop({ signal: aborted }),
    () => supervisor.service('web').start({ signal: aborted }),
    () => supervisor.service('web').once({ signal: aborted }),
    () => supervisor.service('web').stop({ signal: aborted }),
    () => supervisor.service('web').restart({ signal: aborted }),
    () => supervisor.service('web').when('ready', { signal: aborted }),
    () => supervisor.stages.init.run({ signal: aborted }),
    () => supervisor.stages.services.start({ signal: aborted }),
    () => supervisor.stages.services.stop({ signal: aborted }),
    () => supervisor.stages.finish.run({ signal: aborted }),
  ]) {
    await assert.rejects(wait(), reason);
  }
  assert.equal(supervisor.phase, 'loaded');
  assert.deepEqual(life.spawner.children, []);
  const controller = new AbortController();
  const start = assert.rejects(supervisor.start({ signal: controller.signal }), reason);
  await life.settle();
  controller.abort(reason);
  await start;
  assert.equal(supervisor.service('web').status, 'up', 'only the wait has ended');
});

test('run() stops in order when its signal aborts', async () => {
  const life = await simulate(whole);
  const controller = new AbortController();
  const run = life.supervisor.run({ signal: controller.signal });
  await life.settle();
  controller.abort();
  await life.settle();
  assert.equal((await run).reason, 'stopped');
});

test('the supervisor handles signals only during run(), and only with the option', async () => {
  const before = process.listenerCount('SIGTERM');
  const life = await simulate({ services: [web] });
  const run = life.supervisor.run({ signals: true });
  await life.settle();
  assert.equal(process.listenerCount('SIGTERM'), before + 1);
  process.emit('SIGTERM', 'SIGTERM');
  await life.settle();
  assert.deepEqual(await run, { reason: 'signal', signal: 'SIGTERM', exitCode: 143, killed: [] });
  assert.equal(process.listenerCount('SIGTERM'), before);
});

test('the stages can be run one by one', async () => {
  const life = await simulate(whole);
  const { init, services, finish } = life.supervisor.stages;
  const first = init.run();
  await life.settle();
  assert.deepEqual(
    (await first).scripts.map(({ script, exitCode }) => [script, exitCode]),
    [
      ['init1', 0],
      ['init2', 0],
    ],
  );
  assert.deepEqual(life.supervisor.services.get('web')?.status, 'down');
  const second = services.start();
  await life.settle();
  assert.deepEqual(await second, {
    stage: 'services',
    status: 'completed',
    scripts: [],
    failed: [],
    failures: [],
  });
  await assert.rejects(init.run(), OrderError);
  await assert.rejects(finish.run(), OrderError);
  const third = services.stop();
  await life.settle();
  await third;
  assert.equal(life.supervisor.phase, 'stopping');
  const last = finish.run();
  await life.settle();
  assert.equal((await last).status, 'completed');
  assert.equal(life.supervisor.phase, 'ended');
});

test('the stop of the services stage uses the kill timeout of its options', async () => {
  const life = await simulate({ services: [web] });
  life.spawner.script('web', { ignores: ['SIGTERM'] });
  await life.supervisor.start();
  const stop = life.supervisor.stages.services.stop({ killTimeout: 400 });
  await life.advance(399);
  assert.deepEqual(life.spawner.alive, ['web']);
  await life.advance(1);
  assert.equal((await stop).status, 'completed');
});

test('the services can be started without the init stage', async () => {
  const life = await simulate(whole);
  const start = life.supervisor.stages.services.start();
  await life.settle();
  await start;
  assert.equal(inShort(life.events).includes('init1 started'), false);
  assert.equal(life.supervisor.stages.init.status, 'pending');
});

test('events() returns every event from now on, and ends with the supervisor', async () => {
  const life = await simulate({ services: [web] });
  const events = life.supervisor.events();
  await life.supervisor.start();
  await life.supervisor.stop();
  const read: LifecycleEvent[] = [];
  for await (const event of events) read.push(event);
  assert.deepEqual(read, life.events);
  assert.deepEqual(
    read.map(({ sequence }) => sequence),
    read.map((_, index) => index + 1),
  );
});

test('a listener that throws affects no other listener and no service', async () => {
  const life = await simulate({ services: [web] });
  const uncaught: unknown[] = [];
  const listeners = process.rawListeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => uncaught.push(error));
  try {
    const heard: string[] = [];
    life.supervisor.on('service', () => {
      throw new Error('mine');
    });
    life.supervisor.on('service', ({ to }) => heard.push(to));
    await life.supervisor.start();
    await turn();
    assert.deepEqual(heard, ['starting', 'up']);
    assert.equal(uncaught.length, 2);
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener as never);
  }
});

test('a problem without a listener becomes a warning of the process', async () => {
  const life = await simulate({ services: [web] });
  life.supervisor.removeAllListeners();
  life.spawner.script('web', { unspawnable: 'ENOENT' });
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  const start = life.supervisor.start({ allowFailures: true });
  await life.settle();
  await start;
  const warning = await warned;
  assert.equal(warning.name, 'StagekeeperWarning');
  assert.match(warning.message, /web.*ENOENT/);
});

test('service() finds a service, finds a logger as web/log, and suggests a name for an unknown one', async () => {
  const { supervisor } = await simulate(whole);
  assert.equal(supervisor.service('web/log'), supervisor.service('web').logger);
  assert.deepEqual([...supervisor.services.keys()], ['web/log', 'web']);
  assert.throws(
    () => supervisor.service('wbe'),
    (error) =>
      error instanceof UnknownServiceError && error.message.includes("Did you mean 'web'?"),
  );
});

test('an OptionsError names every invalid option', () => {
  assert.throws(
    () =>
      new Supervisor({}, {
        onInitFailure: 'never',
        timeouts: { kill: -1, finnish: 1 },
        output: 7,
      } as never),
    (error) => {
      assert.ok(error instanceof OptionsError);
      assert.deepEqual(error.message.split('\n').slice(1).toSorted(), [
        '  onInitFailure: expected one of "continue"|"warn"|"stop", got "never"',
        '  output: expected one of "inherit"|"lines"|"ignore", got 7',
        '  timeouts.kill: expected a whole number from 0 to 4294967295, got -1',
        '  timeouts: unknown key "finnish". Did you mean \'finish\'?',
      ]);
      return true;
    },
  );
});

test('strict rejects a tree with warnings', () => {
  const overrides = { services: { wbe: { essential: true } } };
  assert.equal(
    new Supervisor({ services: [web] }, overrides).problems[0]?.code,
    'override-unknown',
  );
  assert.throws(
    () => new Supervisor({ services: [web] }, { ...overrides, strict: true }),
    TreeError,
  );
});

test('status() returns plain data', async () => {
  const life = await simulate(whole);
  await Promise.all([life.supervisor.start(), life.advance(500)]);
  const status = life.supervisor.status();
  assert.deepEqual(JSON.parse(JSON.stringify(status)), status);
  assert.equal(status.phase, 'running');
  assert.deepEqual(status.services['web'], {
    status: 'up',
    ready: true,
    wanted: true,
    since: 0,
    deaths: 0,
    pid: life.spawner.child('web').pid,
  });
});

test('console.log(supervisor) prints the tree with its states', async () => {
  const life = await simulate(whole);
  life.spawner.script('init2', exit(1));
  await life.supervisor.start();
  const pid = (name: string): string => String(life.spawner.child(name).pid);
  assert.equal(
    inspect(life.supervisor),
    [
      'Supervisor made in code (running)',
      '├─ init (failed)',
      '│  ├─ init1: exited with code 0',
      '│  └─ init2: exited with code 1',
      '├─ services (completed)',
      `│  └─ web: up, pid ${pid('web')}`,
      `│     └─ log: up, pid ${pid('web/log')}`,
      '└─ finish (pending)',
      '   └─ finish1',
    ].join('\n'),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OptionsError, OrderError, Supervisor } from '../../lib/index.ts';
import type { RunOptions, SignalMap } from '../../lib/index.ts';
import { exit, ignores, ready, sequence, simulate } from '../../lib/testing/index.ts';
import type { SimulateOptions } from '../../lib/testing/index.ts';
import { childrenOf, guardsOf, isAlive, until } from '../processes.ts';

const web = { name: 'web', run: ['web'] };
// The runner of Node 24 and later turns this on, and each USR2 would write a file.
process.report.reportOnSignal = false;

const everySignal = 'SIGTERM SIGINT SIGQUIT SIGHUP SIGUSR1 SIGUSR2 SIGPWR SIGWINCH'.split(
  ' ',
) as readonly NodeJS.Signals[];

/** A life in virtual time that receives the signals of the tests. */
async function living(run: RunOptions, options: SimulateOptions = {}, services = [web]) {
  const life = await simulate({ services, finish: [{ name: '90-z', run: ['bye'] }] }, options);
  const verdict = life.supervisor.run({ signals: true, ...run });
  await life.settle();
  return { ...life, verdict };
}

function send(...signals: readonly NodeJS.Signals[]): void {
  for (const signal of signals) process.emit(signal, signal);
}

function listening(): readonly number[] {
  return everySignal.map((signal) => process.listenerCount(signal));
}

test('each stop signal stops in order, and the exit code is 128 + n', async () => {
  const numbers = { SIGTERM: 15, SIGINT: 2, SIGQUIT: 3, SIGUSR1: 10, SIGUSR2: 12, SIGPWR: 30 };
  const before = listening();
  for (const [name, number] of Object.entries(numbers)) {
    const life = await living({});
    assert.notDeepEqual(listening(), before);
    send(name as NodeJS.Signals);
    await life.settle();
    const verdict = { reason: 'signal', signal: name, exitCode: 128 + number, killed: [] };
    assert.deepEqual(await life.verdict, verdict);
    assert.equal(life.spawner.spawned.at(-1), '90-z');
    assert.deepEqual(listening(), before, 'no handler is left');
  }
});

test('HUP reads the services again, and stops nothing', async () => {
  const life = await simulate({ 'services.d/web/run': '#!/bin/sh\n' });
  const verdict = life.supervisor.run({ signals: true });
  await life.settle();
  await life.write({ 'services.d/new/run': '#!/bin/sh\n' });
  send('SIGHUP');
  await life.settle();
  assert.equal(life.supervisor.service('new').status, 'up');
  assert.equal(life.supervisor.phase, 'running');
  await life.supervisor.stop();
  await verdict;
});

test('a second stop signal limits every wait to one second, and a third changes nothing', async () => {
  const stubborn = await simulate(
    { services: [web], finish: [{ name: '90-z', run: ['bye'] }] },
    { timeouts: { services: 60_000, finish: 60_000 } },
  );
  stubborn.spawner.script('web', ignores('SIGTERM'));
  stubborn.spawner.script('90-z', exit(0, 50_000));
  const verdict = stubborn.supervisor.run({ signals: true });
  await stubborn.settle();
  send('SIGTERM');
  await stubborn.advance(5000);
  assert.equal(stubborn.supervisor.service('web').status, 'stopping');
  send('SIGINT');
  await stubborn.advance(999);
  assert.equal(stubborn.supervisor.service('web').status, 'stopping');
  send('SIGTERM');
  await stubborn.advance(1);
  assert.equal(stubborn.supervisor.phase, 'finishing');
  await stubborn.advance(1000);
  assert.deepEqual(await verdict, {
    ...{ reason: 'signal', signal: 'SIGTERM', exitCode: 143 },
    killed: ['web', '90-z'],
  });
  assert.equal(stubborn.clock.now(), 7000);
});

test('the first signal during a stop that was not caused by a signal does not shorten the stop', async () => {
  const patient = { ...web, killTimeout: 60_000 };
  const other = await simulate({ services: [patient] }, { timeouts: { services: 60_000 } });
  other.spawner.script('web', ignores('SIGTERM'));
  const verdict = other.supervisor.run({ signals: true });
  await other.settle();
  const stopped = other.supervisor.stop();
  send('SIGTERM');
  await other.advance(30_000);
  assert.equal(other.supervisor.service('web').status, 'stopping');
  await other.advance(30_000);
  assert.equal((await verdict).reason, 'stopped');
  await stopped;
});

test('a stop signal after a signal that was passed on to the command does not shorten the stop', async () => {
  const signals: SignalMap = { SIGTERM: 'command', SIGINT: 'stop' };
  const life = await living({ command: ['app'], signals });
  life.spawner.child('command');
  life.spawner.script('command', ignores('SIGTERM'));
  send('SIGTERM', 'SIGINT');
  await life.settle();
  assert.equal(life.supervisor.phase === 'running', false);
  const { reason, signal } = await life.until(life.verdict);
  assert.deepEqual([reason, signal], ['signal', 'SIGINT']);
});

test("under S6_CMD_RECEIVE_SIGNALS signals go to the command, and its exit code is the verdict's", async () => {
  const variables = { S6_CMD_RECEIVE_SIGNALS: '1' };
  const life = await living({ command: ['app'] }, { variables });
  const child = life.spawner.child('command');
  send('SIGWINCH');
  assert.deepEqual(child.signals, ['SIGWINCH']);
  send('SIGTERM');
  await life.settle();
  assert.deepEqual(child.signals, ['SIGWINCH', 'SIGTERM']);
  assert.deepEqual(await life.verdict, { reason: 'command', exitCode: 143, killed: [] });
});

test('during a stop a signal shortens the stop instead of going to the command', async () => {
  const variables = { S6_CMD_RECEIVE_SIGNALS: '1' };
  const timeouts = { services: 60_000 };
  for (const before of [[], ['SIGTERM']] as const) {
    const life = await simulate({ services: [web] }, { variables, timeouts });
    life.spawner.script('command', ignores('SIGTERM'));
    const verdict = life.supervisor.run({ command: ['app'], signals: true });
    await life.settle();
    const child = life.spawner.child('command');
    send(...before);
    await life.call('/run/s6/basedir/bin/halt');
    await life.settle();
    const heard = [...before, 'SIGTERM', 'SIGCONT'];
    assert.deepEqual(child.signals, heard);
    send('SIGWINCH', 'SIGINT');
    if (before.length === 0) {
      await life.advance(30_000);
      assert.equal(child.alive, true, 'the first signal shortens nothing');
      send('SIGTERM');
    }
    assert.deepEqual(child.signals, [...heard, 'SIGWINCH']);
    await life.advance(1000);
    assert.deepEqual((await verdict).killed, ['command']);
  }
});

test('without a command, signals for the command have their default actions', async () => {
  const variables = { S6_CMD_RECEIVE_SIGNALS: '1' };
  const life = await living({}, { variables });
  send('SIGWINCH');
  assert.equal(life.supervisor.phase, 'running');
  send('SIGUSR1');
  await life.settle();
  assert.equal((await life.verdict).exitCode, 138);
});

test('a map sets the action of each signal', async () => {
  const signals: SignalMap = { SIGTERM: 'ignore', SIGUSR1: 'command', SIGUSR2: 'stop' };
  const before = listening();
  const life = await living({ command: ['app'], signals });
  assert.equal(listening()[1], before[1], 'a signal outside the map is left to the host');
  const child = life.spawner.child('command');
  send('SIGTERM', 'SIGUSR1');
  assert.deepEqual(child.signals, ['SIGUSR1']);
  await life.settle();
  assert.equal((await life.verdict).exitCode, 138);
  assert.deepEqual(listening(), before);
});

test('the command waits for readiness with the option or with S6_CMD_WAIT_FOR_SERVICES', async () => {
  const api = { ...web, notificationFd: 3 };
  const runs = async (run: RunOptions, variables = {}): Promise<boolean> => {
    const life = await simulate({ services: [api] }, { variables });
    life.spawner.script('web', sequence(ready(100), ignores()));
    const verdict = life.supervisor.run({ command: ['app'], ...run });
    await life.settle();
    const isThere = life.spawner.spawned.includes('command');
    await life.advance(100);
    assert.equal(life.spawner.spawned.includes('command'), true);
    await life.supervisor.stop();
    await verdict;
    return isThere;
  };
  assert.equal(await runs({}), true);
  assert.equal(await runs({ waitForServices: true }), false);
  assert.equal(await runs({}, { S6_CMD_WAIT_FOR_SERVICES: '1' }), false);
  assert.equal(await runs({}, { S6_CMD_WAIT_FOR_SERVICES: '0' }), true);
  assert.equal(await runs({ waitForServices: false }, { S6_CMD_WAIT_FOR_SERVICES: '1' }), true);
});

test('an empty command counts as none', async () => {
  const life = await living({ command: [] });
  assert.deepEqual(life.spawner.spawned, ['web']);
  await life.supervisor.stop();
  await life.verdict;
});

test('a second command is rejected', async () => {
  const life = await living({ command: ['app'] });
  await assert.rejects(life.supervisor.run({ command: ['another'] }), OrderError);
  await life.supervisor.stop();
  await life.verdict;
});

test('run() rejects invalid options before anything runs', async () => {
  const life = await simulate({ services: [web] });
  const wrong = [
    { signals: { SIGKILL: 'stop' } },
    { signals: { SIGTERM: 'perhaps' } },
    { waitForServices: 1 },
    { command: ['sh', 7] },
  ];
  for (const options of wrong)
    await assert.rejects(life.supervisor.run(options as never), OptionsError);
  assert.deepEqual(life.spawner.spawned, []);
});

const sleeping = { services: [{ name: 'web', run: ['sleep', '600'] }] };
const isProcess1 = process.pid === 1 ? 'process 1 needs no guard' : false;

test(
  'run() starts a guard, and the guard exits when the run has ended',
  { skip: isProcess1 },
  async () => {
    const before = childrenOf(process.pid);
    const supervisor = new Supervisor(sleeping);
    const life = supervisor.run();
    await supervisor.service('web').when('up');
    const [guard = 0, ...more] = guardsOf(process.pid);
    assert.deepEqual([isAlive(guard), more], [true, []]);
    await supervisor.stop();
    await life;
    await until(() => childrenOf(process.pid).length === before.length, 'the end of the guard');
  },
);

test('a guard runs under start() and under run(), and none does with guard: false', async () => {
  const guards = async (how: 'start' | 'run', guard?: boolean): Promise<number> => {
    await using supervisor = new Supervisor(sleeping, guard === undefined ? {} : { guard });
    const life = how === 'run' ? supervisor.run() : supervisor.start();
    await supervisor.service('web').when('up');
    const { length } = guardsOf(process.pid);
    await supervisor.stop();
    await life;
    return length;
  };
  const asked = process.pid === 1 ? 0 : 1;
  assert.equal(await guards('start'), asked);
  assert.equal(await guards('run', true), asked);
  assert.equal(await guards('start', false), 0);
  assert.equal(await guards('run', false), 0);
});

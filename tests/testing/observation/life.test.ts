import assert, { AssertionError } from 'node:assert/strict';
import { test } from 'node:test';
import { OptionsError } from '../../../lib/index.ts';
import { exit, ready, simulate, trial } from '../../../lib/testing/index.ts';
import { fine } from '../../loader/trees.ts';

/*
 * What until() waits for, in virtual time; the last tests check the same with real processes.
 */

const web = { 'services.d/web/run': fine, 'services.d/web/notification-fd': '3' };
const up = { type: 'service', service: 'web', to: 'up' } as const;

async function failureOf(waiting: Promise<unknown>): Promise<string> {
  const error: unknown = await waiting.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof AssertionError, String(error));
  return error.message;
}

test('until() waits for an event by its type', async () => {
  await using life = await simulate(web);
  life.spawner.script('web', ready(300));
  void life.supervisor.run();
  const event = await life.until('ready');
  assert.deepEqual([event.type, event.service, event.duration], ['ready', 'web', 300]);
  assert.equal(life.clock.now(), 300);
});

test('until() waits for an event by a part of it, at every level', async () => {
  await using life = await simulate(web);
  life.spawner.script('web', [exit(0, 10), exit(3, 10), {}]);
  void life.supervisor.run();
  const event = await life.until({ type: 'service', service: 'web', exit: { code: 3 } });
  assert.deepEqual([event.to, event.at], ['backoff', 1020]);
});

test('until() waits for an event that a predicate accepts', async () => {
  await using life = await simulate(web);
  life.spawner.script('web', ready(300));
  void life.supervisor.run();
  const event = await life.until((it) => it.type === 'ready' && it.duration > 200);
  assert.equal(event?.type, 'ready');
});

test('until() waits for a condition, which may hold at once or later', async () => {
  await using life = await simulate(web);
  life.spawner.script('web', ready(300));
  assert.equal(await life.until(() => true), undefined);
  void life.supervisor.run();
  await life.until(() => life.supervisor.service('web').ready);
  assert.equal(life.clock.now(), 300);
});

test('until() notices a condition that holds only for a moment', async () => {
  await using life = await simulate(web);
  life.spawner.script('web', ready());
  void life.supervisor.run();
  await life.until(() => life.supervisor.phase === 'starting');
  assert.equal(life.supervisor.phase, 'running', 'what needs no time has happened too');
});

test('an error in a predicate rejects its own wait and no other', async () => {
  await using life = await simulate(web);
  life.spawner.script('web', ready(300));
  void life.supervisor.run();
  const isThere = (): boolean => {
    if (life.supervisor.phase === 'running') throw new RangeError('no');
    return false;
  };
  const other = life.until(() => life.supervisor.phase === 'running');
  await assert.rejects(life.until(isThere), RangeError);
  await other;
  const fails = (): never => {
    throw new RangeError('no');
  };
  await assert.rejects(life.until(fails), RangeError);
  await assert.rejects(
    life.until(() => fails(), { past: true }),
    RangeError,
  );
});

test('until() settles like a given promise', async () => {
  await using life = await simulate(web);
  life.spawner.script('web', ready(300));
  assert.equal(await life.until(Promise.resolve(7)), 7);
  await assert.rejects(life.until(Promise.reject(new RangeError('no'))), RangeError);
  await life.until(life.supervisor.start());
  assert.equal(life.clock.now(), 300);
});

test('events that the test has just caused count', async () => {
  await using life = await simulate(web);
  void life.supervisor.run();
  await life.until({ type: 'phase', to: 'initializing' });
  life.spawner.child('web').ready();
  await life.until('ready');
});

test('events of the same moment as the last awaited event count', async () => {
  await using life = await simulate(web);
  life.spawner.script('web', ready(300));
  void life.supervisor.run();
  await life.until({ type: 'phase', to: 'initializing' });
  await life.until({ type: 'phase', to: 'starting' });
  await life.until(up);
  await life.until('ready');
  assert.equal((await life.until({ type: 'phase', to: 'running' })).at, 300);
});

test('earlier events do not count', async () => {
  await using life = await simulate(web);
  life.spawner.script('web', [{ ...ready() }, ready()]);
  await life.until(life.supervisor.start());
  life.spawner.child('web').exit({ code: 1, signal: null });
  assert.equal((await life.until(up)).at, 1000);
  await life.settle();
  life.spawner.child('web').exit({ code: 1, signal: null });
  assert.equal((await life.until(up)).at, 2000);
});

test('events before a promise of the supervisor has resolved do not count', async () => {
  await using life = await simulate({ 'services.d/web/run': fine });
  await life.supervisor.start();
  life.spawner.child('web').exit();
  assert.equal((await life.until(up)).at, 1000);
});

test('earlier events count with past: true', async () => {
  await using life = await simulate(web);
  life.spawner.script('web', ready(300));
  await life.until(life.supervisor.start());
  assert.equal((await life.until(up, { past: true })).at, 0);
  assert.equal((await life.until('ready', { past: true })).at, 300);
  const stopping = life.until({ type: 'phase', to: 'stopping' }, { past: true });
  void life.supervisor.stop();
  assert.equal((await stopping).to, 'stopping');
});

test('two waits at once', async () => {
  await using life = await simulate(web);
  life.spawner.script('web', ready(300));
  void life.supervisor.run();
  const [one, other] = await Promise.all([life.until(up), life.until('ready')]);
  assert.deepEqual([one.at, other.at], [0, 300]);
});

test('a wait that can no longer be met rejects with the last events', async () => {
  await using life = await simulate(web);
  const message = await failureOf(life.until(up));
  assert.match(
    message,
    /^until\(\{ type: 'service', service: 'web', to: 'up' \}\): nothing further/,
  );
  assert.match(message, /Nothing has happened yet/);
  life.spawner.script('web', ready());
  await life.until(life.supervisor.start());
  const later = await failureOf(life.until(up));
  assert.match(later, /It came before, as event \d+, which counts with `past: true` only/);
  assert.match(later, /What came last:\n[^]*web: starting → up/);
});

test('a wait for a service that does not exist names the nearest one', async () => {
  await using life = await simulate(web);
  const message = await failureOf(life.until({ type: 'service', service: 'wbe', to: 'failed' }));
  assert.match(message, /\nNo service is named 'wbe'\. Did you mean 'web'\? There are: web\.\n/);
});

test('a wait rejects after its timeout', async () => {
  await using life = await simulate(web);
  life.spawner.script('web', exit(1, 5000));
  void life.supervisor.run();
  const message = await failureOf(life.until('ready', { timeout: 60_000 }));
  assert.match(message, /it did not come in time/);
  assert.ok(life.clock.now() <= 60_000);
  assert.ok(life.clock.now() > 50_000);
});

test('a wait for what never comes ends after five minutes of virtual time, and says what came meanwhile', async () => {
  await using life = await simulate(web);
  life.spawner.script('web', exit(1));
  void life.supervisor.run();
  const message = await failureOf(life.until('ready'));
  assert.equal(life.clock.now(), 300_000);
  assert.match(message, /it did not come in time \(by default .* the option timeout replaces both/);
  assert.match(
    message,
    /; \d{3,4} events came meanwhile\.\nWhat came last:\n[^]*web: up → backoff, code 1/,
  );
});

test('a wait for what never comes ends after 10,000 events', async () => {
  const backoff = { first: 1, factor: 1, cap: 1, reset: 1 };
  await using life = await simulate(web, { services: { web: { backoff } } });
  life.spawner.script('web', exit(1));
  void life.supervisor.run();
  const message = await failureOf(life.until('ready'));
  assert.match(
    message,
    /it is not among the first events \(by default .*; 100\d\d events came meanwhile/,
  );
  assert.ok(life.clock.now() < 60_000);
  const more = await failureOf(life.until('ready', { timeout: 10_000 }));
  assert.match(more, /it did not come in time; \d{5} events came meanwhile/);
});

test('the default timeout is five minutes', async () => {
  await using life = await simulate(web);
  life.spawner.script('web', ready(300_000));
  void life.supervisor.run();
  await life.until('ready');
  life.spawner.child('web').exit();
  life.spawner.script('web', ready(3_600_000));
  await failureOf(life.until('ready'));
});

test('invalid expectations are rejected', async () => {
  await using life = await simulate(web);
  const none = 'redy' as 'ready';
  await assert.rejects(life.until(none), (error) => {
    assert.ok(error instanceof OptionsError);
    assert.match(error.message, /No event is of type 'redy'. Did you mean 'ready'\?/);
    return true;
  });
  await assert.rejects(life.until({ type: none }), OptionsError);
  for (const timeout of [-1, NaN]) {
    await assert.rejects(life.until(up, { timeout }), /RangeError: .* not for (-1|NaN)/);
    await assert.rejects(life.until(Promise.resolve(), { timeout }), RangeError);
  }
});

test('until() works the same with real processes', async () => {
  await using life = await trial({
    'services.d/web/run': '#!/bin/sh\necho one\nsleep 0.02\necho two >&2\nexec sleep 600\n',
  });
  void life.supervisor.run();
  await life.until({ type: 'phase', to: 'initializing' });
  assert.equal((await life.until(up)).type, 'service');
  assert.equal((await life.until({ type: 'output', line: 'two' })).stream, 'stderr');
  await life.until(() => life.supervisor.phase === 'running');
  life.supervisor.service('web').signal('SIGKILL');
  await life.until({ type: 'service', exit: { signal: 'SIGKILL' } });
  await life.until(up);
  assert.equal((await life.until(life.supervisor.stop())).reason, 'stopped');
});

test('until() rejects after its timeout with real processes', async () => {
  await using life = await trial({ 'services.d/web/run': '#!/bin/sh\nexec sleep 600\n' });
  await life.supervisor.start();
  const message = await failureOf(life.until('ready', { timeout: 30 }));
  assert.match(message, /it did not come within 30 ms/);
  assert.match(message, /web: starting → up/);
});

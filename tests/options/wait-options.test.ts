import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OptionsError, OrderError, TimeoutError } from '../../lib/index.ts';
import type { LifecycleEvent } from '../../lib/index.ts';
import { exit, simulate } from '../../lib/testing/index.ts';

const web = { name: 'web', run: ['web'] };

/** Passes a value that TypeScript would reject. */
const wrong = (value: unknown): never => value as never;

test('a wait with invalid options gives no command', async () => {
  const life = await simulate({ services: [web] });
  const { supervisor } = life;
  const service = supervisor.service('web');
  const waits: Record<string, () => Promise<unknown>> = {
    'timeout: expected a whole number': () => supervisor.start({ timeout: Number.NaN }),
    'timeout: expected a whole number from': () => service.start({ timeout: -1 }),
    'killTimeout: expected a whole number': () => service.stop({ killTimeout: wrong('x') }),
    'killTimeout: expected a whole number from': () => supervisor.stop({ killTimeout: -5 }),
    'signal: expected an AbortSignal': () => service.once({ signal: wrong({}) }),
    'unknown key "timeuot". Did you mean \'timeout\'?': () =>
      service.when('up', wrong({ timeuot: 1 })),
    'command: Invalid input: expected array': () => supervisor.run({ command: wrong('sh -c x') }),
  };
  for (const [message, wait] of Object.entries(waits)) {
    await assert.rejects(wait(), (error) => {
      assert.ok(error instanceof OptionsError, String(error));
      assert.ok(error.message.includes(message.replace('Invalid input: ', '')), error.message);
      return true;
    });
  }
  assert.equal(supervisor.phase, 'loaded');
  assert.deepEqual(life.spawner.children, []);
});

test('signal() throws on a signal that does not exist', async () => {
  const { supervisor } = await simulate({ services: [web] });
  assert.throws(() => supervisor.service('web').signal(wrong('SIGFOO')), OptionsError);
});

for (const signals of [
  { SIGTERM: 'bogus' },
  { SIGFOO: 'stop' },
  { SIGTERM: 'stop', SIGKILL: 'stop' },
]) {
  test(`an invalid map of signals leaves no handler behind: ${JSON.stringify(signals)}`, async () => {
    const before = process.listenerCount('SIGTERM');
    const life = await simulate({ services: [web] });
    await assert.rejects(life.supervisor.run({ signals: wrong(signals) }), OptionsError);
    assert.equal(process.listenerCount('SIGTERM'), before);
    assert.equal(life.supervisor.phase, 'loaded');
  });
}

test('run() rejects a second command', async () => {
  const life = await simulate({});
  life.spawner.script('command', exit(3, 50));
  const first = life.supervisor.run({ command: ['one'] });
  await assert.rejects(life.supervisor.run({ command: ['two'] }), OrderError);
  await life.advance(50);
  assert.equal((await first).exitCode, 3);
});

test('a timeout names the script that is still running', async () => {
  const life = await simulate({ init: [{ name: 'slow', run: ['slow'] }] });
  life.spawner.script('slow', { ...exit(0, 60_000), ignores: ['SIGTERM'] });
  const pending = (error: unknown): true => {
    assert.ok(error instanceof TimeoutError);
    assert.deepEqual(error.pending, ['slow']);
    return true;
  };
  const start = assert.rejects(life.supervisor.start({ timeout: 20 }), pending);
  await life.advance(20);
  await start;
  const stop = assert.rejects(life.supervisor.stop({ timeout: 20 }), pending);
  await life.advance(20);
  await stop;
  await life.advance(60_000);
});

test('events() with a timeout gives the events before it, then rejects', async () => {
  const life = await simulate({ services: [web] });
  const events = life.supervisor.events({ timeout: 100 });
  await Promise.all([life.supervisor.start(), life.advance(100)]);
  const read: LifecycleEvent[] = [];
  await assert.rejects(async () => {
    for await (const event of events) read.push(event);
  }, TimeoutError);
  assert.deepEqual(read, life.events);
  assert.equal(life.clock.alarms, 0);
});

test('an override applies to a service of any name', async () => {
  const services = JSON.parse('{ "__proto__": { "essential": true } }') as Record<string, object>;
  const { supervisor } = await simulate(
    { services: [{ name: '__proto__', run: ['x'] }] },
    { services },
  );
  assert.equal(supervisor.service('__proto__').spec.essential, true);
});

test('once() with the name of an event and no listener starts nothing', async () => {
  const life = await simulate({ services: [web] });
  assert.throws(() => life.supervisor.service('web').once('service', wrong(undefined)), TypeError);
  assert.deepEqual(life.spawner.children, []);
});

import assert from 'node:assert/strict';
import { on, once } from 'node:events';
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

/** The message of the OptionsError that a call throws. */
function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof OptionsError, String(error));
    return error.message;
  }
  throw new Error('The call threw nothing.');
}

for (const [signal, meant] of [
  ['CONT', 'SIGCONT'],
  ['term', 'SIGTERM'],
  ['SIGTREM', 'SIGTERM'],
  ['sigkill', 'SIGKILL'],
  ['TRM', 'SIGTERM'],
  [9, 'SIGKILL'],
  ['15', 'SIGTERM'],
] as const) {
  test(`signal(${JSON.stringify(signal)}) names the signal that is meant`, async () => {
    const { supervisor } = await simulate({ services: [web] });
    const message = messageOf(() => {
      supervisor.service('web').signal(wrong(signal));
    });
    const hint = `got ${JSON.stringify(signal)}. Did you mean '${meant}'?`;
    assert.ok(message.endsWith(hint), message);
  });
}

for (const [status, hint] of [
  ['running', "Did you mean 'up'?"],
  ['stopped', "Did you mean 'down'?"],
  ['Ready', "Did you mean 'ready'?"],
  ['backof', "Did you mean 'backoff'?"],
  ['xyz', 'got "xyz"'],
  ['', 'got ""'],
  ['toString', 'got "toString"'],
  [undefined, 'got nothing'],
  [null, 'got null'],
] as const) {
  test(`when(${JSON.stringify(status)}) rejects at once and names what a service can be`, async () => {
    const { supervisor } = await simulate({ services: [web] });
    await assert.rejects(supervisor.service('web').when(wrong(status)), (error) => {
      assert.ok(error instanceof OptionsError, String(error));
      assert.match(error.message, /^when\(\) cannot wait for this:.*"down"\|.*"up"\|.*"ready"/s);
      assert.ok(error.message.endsWith(hint), error.message);
      return true;
    });
  });
}

test('a listener for an event that does not exist is an error', async () => {
  const { supervisor } = await simulate({ services: [web] });
  const none = (): undefined => undefined;
  const service = supervisor.service('web');
  const calls: Record<string, () => unknown> = {
    'A supervisor has no event "servcie". Did you mean \'service\'?': () =>
      supervisor.on(wrong('servcie'), none),
    'A supervisor has no event "problems". Did you mean \'problem\'?': () =>
      supervisor.once(wrong('problems'), none),
    'A supervisor has no event "up". There are: phase, stage,': () =>
      supervisor.addListener(wrong('up'), none),
    'A service has no event "raedy". Did you mean \'ready\'?': () =>
      service.on(wrong('raedy'), none),
    'A service has no event "phase". The supervisor has it.': () =>
      service.once(wrong('phase'), wrong(none)),
  };
  for (const [message, call] of Object.entries(calls)) {
    assert.ok(messageOf(call).startsWith(message), messageOf(call));
  }
});

test('once() and on() of node:events accept a supervisor', async () => {
  const life = await simulate({ services: [web] });
  const first = once(life.supervisor as never, 'phase');
  const all = on(life.supervisor as never, 'stage');
  await life.supervisor.start();
  const [event] = (await first) as LifecycleEvent[];
  assert.equal(event?.type, 'phase');
  assert.equal(((await all.next()).value as LifecycleEvent[])[0]?.type, 'stage');
  await all.return?.();
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

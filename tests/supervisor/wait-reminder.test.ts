import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Simulation } from '../../lib/testing/index.ts';
import { exit, ready, simulate } from '../../lib/testing/index.ts';

/** The reports of waits so far: seconds, path and message. */
function reports({ events }: Simulation): readonly string[] {
  return events.flatMap((event) => {
    if (event.type !== 'problem' || event.problem.code !== 'still-waiting') return [];
    return [`${String(event.at / 1000)} ${event.problem.path}: ${event.problem.message}`];
  });
}

test('a start that waits says for what, after 10, 20, 40 seconds and so on', async () => {
  const slow = (name: string) => ({ name, run: [name], notificationFd: 3 });
  await using life = await simulate({ services: [slow('db'), slow('web')] });
  life.spawner.script('db', ready(15_000));
  life.spawner.script('web', ready(50_000));
  await life.until(life.supervisor.start());
  assert.deepEqual(reports(life), [
    '10 db, web: the services are not up and ready after 10 s, and the start waits',
    '20 web: the service is not up and ready after 20 s, and the start waits',
    '40 web: the service is not up and ready after 40 s, and the start waits',
  ]);
  await life.advance(600_000);
  assert.equal(reports(life).length, 3);
});

test('a script of the init or finish stage that runs for long is reported, each from its own start', async () => {
  const scripts = (name: string) => ({ name, run: [name] });
  await using life = await simulate(
    { init: [scripts('first'), scripts('second')], finish: [scripts('last')] },
    { timeouts: { finish: 0 } },
  );
  life.spawner.script('first', exit(0, 9000));
  life.spawner.script('second', exit(0, 12_000));
  life.spawner.script('last', exit(0, 25_000));
  await life.until(life.supervisor.start());
  await life.until(life.supervisor.stop());
  assert.deepEqual(reports(life), [
    '19 second: the init script has not ended after 10 s, and the init stage waits for it',
    '31 last: the finish script has not ended after 10 s, and the finish stage waits for it',
    '41 last: the finish script has not ended after 20 s, and the finish stage waits for it',
  ]);
});

test('a reminder is nothing that until() waits for, and none is left after the end', async () => {
  const life = await simulate({ services: [{ name: 'web', run: ['web'], notificationFd: 3 }] });
  const start = life.supervisor.start();
  start.catch(() => undefined);
  await assert.rejects(life.until(start), /nothing further happens by itself/);
  assert.equal(life.clock.now(), 0);
  await life[Symbol.asyncDispose]();
  const ended = life.clock.now();
  await life.advance(600_000);
  assert.deepEqual([reports(life), ended], [[], 0]);
  await assert.rejects(start, { code: 'ERR_INTERRUPTED' });
});

test('a list of many names is cut', async () => {
  const names = Array.from({ length: 13 }, (_, index) => `s${String(index + 10)}`);
  await using life = await simulate({
    services: names.map((name) => ({ name, run: [name], notificationFd: 3 })),
  });
  void life.supervisor.start().catch(() => undefined);
  await life.advance(10_000);
  const [report] = reports(life);
  assert.match(report ?? '', /^10 s10, s11, .*, s19 and 3 more: the services are not/);
});

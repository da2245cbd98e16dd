/*
 * A host whose services print as fast as they can: it can still be spoken to, and stops them.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { Supervisor } from '../../lib/index.ts';
import type { LifecycleEvent } from '../../lib/index.ts';
import { turnBudget } from '../../lib/host/pipes/loop-budget.ts';
import { testEachWay as test, wayOf } from '../host/ways.ts';

const flood = { run: ['yes'], killTimeout: 60_000 };
const services = Array.from({ length: 3 }, (_, index) => ({ ...flood, name: `flood-${index}` }));

/** A host of floods. */
function host(t: TestContext): Supervisor {
  const timeouts = { services: 60_000 };
  return new Supervisor({ services }, { output: 'lines', spawner: wayOf(t), timeouts });
}

/** Keeps the loop as long as output may keep it in a turn. */
function spendBudget(): void {
  const end = performance.now() + turnBudget;
  while (performance.now() < end);
}

test('requests and commands are served in the midst of floods, before more than a few lines', async (t) => {
  await using supervisor = host(t);
  let lines = 0;
  let isSlow = true;
  supervisor.on('output', () => {
    lines += 1;
    if (isSlow) spendBudget();
  });
  const server = createServer((_, response) => response.end('here'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await supervisor.start();
  const { port } = server.address() as AddressInfo;
  const before = lines;
  const response = await fetch(`http://127.0.0.1:${port}/`);
  assert.equal(await response.text(), 'here');
  assert.ok(lines - before < 200, `after ${lines - before} lines`);
  isSlow = false;
  await supervisor.service('flood-0').stop();
  assert.equal(supervisor.service('flood-0').status, 'down');
  assert.equal(supervisor.service('flood-1').status, 'up');
  await new Promise((resolve) => server.close(resolve));
});

test('a stop in the midst of floods: every line is told before the exit of its service, and none after the end', async (t) => {
  const supervisor = host(t);
  const last = new Map<string, string>();
  const late: LifecycleEvent[] = [];
  supervisor.on('event', (event) => {
    if (event.type === 'output') {
      if (last.get(event.source) === 'exited' || supervisor.phase === 'ended') late.push(event);
      last.set(event.source, 'printed');
    } else if (event.type === 'service' && event.cause === 'exited') {
      last.set(event.service, 'exited');
    }
  });
  await supervisor.start();
  const verdict = await supervisor.stop();
  assert.deepEqual(verdict.killed, []);
  assert.deepEqual(new Set(last.values()), new Set(['exited']));
  assert.deepEqual(late, []);
});

test('a slow reader of events() is told a few lines in a turn as well', async (t) => {
  await using supervisor = host(t);
  const events = supervisor.events();
  const reading = (async () => {
    let [lines, atTimer] = [0, 0];
    for await (const event of events) {
      if (event.type !== 'output') continue;
      spendBudget();
      lines += 1;
      if (lines === 1) setTimeout(() => (atTimer = lines), 1);
      if (atTimer > 0) return atTimer;
    }
    return Infinity;
  })();
  await supervisor.start();
  const atTimer = await reading;
  assert.ok(atTimer <= 10, `after ${atTimer} lines`);
});

test('a service that has exited is not killed for output that is read slowly', async (t) => {
  const supervisor = new Supervisor(
    { services: [{ name: 'flood', run: ['yes'], killTimeout: 300 }] },
    { output: 'lines', spawner: wayOf(t) },
  );
  const told: string[] = [];
  supervisor.on('event', (event) => {
    if (event.type === 'output') {
      // A few lines in each turn, so that the kill timeout passes long before all lines are read.
      if (!told.includes('down')) spendBudget();
    }
    if (event.type === 'service') told.push(event.to);
    if (event.type === 'problem') told.push(event.problem.code);
  });
  const printed = new Promise((resolve) => supervisor.once('output', resolve));
  await supervisor.start();
  await printed;
  await supervisor.service('flood').stop();
  assert.deepEqual(told, ['starting', 'up', 'stopping', 'down']);
  const verdict = await supervisor.stop({ killTimeout: 300 });
  assert.deepEqual(verdict.killed, []);
});

/*
 * Every command in every state of a service, once, twice in the same tick, and after each other command: the service
 * ends in the state in which it ends under s6. In virtual time, with fake processes.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service, ServiceStatus } from '../lib/index.ts';
import type { Behaviour, Simulation } from '../lib/testing/index.ts';
import { exit, simulate } from '../lib/testing/index.ts';

/** A process that exists a moment after its spawn, as a real one does. */
const unhurried: Behaviour = { spawnAfter: 0 };
const stubborn: Behaviour = { ...unhurried, ignores: ['SIGTERM'] };

/** How a service gets into each state. Its `finish` takes a second there, and its `run` ignores TERM. */
const ways: Readonly<Record<ServiceStatus, (life: Simulation, service: Service) => Promise<void>>> =
  {
    down: () => Promise.resolve(),
    starting(_, service) {
      tell(service.start());
      return Promise.resolve();
    },
    async up(life, service) {
      await ways.starting(life, service);
      await life.settle();
    },
    async stopping(life, service) {
      life.spawner.script('web', [stubborn, unhurried]);
      await ways.up(life, service);
      tell(service.stop());
    },
    async finishing(life, service) {
      await ways.up(life, service);
      life.spawner.child('web').exit({ code: 1, signal: null });
    },
    async backoff(life, service) {
      await ways.finishing(life, service);
      await life.advance(1000);
    },
    async failed(life, service) {
      life.spawner.script('web/finish', [exit(125), exit(0, 1000)]);
      await ways.finishing(life, service);
      await life.settle();
    },
  };

const states = Object.keys(ways) as readonly ServiceStatus[];

const commands: Readonly<Record<string, (service: Service) => unknown>> = {
  start: (service) => tell(service.start()),
  once: (service) => tell(service.once()),
  stop: (service) => tell(service.stop()),
  restart: (service) => tell(service.restart()),
  signal: (service) => service.signal('SIGWINCH'),
};

/** Ignores the outcome of a wait. */
function tell(wait: Promise<void>): void {
  wait.catch(() => undefined);
}

/** A service in a state gets commands in one tick; returns all that follows within a minute. */
async function outcome(state: ServiceStatus, ...names: readonly string[]) {
  const web = { name: 'web', run: ['web'], finish: ['tidy'], down: true };
  const life = await simulate({ services: [web] });
  life.spawner.script('web', unhurried).script('web/finish', { ...unhurried, ...exit(0, 1000) });
  const service = life.supervisor.service('web');
  await ways[state](life, service);
  assert.equal(service.status, state);
  const before = life.spawner.children.length;
  for (const name of names) commands[name]?.(service);
  await life.advance(60_000);
  const children = life.spawner.children;
  const found = {
    wanted: service.wanted,
    status: service.status,
    spawned: children.slice(before).map(({ name }) => name),
    signals: children.flatMap(({ signals }) => signals),
  };
  await life[Symbol.asyncDispose]();
  return found;
}

const signals = ['SIGTERM', 'SIGCONT'];
const untilKilled = [...signals, 'SIGKILL'];

type Outcome = readonly [
  status: ServiceStatus,
  wanted: boolean,
  spawned?: string,
  signals?: readonly string[],
];

/**
 * The outcome of each command in each state: the final status, whether the service is wanted, what is spawned from then
 * on, and all signals that are sent.
 */
const outcomes: Readonly<Record<string, Readonly<Record<ServiceStatus, Outcome>>>> = {
  start: {
    down: ['up', true, 'web'],
    starting: ['up', true],
    up: ['up', true],
    stopping: ['up', true, 'web/finish web', untilKilled],
    finishing: ['up', true, 'web'],
    backoff: ['up', true, 'web'],
    failed: ['up', true, 'web'],
  },
  once: {
    down: ['up', false, 'web'],
    starting: ['up', false],
    up: ['up', false],
    stopping: ['down', false, 'web/finish', untilKilled],
    finishing: ['down', false],
    backoff: ['up', false, 'web'],
    failed: ['up', false, 'web'],
  },
  stop: {
    down: ['down', false],
    starting: ['down', false, 'web/finish', signals],
    up: ['down', false, 'web/finish', signals],
    stopping: ['down', false, 'web/finish', untilKilled],
    finishing: ['down', false],
    backoff: ['down', false],
    failed: ['down', false],
  },
  restart: {
    down: ['up', true, 'web'],
    starting: ['up', true],
    up: ['up', true, 'web/finish web', signals],
    stopping: ['up', true, 'web/finish web', untilKilled],
    finishing: ['up', true, 'web'],
    backoff: ['up', true, 'web'],
    failed: ['up', true, 'web'],
  },
  signal: {
    down: ['down', false],
    starting: ['up', true, '', ['SIGWINCH']],
    up: ['up', true, '', ['SIGWINCH']],
    stopping: ['down', false, 'web/finish', [...signals, 'SIGWINCH', 'SIGKILL']],
    finishing: ['up', true, 'web'],
    backoff: ['up', true, 'web'],
    failed: ['failed', false],
  },
};

for (const [command, ends] of Object.entries(outcomes)) {
  test(`${command}, in every state, ends in the same state as under s6`, async () => {
    for (const state of states) {
      const [status, wanted, spawned = '', sent = []] = ends[state];
      const found = await outcome(state, command);
      assert.deepEqual([found.status, found.wanted], [status, wanted], state);
      assert.equal(found.spawned.join(' '), spawned, state);
      assert.deepEqual(found.signals, sent, state);
    }
  });
}

test('a command that is repeated in the same tick has no further effect, but a signal is sent twice', async () => {
  for (const state of states) {
    for (const command of ['start', 'once', 'stop', 'restart']) {
      const once = await outcome(state, command);
      assert.deepEqual(await outcome(state, command, command), once, `${command} while ${state}`);
    }
  }
  assert.deepEqual((await outcome('up', 'signal', 'signal')).signals, ['SIGWINCH', 'SIGWINCH']);
});

test('of two commands in the same tick the last one decides, in every state', async () => {
  const ends = { start: ['up', true], restart: ['up', true], stop: ['down', false] } as const;
  for (const state of states) {
    for (const first of ['start', 'once', 'stop', 'restart']) {
      for (const [last, end] of Object.entries(ends)) {
        const { status, wanted } = await outcome(state, first, last);
        assert.deepEqual([status, wanted], end, `${first}, then ${last} while ${state}`);
      }
      assert.equal((await outcome(state, first, 'once')).wanted, false, `${first}, then once`);
    }
  }
});

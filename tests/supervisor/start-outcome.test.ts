import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceFailedError, StartFailedError } from '../../lib/index.ts';
import type { ServiceInput, StartFailure, TreeInput } from '../../lib/index.ts';
import type { Simulation } from '../../lib/testing/index.ts';
import { exit, ready, sequence, simulate, unspawnable } from '../../lib/testing/index.ts';

const web = { name: 'web', run: ['web'] };
const slow = { name: 'slow', run: ['slow'], notificationFd: 3 };

/** The failure with which the start of a tree rejects. */
async function failureOf(life: Simulation): Promise<StartFailedError> {
  let error: unknown;
  await life.until(
    life.supervisor.start().catch((thrown: unknown) => {
      error = thrown;
    }),
  );
  assert.ok(error instanceof StartFailedError, String(error));
  return error;
}

async function failuresOf(
  tree: TreeInput,
  prepare: (life: Simulation) => void,
): Promise<readonly StartFailure[]> {
  await using life = await simulate(tree);
  prepare(life);
  return (await failureOf(life)).failures;
}

test('start() rejects for a program that cannot be run, once everything else has come up', async () => {
  await using life = await simulate({ services: [web, { name: 'none', run: ['none'] }, slow] });
  life.spawner.script('none', unspawnable());
  life.spawner.script('slow', ready(3000));
  const error = await failureOf(life);
  assert.equal(life.clock.now(), 3000);
  assert.equal(error.code, 'ERR_START_FAILED');
  assert.deepEqual(error.failures, [{ name: 'none', reason: 'unspawnable', chain: ['none'] }]);
  assert.equal(
    error.message,
    'A service did not come up:\n  none: it cannot be run: it was refused with ENOENT.\n' +
      'Fix it, or call start({ allowFailures: true }); what did come up stays up.',
  );
  const { status } = life.supervisor.service('web');
  assert.deepEqual([status, life.supervisor.phase], ['up', 'running']);
});

test('allowFailures: the start resolves, and the result names what did not come up', async () => {
  await using life = await simulate({ services: [web, { name: 'none', run: ['none'] }] });
  life.spawner.script('none', unspawnable('EACCES'));
  const result = await life.until(life.supervisor.start({ allowFailures: true }));
  assert.deepEqual(result, {
    stage: 'services',
    status: 'failed',
    scripts: [],
    failed: ['none'],
    failures: [{ name: 'none', reason: 'unspawnable', chain: ['none'] }],
  });
});

test('a start without failures resolves with the result of the services stage', async () => {
  await using life = await simulate({ services: [web] });
  const result = await life.until(life.supervisor.start());
  const nothing = { scripts: [], failed: [], failures: [] };
  assert.deepEqual(result, { stage: 'services', status: 'completed', ...nothing });
});

test('a service that comes up and dies while the start waits for another is no failure', async () => {
  const dies = { ...web, restart: 'never' } as const;
  await using life = await simulate({ services: [dies, slow] });
  life.spawner.script('web', exit(1, 10));
  life.spawner.script('slow', ready(50));
  await life.until(life.supervisor.start());
  assert.equal(life.supervisor.service('web').status, 'failed');
});

test('a service that is stopped by hand meanwhile is no failure', async () => {
  await using life = await simulate({ services: [web, slow] });
  const start = life.supervisor.start();
  await life.settle();
  await life.until(life.supervisor.service('slow').stop());
  assert.deepEqual((await start).failures, []);
});

const code = (value: number): StartFailure['exit'] => ({ code: value, signal: null });
const failing = { ...slow, name: 'web' };

test('each reason, with the last exit', async () => {
  const cases: readonly [Partial<ServiceInput>, Partial<StartFailure>][] = [
    [{ restart: 'never' }, { reason: 'policy' }],
    [{ finish: ['finish'] }, { reason: 'finish' }],
    [{ backoff: { first: 1, limit: { deaths: 2, within: 1000 } } }, { reason: 'limit' }],
  ];
  for (const [more, expected] of cases) {
    const failures = await failuresOf({ services: [{ ...failing, ...more }] }, ({ spawner }) => {
      spawner.script('web', exit(3));
      if (more.finish !== undefined) spawner.script('web/finish', exit(125));
    });
    assert.deepEqual(failures, [{ name: 'web', exit: code(3), chain: ['web'], ...expected }]);
  }
  const ended = { ...failing, restart: 'on-failure' } as const;
  const failures = await failuresOf({ services: [ended] }, ({ spawner }) => {
    spawner.script('web', exit(0));
  });
  assert.deepEqual(failures, [{ name: 'web', reason: 'exit', exit: code(0), chain: ['web'] }]);
});

test('the fifth death in a row before the service is ready fails the start, and the service is restarted all the same', async () => {
  await using life = await simulate({ services: [failing] });
  life.spawner.script('web', [exit(1), exit(1), exit(1), exit(1), exit(2), ready()]);
  const { failures } = await failureOf(life);
  const reason = 'crash-looping';
  assert.deepEqual(failures, [{ name: 'web', reason, exit: code(2), chain: ['web'] }]);
  assert.equal(life.supervisor.service('web').deaths, 5);
  await life.until({ type: 'ready', service: 'web' });
});

test('an essential service that does not come up rejects the start in the same way', async () => {
  const essential = { ...failing, essential: true, restart: 'never' } as const;
  await using life = await simulate({ services: [essential, { ...slow, name: 'other' }] });
  life.spawner.script('web', exit(7));
  const { failures } = await failureOf(life);
  assert.deepEqual(failures, [{ name: 'web', reason: 'policy', exit: code(7), chain: ['web'] }]);
});

test('service.start() rejects with the reason: at once, for good, and in a crash loop', async () => {
  const down = (name: string, more: Partial<ServiceInput> = {}): ServiceInput => ({
    ...failing,
    name,
    down: true,
    ...more,
  });
  const services = [down('none'), down('policy', { restart: 'never' }), down('loops')];
  await using life = await simulate({ services });
  life.spawner.script('none', unspawnable());
  life.spawner.script('policy', exit(4));
  life.spawner.script('loops', exit(5));
  await life.until(life.supervisor.start());
  const reasons: unknown[] = [];
  for (const { name } of services) {
    await life.until(
      life.supervisor
        .service(name)
        .start()
        .catch((error: unknown) => {
          assert.ok(error instanceof ServiceFailedError, String(error));
          reasons.push([error.service, error.reason, error.chain, error.lastExit?.code]);
        }),
    );
  }
  assert.deepEqual(reasons, [
    ['none', 'unspawnable', ['none'], undefined],
    ['policy', 'policy', ['policy'], 4],
    ['loops', 'crash-looping', ['loops'], 5],
  ]);
});

test('a start by command of what is in a crash loop waits for five deaths again', async () => {
  await using life = await simulate({ services: [{ ...failing, down: true }] });
  life.spawner.script('web', exit(1));
  const { supervisor } = life;
  const refused = (): Promise<void> =>
    assert.rejects(life.until(supervisor.service('web').start()), { reason: 'crash-looping' });
  await life.until(supervisor.start());
  await refused();
  await refused();
  assert.equal(supervisor.service('web').deaths, 10);
});

// Crash loops

/** The moments at which a service is reported as crash-looping. */
async function crashLoops(life: Simulation): Promise<readonly number[]> {
  await life.until(life.supervisor.start());
  await life.advance(600_000);
  return life.events.flatMap((event) =>
    event.type === 'problem' && event.problem.code === 'crash-looping'
      ? [[event.problem.path, event.at]].flat().filter((part) => typeof part === 'number')
      : [],
  );
}

test('a crash loop is reported once, at the fifth death', async () => {
  await using life = await simulate({ services: [web] });
  life.spawner.script('web', exit(1));
  assert.deepEqual(await crashLoops(life), [4000]);
  const told = life.events.find((event) => event.type === 'problem');
  assert.equal(
    told?.problem.message,
    'the service has died 5 times in a row; the last run exited with code 1',
  );
});

test('a minute of life ends the row, and the next row is reported again', async () => {
  await using life = await simulate({ services: [web] });
  const short = exit(1);
  const long = exit(1, 60_000);
  life.spawner.script('web', [short, short, short, short, long, short, short, short, short, long]);
  assert.deepEqual(await crashLoops(life), [68_000]);
});

test('a stop ends the row, and so does a run that ends with success and is not restarted', async () => {
  await using life = await simulate({
    services: [{ ...web, restart: 'on-failure', down: true }],
  });
  life.spawner.script('web', sequence(exit(0)));
  await life.until(life.supervisor.start());
  for (let count = 0; count < 6; count += 1) {
    await life.until(life.supervisor.service('web').once());
    await life.until({ type: 'service', service: 'web', to: 'down' }, { past: true });
  }
  assert.ok(!life.events.some((event) => event.type === 'problem'));
});

import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { OptionsError, Supervisor, TreeError } from '../../../lib/index.ts';
import type { LifecycleEvent, TreeInput } from '../../../lib/index.ts';
import { exit, ready, simulate, treeOf, writeTree } from '../../../lib/testing/index.ts';
import { fine, keepTemporaryFilesApart, temporaryFolder } from '../../loader/trees.ts';

keepTemporaryFilesApart();

const whole = {
  'cont-init.d/10-first': fine,
  'cont-init.d/20-second': fine,
  'services.d/web/run': fine,
  'services.d/web/finish': fine,
  'services.d/web/log/run': fine,
  'cont-finish.d/90-last': fine,
};
const web = { 'services.d/web/run': fine };
const announcing = { ...web, 'services.d/web/notification-fd': '3' };

test('a simulation begins unstarted, and leaves nothing', async () => {
  const life = await simulate(whole);
  assert.equal(life.supervisor.phase, 'loaded');
  assert.deepEqual(life.events, []);
  assert.equal(life.clock.now(), 0);
  await life[Symbol.asyncDispose]();
  assert.equal(life.supervisor.phase, 'ended');
  assert.deepEqual(life.spawner.children, []);
});

test('a literal, a tree of a literal, a tree in code and a folder give the same life', async (context) => {
  const folder = temporaryFolder(context);
  await writeTree(folder, whole);
  const code: TreeInput = {
    init: ['10-first', '20-second'].map((name) => ({ name, run: ['true'] })),
    services: [{ name: 'web', run: ['web'], finish: ['true'], logger: { run: ['log'] } }],
    finish: [{ name: '90-last', run: ['true'] }],
  };
  const lives: string[] = [];
  for (const source of [whole, treeOf(whole), code, folder, new URL(`file://${folder}`)]) {
    await using life = await simulate(source);
    await life.supervisor.start();
    await life.supervisor.stop();
    lives.push(life.transcript.toString());
  }
  assert.match(lives[0] ?? '', /web: starting → up/);
  assert.equal(new Set(lives).size, 1);
});

test('what needs no time happens without a call', async () => {
  await using life = await simulate(whole);
  await life.supervisor.start();
  assert.deepEqual(life.spawner.alive, ['web/log', 'web']);
  assert.equal((await life.supervisor.stop()).reason, 'stopped');
  assert.equal(life.clock.now(), 0);
});

test('what needs time waits for it', async () => {
  await using life = await simulate(announcing);
  life.spawner.script('web', ready(200));
  let started = false;
  const start = life.supervisor.start().then(() => (started = true));
  await life.settle();
  await life.advance(199);
  assert.equal(started, false);
  await life.advance(1);
  await start;
  assert.equal(life.clock.now(), 200);
});

test('advance() rings every deadline at its own moment, with everything that follows', async () => {
  await using life = await simulate(web);
  life.spawner.script('web', exit(1, 500));
  const moments: number[] = [];
  life.supervisor.on('service', ({ to, at }) => {
    if (to === 'up') moments.push(at);
  });
  await life.supervisor.start();
  await life.advance(6000);
  assert.deepEqual(moments, [0, 1500, 3000, 4500, 6000]);
  assert.equal(life.clock.now(), 6000);
});

test(
  'advance() rejects an invalid number of milliseconds before any time passes',
  { timeout: 10_000 },
  async () => {
    await using life = await simulate(web);
    life.spawner.script('web', [exit(1, 500), exit(1, 500), {}]);
    await life.supervisor.start();
    for (const ms of [-1, Infinity, NaN]) await assert.rejects(life.advance(ms), RangeError);
    assert.equal(life.clock.now(), 0);
  },
);

test('promises settle between two deadlines of an advance()', async () => {
  await using life = await simulate(web);
  life.spawner.script('web', [exit(1, 500), {}]);
  const service = life.supervisor.service('web');
  const seen: [string, number][] = [];
  void service.when('backoff').then(async () => {
    seen.push(['backoff', life.clock.now()]);
    await service.when('up');
    seen.push(['up', life.clock.now()]);
  });
  await life.supervisor.start();
  await life.advance(10_000);
  assert.deepEqual(seen, [
    ['backoff', 500],
    ['up', 1500],
  ]);
});

test('settle() lets everything happen that needs no time, over any number of turns', async () => {
  await using life = await simulate(web);
  let turns = 0;
  life.supervisor.on('service', ({ to }) => {
    turns += 1;
    const service = life.supervisor.service('web');
    if (to === 'up' && turns < 50) service.stop().catch(() => undefined);
    if (to === 'down' && turns < 50) service.start().catch(() => undefined);
  });
  void life.supervisor.run();
  await life.settle();
  assert.ok(turns >= 50);
  assert.equal(life.supervisor.service('web').status, 'up');
});

test('a loop without time rejects instead of hanging', async () => {
  const life = await simulate(web);
  const service = life.supervisor.service('web');
  const rounds = { on: true };
  life.supervisor.on('service', ({ to }) => {
    if (rounds.on && to === 'down') service.start().catch(() => undefined);
    if (rounds.on && to === 'up') service.stop().catch(() => undefined);
  });
  void life.supervisor.run();
  await assert.rejects(life.settle(), /At 0 ms .* without an end/);
  rounds.on = false;
  await life[Symbol.asyncDispose]();
});

test('a simulation does not wait for real time', async () => {
  await using life = await simulate(web);
  life.spawner.script('web', exit(1, 86_400_000));
  await life.supervisor.start();
  const before = performance.now();
  await life.advance(10 * 86_400_000);
  assert.equal(life.supervisor.service('web').deaths, 9);
  assert.ok(performance.now() - before < 86_400_000);
});

test('the methods of a simulation need no this', async () => {
  const { supervisor, advance, settle, until } = await simulate(web);
  void supervisor.run();
  await settle();
  await advance(5);
  assert.equal((await until(supervisor.stop())).exitCode, 0);
});

test('a simulation changes no file, variable or owner of the host', async (context) => {
  const folder = temporaryFolder(context);
  await writeTree(folder, {
    ...whole,
    'fix-attrs.d/10-own': `${folder}/mine true 12345:12345 0600 0700\n`,
    mine: { content: 'x', mode: 0o644 },
  });
  const runtimes = (): readonly string[] =>
    readdirSync(tmpdir()).filter((name) => /^stagekeeper-[0-9a-f]{16}$/.test(name));
  const before = runtimes();
  process.env['S6_BEHAVIOUR_IF_STAGE2_FAILS'] = '2';
  context.after(() => delete process.env['S6_BEHAVIOUR_IF_STAGE2_FAILS']);
  await using life = await simulate(folder);
  life.spawner.script('10-first', exit(1));
  await life.supervisor.start();
  assert.equal(life.supervisor.phase, 'running', 'the host’s variable has no effect');
  assert.equal(life.supervisor.environment.get('PATH'), undefined);
  assert.equal(existsSync(life.supervisor.environment.directory), false);
  assert.deepEqual(runtimes(), before);
  assert.deepEqual(
    life.events.flatMap((event) => (event.type === 'problem' ? [event.problem.code] : [])),
    ['script-failed'],
  );
});

test('variables come from the options, including S6_* variables', async () => {
  await using life = await simulate(whole, {
    variables: { S6_BEHAVIOUR_IF_STAGE2_FAILS: '2', PORT: '8080' },
  });
  life.spawner.script('10-first', exit(7));
  assert.equal((await life.supervisor.run()).exitCode, 7);
  assert.equal(life.supervisor.environment.get('PORT'), '8080');
});

test('options are passed to the supervisor', async () => {
  await assert.rejects(simulate(web, { onInitFailure: 'never' as 'stop' }), OptionsError);
  await assert.rejects(simulate({ 'services.d/web/down': '' }, { strict: true }), TreeError);
  await assert.rejects(
    simulate({}).then((life) => life.supervisor.service('web')),
    /no services/,
  );
  await assert.rejects(simulate('/nowhere/at/all'), TreeError);
});

test('problems of the tree are in supervisor.problems', async () => {
  await using life = await simulate({ ...web, 'services.d/db/down': '' });
  assert.deepEqual(
    life.supervisor.problems.map(({ code, path }) => [code, path]),
    [['run-missing', '/tree/services.d/db/run']],
  );
});

test('services that an init script writes are started', async () => {
  await using life = await simulate(whole);
  const does = (): void => {
    void life.write({ 'services.d/new/run': fine });
    void life.remove('services.d/web');
  };
  life.spawner.script('20-second', { does, exit: { code: 0, signal: null } });
  await life.supervisor.start();
  assert.deepEqual([...life.supervisor.services.keys()], ['new']);
  assert.equal(life.supervisor.service('new').status, 'up');
  await assert.rejects(life.until({ type: 'tree' }), /It came before, as event/);
});

test('a rescan finds written files', async () => {
  await using life = await simulate(web);
  await life.supervisor.start();
  await life.write({ 'services.d/db/run': fine });
  assert.deepEqual(await life.supervisor.rescan(), { added: ['db'], removed: [], changed: [] });
  await life.remove('services.d/web');
  assert.deepEqual(await life.until(life.supervisor.rescan()), {
    added: [],
    removed: ['web'],
    changed: [],
  });
  await life.settle();
  assert.deepEqual([...life.supervisor.services.keys()], ['db']);
});

test('a folder is read again from the disk, and is not written to', async (context) => {
  const folder = temporaryFolder(context);
  await writeTree(folder, whole);
  await using life = await simulate(folder);
  writeFileSync(join(folder, 'services.d/web/down'), '');
  await life.supervisor.start();
  assert.equal(life.supervisor.service('web').status, 'down');
  await assert.rejects(life.write({ x: '' }), /Only a tree that is given as a literal/);
  await assert.rejects(life.remove('x'), /Change the folder itself/);
  await using code = await simulate({ services: [{ name: 'web', run: ['web'] }] });
  await assert.rejects(code.write({ x: '' }), /Simulate a literal/);
});

test('an invalid write rejects, and changes nothing', async () => {
  await using life = await simulate(web);
  await assert.rejects(life.write({ '../x': '' }), TreeError);
  await assert.rejects(life.write({ 'services.d/web/run/x': '' }), TreeError);
  await life.supervisor.start();
  assert.deepEqual(await life.supervisor.rescan(), { added: [], removed: [], changed: [] });
});

test('the end completes in virtual time, whatever the processes do', async () => {
  const stubborn = { ignores: ['SIGTERM', 'end-of-file'] } as const;
  const life = await simulate(
    { ...whole, 'services.d/web/timeout-finish': '0' },
    { timeouts: { services: 0, finish: 0, kill: 0 }, services: { web: { killTimeout: 0 } } },
  );
  life.spawner
    .script('web', stubborn)
    .script('web/log', stubborn)
    .script('web/finish', { ...stubborn, after: Infinity })
    .script('90-last', { ...stubborn, after: Infinity });
  await life.supervisor.start();
  await life[Symbol.asyncDispose]();
  assert.equal(life.supervisor.phase, 'ended');
  assert.deepEqual(life.spawner.alive, []);
  assert.equal(life.clock.alarms, 0);
});

test('a second end changes nothing', async () => {
  const life = await simulate(whole);
  await life.supervisor.run({ signal: AbortSignal.abort() });
  const { length } = life.events;
  await life[Symbol.asyncDispose]();
  await life[Symbol.asyncDispose]();
  assert.equal(life.events.length, length);
});

test('another supervisor can use the same clock and spawner', async () => {
  await using life = await simulate(web);
  const { clock, spawner } = life;
  const events: LifecycleEvent[] = [];
  const other = new Supervisor({ services: [{ name: 'api', run: ['api'] }] }, { clock, spawner });
  other.on('event', (event) => events.push(event));
  await other.start();
  assert.deepEqual(spawner.alive, ['api']);
  assert.ok(events.length > 0);
  await other.stop();
});

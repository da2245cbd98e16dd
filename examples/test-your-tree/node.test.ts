// Tests a tree with node:test, in virtual time and with real processes: `node --import tsx --test node.test.ts`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { check, exit, expectOrder, explore, ready, simulate, trial } from 'stagekeeper/testing';
import { policies } from './policies.ts';

const tree = new URL('tree', import.meta.url);

test('the tree has no problems', async () => {
  assert.deepEqual(await check(tree), []);
});

test('start() resolves when the database is ready', async () => {
  await using life = await simulate(tree, policies);
  life.spawner.script('database', ready(800));
  await life.until(life.supervisor.start());
  assert.equal(life.clock.now(), 800);
  assert.deepEqual(life.spawner.alive, ['app/log', 'app', 'database', 'nginx']);
});

test('no service starts when the second init script fails', async () => {
  await using life = await simulate(tree, policies);
  life.spawner.script('20-config', exit(3));
  const verdict = await life.until(life.supervisor.run());
  assert.deepEqual([verdict.reason, verdict.exitCode], ['init-failed', 3]);
  const spawned = life.spawner.children.map(({ name }) => name);
  assert.deepEqual(spawned, ['10-migrate', '20-config', '90-dump']);
});

test('the third death of the database in a minute stops everything with its exit code', async () => {
  await using life = await simulate(tree, policies);
  life.spawner.script('database', exit(7, 5000));
  const verdict = await life.until(life.supervisor.run());
  assert.deepEqual([verdict.reason, verdict.exitCode], ['essential', 7]);
  assert.equal(life.supervisor.service('database').deaths, 3);
});

test('the log is read to its end before the last script runs', async () => {
  await using life = await simulate(tree, policies);
  life.spawner.script('database', ready());
  await life.supervisor.start();
  await life.supervisor.stop();
  expectOrder(life.transcript, [
    'app: stopping → down',
    'app/log: stopping → down',
    '90-dump: started',
  ]);
});

test('an nginx that hangs is killed three seconds after its QUIT', async () => {
  await using life = await simulate(tree, policies);
  life.spawner.script('database', ready()).script('nginx', { ignores: ['SIGQUIT'] });
  await life.supervisor.start();
  const nginx = life.spawner.child('nginx');
  const verdict = await life.until(life.supervisor.stop());
  assert.deepEqual(nginx.signals, ['SIGQUIT', 'SIGCONT', 'SIGKILL']);
  assert.deepEqual(verdict.killed, ['nginx']);
  assert.equal(life.clock.now(), 3000);
});

test('a stop is shorter than the grace period of an orchestrator, whatever hangs', async () => {
  const found = await explore(tree, policies);
  assert.ok(found.longestShutdown.duration <= 30_000, String(found));
  assert.deepEqual(found.neverStart, []);
});

test('the scripts run with real processes, with shims for the programs that they call', async () => {
  const standIns = fileURLToPath(new URL('stand-ins', import.meta.url));
  const variables = { PATH: `${standIns}:${process.env['PATH'] ?? ''}` };
  await using life = await trial(tree, { ...policies, variables });
  await life.supervisor.start();
  const logged = 'logged: app serve --port 8080';
  await life.until({ type: 'output', source: 'app/log', line: logged }, { past: true });
  await life.until({ type: 'output', line: 'nginx: serving' }, { past: true });
  await life.supervisor.stop();
  expectOrder(life.transcript, [
    "10-migrate: printed 'app migrate'",
    'database: ready',
    'supervisor: starting → running',
    'app/log: stopping → down, code 0',
    "90-dump: printed 'app dump'",
  ]);
  // Separately, since the order of the services' exits is not defined.
  expectOrder(life.transcript, [
    'supervisor: starting → running',
    "nginx: printed 'nginx: no more requests'",
    "90-dump: printed 'app dump'",
  ]);
});

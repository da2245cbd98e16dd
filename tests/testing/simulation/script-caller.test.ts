import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exit, simulate } from '../../../lib/testing/index.ts';

const tree = {
  'services.d/web/run': '#!/bin/sh\n',
  'services.d/web/finish': '#!/bin/sh\n',
  'services.d/api/run': '#!/bin/sh\n',
  'cont-finish.d/90-bye': '',
};

test('a finish script stops everything, with the exit code that it has written', async () => {
  await using life = await simulate(tree);
  life.spawner.script('web', exit(7, 100));
  const does = (): void => {
    void life.call('/run/s6/basedir/bin/halt', { from: 'web', exitCode: 7 });
  };
  life.spawner.script('web/finish', { does });
  const verdict = await life.until(life.supervisor.run());
  assert.deepEqual(verdict, { reason: 'requested', service: 'web', exitCode: 7, killed: [] });
  assert.equal(life.spawner.spawned.at(-1), '90-bye');
  assert.equal(life.clock.now(), 100);
});

test('a program finds a service by every name of its directory', async () => {
  await using life = await simulate(tree);
  await life.supervisor.start();
  assert.deepEqual(await life.call('s6-svc -wD -d /run/s6/services/web'), { exitCode: 0 });
  assert.equal(life.supervisor.service('web').status, 'down');
  assert.deepEqual(await life.call('s6-svstat -o up,wantedup .', { from: 'web' }), {
    exitCode: 0,
    stdout: 'false false',
  });
  await life.call('s6-svc -u ../api', { from: 'web' });
  assert.equal(life.supervisor.service('api').status, 'up');
});

test('a wait in a program takes virtual time', async () => {
  await using life = await simulate(tree);
  await life.supervisor.start();
  const reply = await life.until(life.call('s6-svwait -d -t 5000 /run/service/web'));
  assert.deepEqual(reply, { exitCode: 99, stderr: 's6-svwait: fatal: timed out' });
  assert.equal(life.clock.now(), 5000);
});

test('s6-svscanctl -an reads the tree again', async () => {
  await using life = await simulate(tree);
  await life.supervisor.start();
  await life.write({ 'services.d/new/run': '#!/bin/sh\n' });
  await life.call('s6-svscanctl -an /run/service');
  await life.settle();
  assert.equal(life.supervisor.service('new').status, 'up');
});

test('a program in a foreign directory fails, and writes nothing', async () => {
  await using life = await simulate(tree);
  await life.supervisor.start();
  assert.deepEqual(await life.call('s6-svc -d /etc/other'), {
    exitCode: 111,
    stderr: "s6-svc: fatal: this directory is none of the supervisor's",
  });
  assert.deepEqual(await life.call('s6-svc -D .', { from: 'web' }), { exitCode: 0 });
});

import assert, { AssertionError } from 'node:assert/strict';
import { test } from 'node:test';
import { OptionsError } from '../../../lib/index.ts';
import { exit, simulate, trial } from '../../../lib/testing/index.ts';
import { fine } from '../../loader/trees.ts';

/*
 * Names that the tree under test does not have: the mistake is an error at once.
 */

const tree = {
  'cont-finish.d/10-db': fine,
  'services.d/web/run': fine,
  'services.d/web/finish': fine,
  'services.d/web/log/run': fine,
};

test('script() takes every name that a child of the tree can have', async () => {
  await using life = await simulate(tree);
  const names = ['web', 'web/finish', 'web/log', '10-db', 'cont-finish.d/10-db', 'command'];
  for (const name of names) life.spawner.script(name, exit(1));
});

for (const [name, near] of [
  ['wbe', 'web'],
  ['web/finsh', 'web/finish'],
  ['web/lgo', 'web/log'],
  ['web/log/finish', 'web/finish'],
  ['cont-finish.d/10-dv', 'cont-finish.d/10-db'],
  ['comand', 'command'],
] as const) {
  test(`script('${name}') names the nearest name of the tree`, async () => {
    await using life = await simulate(tree);
    assert.throws(
      () => life.spawner.script(name, exit(1)),
      (error) => error instanceof OptionsError && error.message.includes(`'${near}'?`),
    );
  });
}

test('script() takes names that write() has added, and those of addedLater', async () => {
  await using life = await simulate(tree, { addedLater: ['later'] });
  await life.write({ 'services.d/db/run': fine, 'services.d/db/log/run': fine });
  for (const name of ['db', 'db/log', 'later', 'later/finish']) life.spawner.script(name, exit(1));
});

test('child() names the nearest name of the tree, and says what was not spawned yet', async () => {
  await using life = await simulate(tree);
  assert.throws(() => life.spawner.child('wbe'), /Did you mean 'web'\? Alive: none\./);
  assert.throws(() => life.spawner.child('web'), /It has not been spawned yet\. Alive: none\./);
});

for (const [name, setUp] of [
  ['a simulation', simulate],
  ['a trial', trial],
] as const) {
  test(`until() of ${name} fails at once for a service that cannot come`, async () => {
    await using life = await setUp({ 'services.d/web/run': '#!/bin/sh\nexec sleep 60\n' });
    await assert.rejects(
      life.until({ type: 'service', service: 'wbe', to: 'failed' }, { timeout: 1e9 }),
      (error) =>
        error instanceof AssertionError &&
        /it cannot come\.\nNo service is named 'wbe'\. Did you mean 'web'\?/.test(error.message),
    );
  });
}

test('until() waits for services of addedLater, of write() and of init scripts', async () => {
  await using life = await simulate(
    { 'cont-init.d/10-make': fine, 'services.d/web/run': fine },
    { addedLater: ['other'] },
  );
  life.spawner.script('10-make', {
    after: 10,
    does: () => void life.write({ 'services.d/made/run': fine }),
  });
  void life.supervisor.start();
  await life.until({ type: 'service', service: 'made', to: 'up' });
  await life.write({ 'services.d/db/run': fine });
  setImmediate(() => void life.supervisor.rescan());
  await assert.rejects(
    life.until({ type: 'service', service: 'other', to: 'up' }, { timeout: 5 }),
    /within 5 ms|nothing/i,
  );
  await life.until({ type: 'service', service: 'db', to: 'up' }, { past: true });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SupervisorOptions } from '../../lib/index.ts';
import { resolveOptions } from '../../lib/options/options.ts';
import type { Simulation } from '../../lib/testing/index.ts';
import { exit, ready, simulate } from '../../lib/testing/index.ts';

const log = '/var/log/s6-uncaught-logs';

/** The folder of the log and whether the command's output is caught, for a value of `S6_LOGGING` and the options. */
function logging(value: string, options: SupervisorOptions = {}): unknown {
  const { catchAll } = resolveOptions(options, { S6_LOGGING: value });
  return catchAll === undefined ? 'none' : [catchAll.directory, catchAll.takesCommand];
}

test("S6_LOGGING: 0 catches nothing, 2 catches the command's output too, any other value means 1", () => {
  assert.equal(logging('0'), 'none');
  assert.equal(logging(''), 'none');
  assert.deepEqual(logging('1'), [log, false]);
  assert.deepEqual(logging('2'), [log, true]);
  assert.deepEqual(logging('3'), [log, false]);
});

test('the option logging takes precedence over S6_LOGGING, and can name another folder', () => {
  assert.equal(logging('2', { logging: 0 }), 'none');
  assert.deepEqual(logging('0', { logging: 2, loggingDirectory: '/srv/log/' }), ['/srv/log', true]);
});

test('S6_SYNC_DISKS is true for 1 only, S6_READ_ONLY_ROOT for any number but 0', () => {
  const of = (variables: Record<string, string>, options: SupervisorOptions = {}) => {
    const { syncDisks, readOnlyRoot } = resolveOptions(options, variables);
    return [syncDisks, readOnlyRoot];
  };
  assert.deepEqual(of({}), [false, false]);
  assert.deepEqual(of({ S6_SYNC_DISKS: '1', S6_READ_ONLY_ROOT: '1' }), [true, true]);
  assert.deepEqual(of({ S6_SYNC_DISKS: '2', S6_READ_ONLY_ROOT: '2' }), [false, true]);
  const options = { syncDisks: false, readOnlyRoot: false };
  assert.deepEqual(of({ S6_SYNC_DISKS: '1', S6_READ_ONLY_ROOT: '1' }, options), [false, false]);
});

test('late settings use the variables of that time, unless an option is given', () => {
  const { by } = resolveOptions({ timeouts: { finish: 7 } }, { S6_KILL_GRACETIME: '1' });
  const { timeouts, syncDisks, waitForServices } = by({
    ...{ S6_KILL_FINISH_MAXTIME: '500', S6_SERVICES_GRACETIME: '500', S6_SYNC_DISKS: '1' },
    ...{ S6_CMD_WAIT_FOR_SERVICES: '1', S6_CMD_WAIT_FOR_SERVICES_MAXTIME: 'soon' },
  });
  const limits = { init: 0, readiness: 0, services: 500, finish: 7, kill: 3000 };
  assert.deepEqual([timeouts, syncDisks, waitForServices], [limits, true, true]);
  const senseless = by({ S6_KILL_GRACETIME: '5s' });
  assert.equal(senseless.timeouts.kill, 1, 'the value from before');
  assert.deepEqual(
    senseless.problems.map(({ path }) => path),
    ['S6_KILL_GRACETIME'],
  );
});

/** A tree with an init script that writes these variables into the container environment, and a service that announces readiness. */
async function writing(says: Readonly<Record<string, string>>): Promise<Simulation> {
  const life = await simulate({
    'cont-init.d/10': '#!/bin/sh\n',
    'services.d/web/run': '#!/bin/sh\n',
    'services.d/web/notification-fd': '3',
  });
  const does = (): void => {
    for (const [name, value] of Object.entries(says)) life.supervisor.environment.set(name, value);
  };
  life.spawner.script('10', { ...exit(0), does });
  return life;
}

test('variables that an init script writes into the container environment apply from then on', async () => {
  const says = { S6_CMD_WAIT_FOR_SERVICES_MAXTIME: '70', S6_SERVICES_GRACETIME: '300' };
  await using life = await writing(says);
  const { supervisor } = life;
  life.spawner.script('web', { ignores: ['SIGTERM'] });
  await assert.rejects(life.until(supervisor.start()), { code: 'ERR_START_FAILED' });
  assert.equal(life.clock.now(), 70, 'it does not wait for the readiness');
  const { killed } = await life.until(supervisor.stop());
  assert.deepEqual([killed, life.clock.now()], [['web'], 370]);
});

test('an init script can set S6_CMD_WAIT_FOR_SERVICES', async () => {
  await using life = await writing({ S6_CMD_WAIT_FOR_SERVICES: '1' });
  const { supervisor } = life;
  life.spawner.script('web', ready(40));
  const verdict = supervisor.run({ command: ['app'] });
  await life.until(() => life.spawner.spawned.includes('command'));
  assert.equal(life.clock.now(), 40, 'the command starts when the service is ready');
  await supervisor.stop();
  await verdict;
});

test('an invalid value in the container environment is reported once', async () => {
  await using life = await writing({ S6_KILL_GRACETIME: '5s' });
  const { supervisor } = life;
  life.spawner.script('web', ready());
  await life.until(supervisor.start());
  await supervisor.rescan();
  const told = life.events.filter(
    (event) => event.type === 'problem' && event.problem.path === 'S6_KILL_GRACETIME',
  );
  assert.equal(told.length, 1);
});

test('a variable that is not a number is reported, and the default applies', () => {
  const { catchAll, problems } = resolveOptions({}, { S6_LOGGING: 'yes' });
  assert.equal(catchAll, undefined);
  assert.deepEqual(
    problems.map(({ code, path }) => [code, path]),
    [['value-invalid', 'S6_LOGGING']],
  );
});

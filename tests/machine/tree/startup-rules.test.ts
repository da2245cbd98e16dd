import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  announced,
  deadline,
  exited,
  finished,
  hangUp,
  logged,
  once,
  script,
  service,
  spawned,
  start,
  stop,
  unspawnable,
} from '../samples.ts';
import { TreeLife } from '../tree-life.ts';
import type { MachineInput } from '../../../lib/machine/tree/tree-state.ts';
import type { FixAttrsRule } from '../../../lib/model/tree.ts';

const rule: FixAttrsRule = {
  source: '/etc/fix-attrs.d/10-spool',
  line: 1,
  path: '/var/spool/web',
  recurse: true,
  account: 'web',
};

// The init stage

test('fix-attrs come first, then the init scripts one at a time, then the services', () => {
  const life = new TreeLife({
    fixAttrs: [rule],
    init: [script('10-a'), script('20-b')],
    services: [service('web')],
  });
  life.start();
  assert.deepEqual(life.told, [
    'phase: loaded → initializing (stage)',
    'stage init: started (stage)',
  ]);
  assert.deepEqual(life.asked, ['prepare /var/spool/web']);
  life.give({ type: 'prepared', problems: [] });
  assert.deepEqual(life.asked, ['spawn 10-a']);
  life.script('init', { type: 'spawned', pid: 8 });
  assert.deepEqual(life.told, ['10-a: started, pid 8 (spawned)']);
  life.now = 30;
  life.script('init', { type: 'exited', exit: { code: 0, signal: null } });
  assert.deepEqual(life.told, ['10-a: exited, code 0 after 30 ms (exited)']);
  assert.deepEqual(life.asked, ['spawn 20-b']);
  life.runScript('init');
  assert.deepEqual(life.told, [
    '20-b: exited, code 0 after 0 ms (exited)',
    'stage init: completed (exited)',
    'phase: initializing → starting (stage)',
    'stage services: started (stage)',
    'web: down → starting (stage)',
  ]);
  assert.deepEqual(life.asked, ['spawn web']);
});

test('a failure of fix-attrs is reported, and the scripts run all the same', () => {
  const life = new TreeLife({ fixAttrs: [rule], init: [script('10-a')] }).start();
  const problem = {
    code: 'fix-attrs-failed',
    severity: 'warning',
    path: 'p',
    message: 'm',
  } as const;
  life.give({ type: 'prepared', problems: [problem] });
  assert.deepEqual(life.told, ['problem fix-attrs-failed: p: m (stage)']);
  assert.deepEqual(life.asked, ['spawn 10-a']);
});

test('an empty tree is running at once', () => {
  const life = new TreeLife({}).start();
  assert.equal(life.state.phase, 'running');
  assert.deepEqual(
    [life.state.init.status, life.state.services.status],
    ['completed', 'completed'],
  );
});

test('the host may request the init stage alone, and the services later', () => {
  const life = new TreeLife({ init: [script('10-a')], services: [service('web')] });
  life.give({ type: 'advance', target: 'init' }).runScript('init');
  assert.deepEqual([life.state.phase, life.standing], ['initializing', 'web down']);
  life.start();
  assert.deepEqual([life.state.phase, life.standing], ['starting', 'web starting']);
});

test('after the init stage alone, services.d is read again only when the services are requested', () => {
  const life = new TreeLife({ root: '/etc', init: [script('10-a')], services: [service('web')] });
  life.give({ type: 'advance', target: 'init' }).runScript('init');
  assert.deepEqual(life.asked, []);
  assert.deepEqual(life.start().asked, ['reread /etc']);
});

test('the host may skip the init stage', () => {
  const life = new TreeLife({ init: [script('10-a')], services: [service('web')] });
  life.give({ type: 'advance', target: 'services', skipInit: true });
  assert.deepEqual(life.told, [
    'phase: loaded → starting (stage)',
    'stage services: started (stage)',
    'web: down → starting (stage)',
  ]);
  assert.equal(life.state.init.status, 'pending');
});

test('an init stage that has begun cannot be skipped', () => {
  const life = new TreeLife({ init: [script('10-a')], services: [service('web')] }).start();
  life.give({ type: 'advance', target: 'services', skipInit: true });
  assert.equal(life.state.phase, 'initializing');
});

test('the target only moves forward: a nearer target changes nothing', () => {
  const life = new TreeLife({ init: [script('10-a')], services: [service('web')] }).start();
  life.give({ type: 'advance', target: 'init' }).runScript('init');
  assert.equal(life.state.phase, 'starting');
});

test('services.d is read again after the init stage, and only then are services started', () => {
  const before = { root: '/etc', init: [script('10-a')], services: [service('web')] };
  const life = new TreeLife(before).start().runScript('init');
  assert.deepEqual(life.asked, ['reread /etc']);
  assert.equal(life.state.phase, 'initializing');
  const tree = { ...life.state.tree, services: [service('api')] };
  life.give({ type: 'reread', tree, problems: [] });
  assert.deepEqual(life.told, [
    'tree: +api -web (rescan)',
    'phase: initializing → starting (stage)',
    'stage services: started (stage)',
    'api: down → starting (stage)',
  ]);
  assert.equal(life.swept('web').standing, 'api starting');
});

test('when reading services.d again fails, the known services start', () => {
  const life = new TreeLife({ root: '/etc', services: [service('web')] }).start();
  const problem = {
    code: 'rescan-failed',
    severity: 'warning',
    path: '/etc',
    message: 'm',
  } as const;
  life.give({ type: 'reread', tree: null, problems: [problem] });
  assert.equal(life.told[0], 'problem rescan-failed: /etc: m (rescan)');
  assert.equal(life.standing, 'web starting');
});

// The services

test('time limits that come with the reading hold for whatever begins from then on', () => {
  const parts = { root: '/etc', services: [service('web', { notificationFd: 3 })] };
  const life = new TreeLife(parts).start();
  const timeouts = { ...life.state.timeouts, readiness: 70, services: 50 };
  life.give({ type: 'reread', tree: life.state.tree, problems: [], timeouts });
  assert.equal(life.next, 70);
  life.service('web', spawned).now = 10;
  assert.equal(life.stop().next, 60);
  life.give({ type: 'reread', tree: null, problems: [], timeouts: { ...timeouts, services: 9 } });
  assert.equal(life.next, 60, 'not for a wait that has begun');
});

test('services start together, each logger before its producer', () => {
  const life = new TreeLife({ services: [service('api'), logged('web')] }).start();
  assert.deepEqual(life.asked, ['spawn api', 'spawn web/log', 'spawn web']);
});

test('a down file keeps a service from starting, but not its logger', () => {
  const life = new TreeLife({ services: [logged('web', { down: true })] }).start();
  assert.deepEqual(life.asked, ['spawn web/log']);
  life.rise('web/log');
  assert.equal(life.state.phase, 'running');
  life.service('web', start);
  assert.deepEqual(life.asked, ['spawn web']);
});

test('the stage is complete when every service is up', () => {
  const life = new TreeLife({ services: [service('api'), service('web')] }).start().rise('api');
  assert.equal(life.state.phase, 'starting');
  assert.deepEqual(life.state.units.awaited, ['web']);
  life.rise('web');
  assert.deepEqual(life.told, [
    'web: starting → up, pid 7 (spawned)',
    'stage services: completed (spawned)',
    'phase: starting → running (spawned)',
  ]);
});

test('the stage waits for a service that announces its readiness until it has done so', () => {
  const life = new TreeLife({ services: [service('web', { notificationFd: 3 })] });
  life.now = 100;
  life.start().rise('web');
  assert.equal(life.state.phase, 'starting');
  life.now = 300;
  life.service('web', announced);
  assert.deepEqual(life.told, [
    'web: ready after 200 ms (announced)',
    'stage services: completed (announced)',
    'phase: starting → running (announced)',
  ]);
});

test('a service that is not ready in time is reported, and the stage goes on without it', () => {
  const life = new TreeLife({ services: [service('api'), service('web', { notificationFd: 3 })] });
  life.start().rise('api web');
  assert.equal(life.next, 5000);
  life.until(5000);
  assert.deepEqual(life.told, [
    'problem not-ready: web: the service is not up and ready after 5000 ms; the start goes on without it (deadline)',
    'stage services: failed (deadline)',
    'phase: starting → running (deadline)',
  ]);
  assert.deepEqual(
    life.state.services.failures.map(({ name }) => name),
    ['web'],
  );
  assert.equal(life.next, null);
});

test('without a readiness timeout the stage waits without a limit', () => {
  const timeouts = { init: 0, readiness: 0, services: 3000, finish: 5000, kill: 3000 };
  const life = new TreeLife({ services: [service('web', { notificationFd: 3 })] }, { timeouts });
  life.start().rise('web');
  assert.equal(life.next, null);
  assert.equal(life.state.phase, 'starting');
});

test('the stage still waits for a service that died before it was ready', () => {
  const life = new TreeLife({ services: [service('web', { notificationFd: 3 })] }).start();
  life.rise('web').service('web', exited(1));
  assert.deepEqual(life.state.units.awaited, ['web']);
  life.until(1000).rise('web').service('web', announced);
  assert.equal(life.state.services.status, 'completed');
});

test('the stage does not wait for a service that cannot be run or has failed', () => {
  const never = { restart: 'never' } as const;
  const life = new TreeLife({ services: [service('api', never), service('web')] }).start();
  life.service('web', unspawnable);
  assert.equal(life.state.phase, 'starting');
  life.service('api', unspawnable);
  assert.equal(life.state.phase, 'running');
  assert.equal(life.state.services.status, 'failed');
  assert.deepEqual(
    life.state.services.failures.map(({ name }) => name),
    ['web', 'api'],
  );
});

test('a service that exits before it is ready, and is not restarted, has not come up', () => {
  const life = new TreeLife({
    services: [finished('web', { restart: 'on-failure', notificationFd: 3 })],
  });
  life.start().rise('web').service('web', exited(0)).service('web', exited(0));
  assert.deepEqual([life.state.services.status, life.standing], ['failed', 'web down']);
  const exit = { code: 0, signal: null };
  assert.deepEqual(life.state.services.failures, [
    { name: 'web', reason: 'exit', exit, chain: ['web'] },
  ]);
});

test('the stage does not wait for a service that the host stops meanwhile, and it is not late', () => {
  const life = new TreeLife({ services: [service('web')] }).start().service('web', stop);
  assert.deepEqual([life.state.phase, life.state.services.status], ['running', 'completed']);
});

test('a service that the host starts before its stage starts its logger as well', () => {
  const life = new TreeLife({ services: [logged('web'), service('api')] });
  life.service('web', once);
  assert.deepEqual(life.asked, ['spawn web/log', 'spawn web']);
  assert.deepEqual(life.told, ['web/log: down → starting (once)', 'web: down → starting (once)']);
  assert.equal(life.state.phase, 'loaded');
});

test('before the stage, only a start starts the logger as well', () => {
  const life = new TreeLife({ services: [logged('web')] });
  for (const input of [stop, hangUp]) life.service('web', input);
  assert.equal(life.standing, 'web/log down, web down');
});

test('a start starts neither a logger with a down file nor one that the host has stopped', () => {
  const withDown = new TreeLife({ services: [logged('web', {}, { down: true })] });
  assert.deepEqual(withDown.service('web', start).asked, ['spawn web']);
  const stopped = new TreeLife({ services: [logged('web')] }).service('web/log', stop);
  assert.deepEqual(stopped.service('web', start).asked, ['spawn web']);
});

test('the stage does not touch services that the host has started or stopped, but waits for those that are coming up', () => {
  const announces = { notificationFd: 3 };
  const life = new TreeLife({ services: [service('api', announces), service('web')] });
  life.service('api', start).rise('api').service('web', stop).start();
  assert.deepEqual(life.asked, []);
  assert.deepEqual(life.state.units.awaited, ['api']);
  life.service('api', announced);
  assert.deepEqual([life.state.phase, life.standing], ['running', 'api up, web down']);
});

test('a service that the host started by hand, and that has failed since, does not make the stage fail', () => {
  const life = new TreeLife({ services: [service('web', { restart: 'never' })] });
  life.service('web', start).rise('web').service('web', exited(1)).start();
  assert.deepEqual([life.state.services.status, life.standing], ['completed', 'web failed']);
});

// Essential services

test('an essential service that fails ends everything, with its exit code', () => {
  const life = new TreeLife({
    services: [service('api'), finished('web', { essential: true, restart: 'never' })],
  });
  life.start().rise('api web').service('web', exited(7));
  assert.equal(life.state.ending, null, 'the finish script runs first');
  life.service('web', exited(0));
  assert.deepEqual(life.told, [
    'web: finishing → failed (exited)',
    'phase: running → stopping (shutdown)',
    'api: up → stopping, pid 7 (shutdown)',
  ]);
  assert.deepEqual(life.state.ending, { reason: 'essential', exitCode: 7, service: 'web' });
});

test('an essential service that exits with success ends everything, too', () => {
  const life = new TreeLife({
    services: [service('web', { essential: true, restart: 'on-failure' })],
  });
  life.start().rise('web').service('web', exited(0));
  assert.deepEqual(life.state.ending, { reason: 'essential', exitCode: 0, service: 'web' });
});

test('an essential service that a signal ends gives the exit code 128 + n', () => {
  const life = new TreeLife({ services: [service('web', { essential: true, restart: 'never' })] });
  life.start().rise('web').service('web', exited('SIGSEGV'));
  assert.equal(life.state.ending?.exitCode, 139);
});

test('an essential service that cannot be run gives the exit code 127, also if it ran before', () => {
  const never = new TreeLife({ services: [service('web', { essential: true, restart: 'never' })] });
  never.start().service('web', unspawnable);
  assert.equal(never.state.ending?.exitCode, 127);
  const before = new TreeLife({ services: [service('web', { essential: true })] });
  before.start().rise('web').service('web', exited(3)).service('web', once);
  before.service('web', unspawnable);
  assert.equal(before.state.ending?.exitCode, 127);
});

test('an essential service that cannot be run ends everything at the limit of its backoff: 127 without a program, else 126', () => {
  const limit = { deaths: 3, within: 60_000 };
  const backoff = { first: 5, factor: 1, cap: 5, reset: 60_000, limit };
  for (const [code, exitCode] of [
    ['ENOENT', 127],
    ['EACCES', 126],
    ['ENOEXEC', 126],
    ['E2BIG', 126],
    ['EINVAL', 126],
  ] as const) {
    const life = new TreeLife({ services: [service('web', { essential: true, backoff })] });
    life.start();
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      assert.equal(life.state.ending, null, `${code}, attempt ${String(attempt)}`);
      life.service('web', { type: 'unspawnable', code, message: 'no' });
      if (attempt < 3) life.until(life.now + 5);
    }
    assert.deepEqual(life.state.ending, { reason: 'essential', exitCode, service: 'web' });
  }
});

test('an essential service that restarts, or that the host stops, ends nothing', () => {
  const life = new TreeLife({ services: [service('web', { essential: true })] });
  life.start().rise('web').service('web', exited(1));
  assert.equal(life.state.ending, null);
  life.until(1000).service('web', spawned).service('web', stop).service('web', exited('SIGTERM'));
  assert.deepEqual([life.state.ending, life.standing], [null, 'web down']);
});

test('an essential service with a down file ends nothing before it has been started', () => {
  const life = new TreeLife({ services: [service('web', { essential: true, down: true })] });
  assert.equal(life.start().state.phase, 'running');
});

test('an essential service that fails during the start cancels the start', () => {
  const life = new TreeLife({
    services: [
      service('api', { notificationFd: 3 }),
      service('web', { essential: true, restart: 'never' }),
    ],
  });
  life.start().rise('api web').service('web', exited(1));
  assert.deepEqual(life.told, [
    'web: up → failed, code 1 (exited)',
    'stage services: failed (shutdown)',
    'phase: starting → stopping (shutdown)',
    'api: up → stopping, pid 7 (shutdown)',
  ]);
  assert.deepEqual([life.state.services.failures, life.state.services.abandoned], [[], ['api']]);
});

// The command

test('the command runs once the services are up, and not before', () => {
  const life = new TreeLife({ services: [service('web')] });
  life.give({ type: 'command', command: ['node', 'app.js'] });
  assert.deepEqual(life.asked, []);
  life.start();
  assert.deepEqual(life.asked, ['spawn web']);
  life.rise('web');
  assert.deepEqual(life.asked, ['spawn command']);
});

test('the command waits for the processes only, or, if requested, until the services are ready', () => {
  const announcing = { services: [service('api', { notificationFd: 3 }), service('web')] };
  const waiting = (waits: boolean): TreeLife =>
    new TreeLife(announcing).give({ type: 'command', command: ['sh'], waits }).start();
  const soon = waiting(false).rise('api');
  assert.deepEqual(soon.asked, []);
  assert.deepEqual(soon.rise('web').asked, ['spawn command']);
  const late = waiting(true).rise('api web');
  assert.deepEqual(late.asked, []);
  assert.deepEqual(late.service('api', announced).asked, ['spawn command']);
});

test('the variables after the init stage decide whether the command waits, unless the host does', () => {
  const parts = { root: '/etc', services: [service('web', { notificationFd: 3 })] };
  const asked = (before: boolean, after: boolean, waits?: boolean): readonly string[] => {
    const command = { type: 'command', command: ['sh'], ...(waits !== undefined && { waits }) };
    const life = new TreeLife(parts, { waitForServices: before }).give(command as MachineInput);
    const { tree } = life.start().state;
    life.give({ type: 'reread', tree, problems: [], waitForServices: after });
    // A later change has no effect.
    life.give({ type: 'reread', tree, problems: [], waitForServices: !after });
    return life.rise('web').asked;
  };
  assert.deepEqual(asked(false, true), []);
  assert.deepEqual(asked(true, false), ['spawn command']);
  assert.deepEqual(asked(false, true, false), ['spawn command']);
  assert.deepEqual(asked(true, false, true), []);
});

test('a command that waits runs when the readiness timeout is over', () => {
  const life = new TreeLife({ services: [service('api', { notificationFd: 3 })] })
    .give({ type: 'command', command: ['sh'], waits: true })
    .start()
    .rise('api');
  assert.deepEqual(life.until(5000).asked, ['spawn command']);
});

test('with onInitFailure stop, a command that waited in vain does not run, and everything ends with 1', () => {
  const life = new TreeLife(
    { services: [service('api', { notificationFd: 3 })] },
    { onInitFailure: 'stop' },
  )
    .give({ type: 'command', command: ['sh'], waits: true })
    .start()
    .rise('api')
    .until(5000);
  assert.deepEqual(life.asked, ['record exit code 1', 'SIGTERM to api', 'SIGCONT to api']);
  assert.deepEqual(life.state.ending, { reason: 'init-failed', exitCode: 1, service: 'api' });
});

test('without a command, or with one that does not wait, a late service ends nothing', () => {
  const late = { services: [service('api', { notificationFd: 3 })] };
  const life = new TreeLife(late, { onInitFailure: 'stop' }).start().rise('api').until(5000);
  assert.equal(life.state.phase, 'running');
  life.give({ type: 'command', command: ['sh'] });
  assert.deepEqual(life.asked, ['spawn command']);
});

test('a command that is given late runs at once, and only one command runs', () => {
  const life = new TreeLife({}).start().give({ type: 'command', command: ['sh'] });
  assert.deepEqual(life.asked, ['spawn command']);
  life.give({ type: 'command', command: ['another'] });
  assert.deepEqual(life.asked, []);
});

test('the command runs although a service did not come up', () => {
  const life = new TreeLife({ services: [service('web')] });
  life
    .give({ type: 'command', command: ['sh'] })
    .start()
    .service('web', unspawnable);
  assert.deepEqual(life.asked, ['spawn command']);
  assert.deepEqual(
    life.service('web', deadline).asked,
    ['spawn web'],
    'and the service is tried again',
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  deadline,
  exited,
  finished,
  hangUp,
  logged,
  once,
  restart,
  script,
  service,
  spawned,
  start,
  stop,
  unspawnable,
} from '../samples.ts';
import { TreeLife } from '../tree-life.ts';
import type { ServiceSpec, Tree } from '../../../lib/model/tree.ts';

/** A tree of which all services are up, and the services stage has ended. */
function running(services: readonly ServiceSpec[], more: Partial<Tree> = {}): TreeLife {
  const life = new TreeLife({ ...more, services }).start();
  return life.rise([...life.state.units.keys()].join(' '));
}

// From every phase

test('a stop before anything has begun runs no finish script', () => {
  const life = new TreeLife({ services: [service('web')], finish: [script('90-z')] }).stop();
  assert.deepEqual(life.told, ['phase: loaded → stopping (shutdown)']);
  assert.deepEqual(life.asked, ['sweep web within 3000']);
  life.swept('web');
  assert.deepEqual([life.told, life.asked], [[], ['clear within 3000']]);
  life.cleared();
  assert.deepEqual(life.told, ['phase: stopping → ended (stage)']);
  assert.deepEqual(life.state.verdict, { reason: 'stopped', exitCode: 0, killed: [] });
});

test('a stop after services that ran by hand runs the finish stage, although no stage has begun', () => {
  const parts = { services: [service('web')], finish: [script('90-z')] };
  const life = new TreeLife(parts).service('web', start).rise('web').stop();
  life.service('web', exited('SIGTERM')).swept('web');
  assert.deepEqual(life.asked, ['spawn 90-z']);
  const never = new TreeLife(parts).service('web', start).service('web', unspawnable).stop();
  assert.deepEqual(never.swept('web').asked, ['clear within 3000'], 'no service has ever run');
});

test('a stop during init asks the script to exit, starts nothing later and runs the finish stage', () => {
  const life = new TreeLife({
    init: [script('10-a'), script('20-b')],
    services: [service('web')],
    finish: [script('90-z')],
  });
  life.start().script('init', { type: 'spawned', pid: 8 }).stop();
  assert.deepEqual(life.asked, ['SIGTERM to 10-a', 'SIGCONT to 10-a']);
  assert.deepEqual(life.told, []);
  life.script('init', { type: 'exited', exit: { code: null, signal: 'SIGTERM' } });
  assert.deepEqual(life.told, [
    '10-a: exited, SIGTERM after 0 ms (exited)',
    'stage init: failed (exited)',
    'phase: initializing → stopping (shutdown)',
  ]);
  life.swept('web');
  assert.deepEqual(life.told, [
    'phase: stopping → finishing (stage)',
    'stage finish: started (stage)',
  ]);
  assert.deepEqual(life.asked, ['spawn 90-z']);
  assert.equal(
    life.state.ending?.reason,
    'stopped',
    'a script that was asked to exit has not failed',
  );
});

test('a stop before the init script has its process asks it to exit as soon as it does', () => {
  const life = new TreeLife({ init: [script('10-a')] }).start().stop();
  assert.deepEqual(life.asked, []);
  life.script('init', { type: 'spawned', pid: 8 });
  assert.deepEqual(life.told, ['10-a: started, pid 8 (spawned)']);
  assert.deepEqual(life.asked, ['SIGTERM to 10-a', 'SIGCONT to 10-a']);
});

test('a stop when the last init script has just exited leaves the stage completed', () => {
  const life = new TreeLife({ init: [script('10-a')] }).start().stop();
  life.runScript('init');
  assert.equal(life.state.init.status, 'completed');
});

test('an init script that ignores TERM is killed when the grace period is over, and again every 5 s', () => {
  const life = new TreeLife({ init: [script('10-a')] }).start();
  life.script('init', { type: 'spawned', pid: 8 }).stop();
  assert.equal(life.next, 3000);
  life.until(3000);
  assert.deepEqual(life.asked, ['SIGKILL to the group of 10-a']);
  assert.deepEqual(life.told, [
    'problem killed: /etc/scripts/10-a: the init script has not ended after 3000 ms; it is killed (deadline)',
  ]);
  assert.equal(life.next, 8000);
  life.until(8000);
  assert.deepEqual([life.told, life.asked], [[], ['SIGKILL to the group of 10-a']]);
  life.script('init', { type: 'exited', exit: { code: null, signal: 'SIGKILL' } });
  assert.deepEqual(life.state.killed, ['10-a']);
});

test('a stop during fix-attrs waits for it, and starts no script', () => {
  const rule = { source: 's', line: 1, path: '/p', recurse: true, account: 'a' };
  const life = new TreeLife({ fixAttrs: [rule], init: [script('10-a')] }).start().stop();
  assert.equal(life.state.phase, 'initializing');
  life.give({ type: 'prepared', problems: [] });
  assert.ok(!life.asked.includes('spawn 10-a'));
  assert.equal(life.state.phase, 'finishing');
});

test('a stop while services.d is read starts no service, also when the result arrives', () => {
  const life = new TreeLife({ root: '/etc', services: [service('web')] }).start().stop();
  assert.equal(life.state.phase, 'stopping');
  const tree = { ...life.state.tree, services: [service('api'), service('web')] };
  life.give({ type: 'reread', tree, problems: [] });
  assert.deepEqual([life.told, life.asked], [['tree: +api (rescan)'], []]);
  assert.equal(life.standing, 'api down, web down');
});

test('a stop during the start: a service that is not up is late, and gets its signal once it has a process', () => {
  const life = new TreeLife({ services: [service('api'), service('web')] }).start().rise('api');
  life.stop();
  assert.deepEqual(life.told, [
    'stage services: failed (shutdown)',
    'phase: starting → stopping (shutdown)',
    'api: up → stopping, pid 7 (shutdown)',
  ]);
  assert.deepEqual(life.asked, ['SIGTERM to api', 'SIGCONT to api']);
  assert.deepEqual(life.state.services.abandoned, ['web']);
  life.service('web', spawned);
  assert.deepEqual(life.asked, ['SIGTERM to web', 'SIGCONT to web']);
  assert.equal(life.next, 3000, 'no readiness timeout is left');
});

test('a stop at the moment of the readiness timeout makes the start fail', () => {
  const life = new TreeLife({ services: [service('web', { notificationFd: 3 })] }).start();
  life.rise('web').now = 5000;
  life.stop();
  assert.deepEqual(life.told.slice(0, 2), [
    'stage services: failed (shutdown)',
    'phase: starting → stopping (shutdown)',
  ]);
});

test('a stop during the start of a service that cannot be run', () => {
  const life = new TreeLife({ services: [service('web')] }).start().stop();
  life.service('web', unspawnable).swept('web');
  assert.equal(life.state.phase, 'finishing');
});

test('a stop while running asks every service at once, and the finish stage waits for the last one', () => {
  const life = running([service('api'), finished('web')], { finish: [script('90-z')] }).stop();
  assert.deepEqual(life.asked, [
    'SIGTERM to api',
    'SIGCONT to api',
    'SIGTERM to web',
    'SIGCONT to web',
  ]);
  life.service('api', exited('SIGTERM'));
  assert.deepEqual(life.asked, ['sweep api within 3000']);
  life.swept('api').service('web', exited(0));
  assert.deepEqual(life.asked, ['sweep web within 3000', 'spawn web/finish']);
  life.swept('web').rise('web');
  assert.equal(life.state.phase, 'stopping', 'the finish script of web still runs');
  life.service('web', exited(0));
  assert.deepEqual(
    life.asked,
    ['sweep web within 3000'],
    'a finish script may leave processes behind, too',
  );
  life.swept('web');
  assert.deepEqual(life.asked, ['spawn 90-z']);
});

test('a stop during a backoff takes the service down at once', () => {
  const life = running([service('web')])
    .service('web', exited(1))
    .stop();
  assert.deepEqual(life.told, [
    'phase: running → stopping (shutdown)',
    'web: backoff → down (shutdown)',
  ]);
  assert.equal(life.next, null);
});

test('a stop while finish runs does not disturb finish, and run does not start again', () => {
  const life = running([finished('web')])
    .service('web', exited(1))
    .stop();
  assert.deepEqual(life.asked, []);
  life.service('web', exited(0));
  assert.equal(life.standing, 'web down');
});

test('a stop during a restart leaves the service down', () => {
  const life = running([service('web')])
    .service('web', restart)
    .stop();
  assert.deepEqual(life.asked, []);
  life.service('web', exited('SIGTERM'));
  assert.equal(life.standing, 'web down');
});

test('a second stop changes nothing: the first ending stands', () => {
  const life = running([service('web')]).end({ reason: 'signal', exitCode: 143 });
  life.stop();
  assert.deepEqual([life.told, life.asked], [[], []]);
  life.service('web', exited(0)).swept('web').stop();
  assert.deepEqual([life.told, life.asked], [[], []]);
  life.cleared();
  assert.deepEqual(life.state.verdict, { reason: 'signal', exitCode: 143, killed: [] });
});

test('on the way down no service starts, but a signal still reaches its service', () => {
  const life = running([service('api'), service('web', { down: true })]).stop();
  for (const input of [start, once, restart]) {
    assert.deepEqual(life.service('web', input).asked, []);
    assert.deepEqual(life.service('api', input).asked, []);
  }
  assert.deepEqual(life.service('api', hangUp).asked, ['SIGHUP to api']);
  life.service('api', exited(0));
  assert.equal(life.standing, 'api down, web down');
});

// Time limits

test('a service gets its timeout-kill, but at most the grace period; a grace of 0 is no bound', () => {
  const deadlineOf = (killTimeout: number | undefined, grace?: number): number | null => {
    const more = killTimeout === undefined ? {} : { killTimeout };
    return running([service('web', more)]).stop(grace).next;
  };
  assert.equal(deadlineOf(undefined), 3000);
  assert.equal(deadlineOf(500), 500);
  assert.equal(deadlineOf(0), 3000);
  assert.equal(deadlineOf(undefined, 200), 200);
  assert.equal(deadlineOf(500, 0), 500);
  assert.equal(deadlineOf(0, 0), null);
});

test('all finish scripts end when the grace period and the time for leftovers are over', () => {
  const slow = { finishTimeout: 60_000 };
  const life = running([finished('api', slow), finished('db', slow), finished('web', slow)]);
  life.service('api', exited(1));
  assert.equal(life.next, 60_000);
  assert.equal(life.stop().next, 3000, 'services that are up');
  life.now = 100;
  life.service('web', exited('SIGTERM')).until(3000).service('db', exited('SIGKILL'));
  life.until(6000);
  for (const [index, name] of ['api', 'db', 'web'].entries()) {
    assert.equal(life.told[index]?.startsWith(`problem killed: ${name}/finish`), true, name);
  }
  const unlimited = running([finished('web', { finishTimeout: 0 })])
    .stop(0)
    .service('web', exited('SIGTERM'));
  assert.equal(unlimited.next, null, 'a grace of 0 is no limit');
});

test('a shorter grace that is requested later applies to services that are already stopping', () => {
  const life = running([service('api'), finished('db', { finishTimeout: 0 }), logged('web')]);
  life.stop().service('db', exited(0)).service('web', exited(0)).swept('web');
  assert.equal(life.standing, 'api stopping, db finishing, web/log stopping, web down');
  life.now = 100;
  assert.deepEqual(
    [life.stop(5000).next, life.asked],
    [3000, []],
    'a longer grace changes nothing',
  );
  assert.deepEqual([life.stop(200).next, life.asked], [300, []]);
  life.until(300);
  assert.ok(life.asked.includes('SIGKILL to the group of api'));
  assert.ok(life.asked.includes('SIGKILL to the group of web/log'));
  assert.equal(
    life.stop(50).next,
    3300,
    'the finish script; a killed process is not killed earlier',
  );
  life.until(3300);
  assert.ok(life.asked.includes('SIGKILL to the group of db'));
});

test('a shorter grace applies neither to a logger before its producer has ended, nor to a finish script with an earlier limit', () => {
  const life = running([finished('db'), logged('web')]).stop();
  life.service('db', exited(0)).service('web/log', stop);
  life.now = 100;
  life.stop(4000);
  assert.equal('deadline' in life.at('db') && life.at('db').status, 'finishing');
  life.service('web', exited(0)).until(110);
  assert.deepEqual(life.asked, []);
  assert.equal(life.next, 5000);
});

test('killed services and scripts are in the verdict, once each, in order', () => {
  const life = running([finished('api'), service('web', { killTimeout: 500 })]).stop();
  life.until(500);
  assert.deepEqual(life.told, [
    'problem killed: web: the service has not ended 500 ms after it was asked to; it is killed (deadline)',
  ]);
  assert.deepEqual(life.asked, ['SIGKILL to the group of web']);
  life.until(3000).until(5500);
  assert.deepEqual(life.told, [
    'problem unkillable: web: pid 7 has not exited after SIGKILL; SIGKILL is sent again (deadline)',
  ]);
  life.service('web', exited('SIGKILL')).service('api', exited('SIGKILL')).until(10_500);
  assert.deepEqual(life.asked, ['SIGCONT to the group of api', 'SIGKILL to the group of api']);
  life.service('api', exited('SIGKILL')).swept('api web').cleared();
  assert.deepEqual(life.state.verdict?.killed, ['web', 'api', 'api/finish']);
});

test('a service that is killed while only the services are stopped is in the verdict, too', () => {
  const life = running([service('web')]).give({ type: 'advance', target: 'stopped' });
  life.until(3000).service('web', exited('SIGKILL')).swept('web').stop().cleared();
  assert.deepEqual(life.state.verdict?.killed, ['web']);
});

test('a service that was killed before the end was requested is not in the verdict', () => {
  const life = running([service('web')])
    .service('web', stop)
    .until(10_000);
  life.service('web', exited('SIGKILL')).swept('web').stop().swept('web').cleared();
  assert.deepEqual(life.state.verdict?.killed, []);
});

// Loggers

test('a logger reads on until its producer, the finish script and their leftovers are gone', () => {
  const finish = { script: '/etc/services.d/web/finish' };
  const life = running([logged('web', { finish })]).stop();
  assert.deepEqual(life.asked, ['SIGTERM to web', 'SIGCONT to web']);
  life.service('web', exited(0)).rise('web').service('web', exited(0));
  assert.equal(life.standing, 'web/log up, web down', 'a sweep is still running');
  life.swept('web web');
  assert.deepEqual(life.asked, ['close the pipe of web', 'sweep the writers of web within 3000']);
  assert.deepEqual(life.told, ['web/log: up → stopping, pid 7 (shutdown)']);
  life.swept('web').service('web/log', exited(0));
  assert.equal(life.state.phase, 'stopping');
  life.swept('web/log');
  assert.equal(life.state.phase, 'finishing');
});

test('a logger that does not reach end-of-file is killed when the grace period is over', () => {
  const life = running([logged('web')]).stop(200);
  life.now = 100;
  life.service('web', exited(0)).swept('web').swept('web');
  assert.equal(life.next, 300);
  life.until(300);
  assert.deepEqual(life.asked, ['SIGKILL to the group of web/log']);
  life.service('web/log', exited('SIGKILL')).swept('web/log').cleared();
  assert.deepEqual(life.state.verdict?.killed, ['web/log']);
});

test('the grace of a logger begins when the processes that could hold its pipe have ended', () => {
  const life = running([logged('web')]).stop(200);
  life.service('web', exited(0)).swept('web');
  assert.equal(life.next, 3200, 'their time, and the logger’s own');
  life.now = 1000;
  const killed = [{ owner: { service: 'web' }, pid: 9, name: 'sleep' }];
  life.give({ type: 'swept', service: 'web', killed });
  assert.match(life.told[0] ?? '', /^problem killed: web: sleep/);
  assert.equal(life.next, 1200);
  life.service('web/log', exited(0)).swept('web/log').cleared();
  assert.deepEqual(life.state.verdict?.killed, ['web/left-behind']);
});

test('a second signal shortens both times', () => {
  const life = running([logged('web')]).stop(2000);
  life.service('web', exited(0)).swept('web').give({ type: 'shorten', within: 1000 });
  assert.deepEqual([life.next, life.asked], [1000, ['shorten to 1000']]);
});

test('without a limit for services, a logger has none, whatever processes are being ended', () => {
  const life = running([logged('web')]).stop(0);
  life.service('web', exited(0)).swept('web');
  assert.equal(life.next, null);
  assert.equal(life.swept('web').next, null);
});

test('a logger that reads on has the grace period, whatever its own kill timeout is', () => {
  const life = running([logged('web', {}, { killTimeout: 300 })]).stop();
  life.service('web', exited(0)).swept('web').swept('web');
  assert.equal(life.next, 3000);
});

test('a logger in restart starts again to read the rest, also after the processes that held its pipe are gone', () => {
  const life = running([logged('web')])
    .service('web/log', restart)
    .stop();
  life.service('web', exited(0)).swept('web').swept('web').service('web/log', exited('SIGTERM'));
  assert.equal(life.at('web/log').status, 'starting');
});

test('writers are not searched for when no logger waits: it is down, or its service is gone from the tree', () => {
  const down = running([logged('web')])
    .service('web/log', stop)
    .service('web/log', exited(0));
  down.swept('web/log').stop().service('web', exited(0)).swept('web');
  assert.deepEqual(down.asked, ['close the pipe of web', 'clear within 3000']);
  const gone = running([logged('web')], { root: '/etc' });
  gone.give({ type: 'reread', tree: { ...gone.state.tree, services: [] }, problems: [] });
  gone.service('web', exited(0)).swept('web');
  assert.deepEqual(gone.asked, ['close the pipe of web']);
});

test('a logger of a producer that was always down is drained as well', () => {
  const life = new TreeLife({ services: [logged('web', { down: true })] }).start().rise('web/log');
  life.stop();
  assert.deepEqual(life.asked, ['sweep web within 3000']);
  life.swept('web');
  assert.deepEqual(life.asked, ['close the pipe of web', 'sweep the writers of web within 3000']);
});

test('a logger that waits for its restart runs once more to read the rest of the pipe', () => {
  const life = running([logged('web')])
    .service('web/log', exited(1))
    .stop();
  life.service('web', exited(0)).swept('web');
  const release = ['close the pipe of web', 'spawn web/log'];
  assert.deepEqual(life.asked, [...release, 'sweep the writers of web within 3000']);
  life.rise('web/log');
  assert.deepEqual(life.told, ['web/log: starting → stopping, pid 7 (spawned)']);
  life.service('web/log', exited(0));
  assert.equal(life.standing, 'web/log down, web down');
});

// The finish stage

test('finish scripts run one at a time; one that fails does not keep the next from running', () => {
  const life = new TreeLife({ finish: [script('80-y'), script('90-z')] }).start().stop();
  assert.deepEqual(life.asked, ['spawn 80-y']);
  life.runScript('finish', 3);
  assert.deepEqual(life.asked, ['spawn 90-z']);
  life.runScript('finish');
  assert.deepEqual(life.told.slice(1), ['stage finish: failed (exited)']);
  assert.deepEqual(life.asked, ['clear within 3000']);
  life.cleared();
  assert.equal(
    life.state.verdict?.exitCode,
    0,
    'exit codes of finish scripts do not change the verdict',
  );
});

test('a finish script that hangs is killed at its limit, and the next one runs', () => {
  const life = new TreeLife({ finish: [script('80-y'), script('90-z')] }).start().stop();
  life.script('finish', { type: 'spawned', pid: 8 });
  assert.equal(life.next, 5000);
  life.until(5000);
  assert.deepEqual(life.asked, ['SIGKILL to the group of 80-y']);
  life.script('finish', { type: 'exited', exit: { code: null, signal: 'SIGKILL' } });
  assert.deepEqual(life.asked, ['spawn 90-z']);
  life.runScript('finish').cleared();
  assert.deepEqual(life.state.verdict?.killed, ['80-y']);
});

test('a finish script that cannot be run does not hold up the end', () => {
  const life = new TreeLife({ finish: [script('80-y')] }).start().stop();
  life.script('finish', unspawnable as { type: 'unspawnable'; code: string; message: string });
  assert.deepEqual(life.told, [
    '80-y: unspawnable (unspawnable)',
    'problem unspawnable: /etc/scripts/80-y: the finish script cannot be run: no such file (unspawnable)',
    'stage finish: failed (unspawnable)',
  ]);
});

test('after a stop of the services alone, the finish stage waits until it is requested', () => {
  const life = running([service('web')], { finish: [script('90-z')] });
  life.give({ type: 'advance', target: 'stopped' });
  assert.deepEqual(life.told, [
    'phase: running → stopping (shutdown)',
    'web: up → stopping, pid 7 (shutdown)',
  ]);
  life.service('web', exited('SIGTERM')).swept('web');
  assert.deepEqual([life.state.phase, life.asked], ['stopping', []]);
  life.give({ type: 'advance', target: 'ended' });
  assert.deepEqual(life.asked, ['spawn 90-z']);
  life.runScript('finish').cleared();
  assert.deepEqual(life.state.verdict, { reason: 'stopped', exitCode: 0, killed: [] });
});

test('the finish stage may run alone, without the two stages before it', () => {
  const parts = { init: [script('10-a')], services: [service('web')], finish: [script('90-z')] };
  const life = new TreeLife(parts).give({ type: 'advance', target: 'ended', skipInit: true });
  assert.deepEqual(life.told, ['phase: loaded → stopping (shutdown)']);
  assert.deepEqual(life.swept('web').asked, ['spawn 90-z']);
  assert.deepEqual([life.state.init.status, life.state.services.status], ['pending', 'pending']);
});

// The last clean-up

test('a resource that could not be released is reported before the end', () => {
  const life = new TreeLife({}).start().stop();
  const problem = {
    code: 'runtime-directory',
    severity: 'warning',
    path: 'p',
    message: 'm',
  } as const;
  life.give({ type: 'cleared', problems: [problem] });
  assert.deepEqual(life.told, [
    'problem runtime-directory: p: m (stage)',
    'phase: finishing → ended (stage)',
  ]);
});

test('after the end no input changes anything', () => {
  const life = new TreeLife({ services: [service('web')] }).start().stop();
  life.service('web', unspawnable).cleared();
  const { state } = life;
  assert.equal(state.phase, 'ended');
  life.start().service('web', start).service('web', deadline).stop().cleared();
  assert.equal(life.state, state);
  assert.equal(life.next, null);
});

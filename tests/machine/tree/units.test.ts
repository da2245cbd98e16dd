import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  exited,
  finished,
  logged,
  restart,
  script,
  service,
  start,
  stop,
  tree,
  treeOptions,
} from '../samples.ts';
import { TreeLife } from '../tree-life.ts';
import { isReady } from '../../../lib/machine/service/lifecycle.ts';
import { unitsOf } from '../../../lib/machine/tree/units.ts';
import type { ServiceOverrides } from '../../../lib/machine/tree/tree-options.ts';
import { problem } from '../../../lib/model/problem.ts';
import type { ServiceSpec } from '../../../lib/model/tree.ts';

function running(...services: readonly ServiceSpec[]): TreeLife {
  const life = new TreeLife({ services }).start();
  return life.rise([...life.state.units.keys()].join(' '));
}

/** Gives a new reading of `services.d` with these services. */
function reread(life: TreeLife, ...services: readonly ServiceSpec[]): TreeLife {
  return life.give({ type: 'reread', tree: { ...life.state.tree, services }, problems: [] });
}

// From a tree to its units

test('each service is a unit, each logger before its producer, all untouched', () => {
  const setting = { options: treeOptions(), now: 5 };
  const units = unitsOf(tree({ services: [service('api'), logged('web')] }), setting);
  assert.deepEqual([...units.keys()], ['api', 'web/log', 'web']);
  assert.equal(units.get('web')?.state.since, 5);
  assert.equal(units.get('web')?.leaving, false);
});

test('the host’s overrides apply to the specs, to loggers under their own names', () => {
  const specOf = (name: string, overrides: Record<string, ServiceOverrides>): ServiceSpec => {
    const setting = { options: treeOptions({ services: overrides }), now: 0 };
    const spec = unitsOf(tree({ services: [logged('web')] }), setting).get(name)?.spec;
    assert.ok(spec !== undefined);
    return spec;
  };
  const web = specOf('web', { web: { essential: true, killTimeout: 5, finishTimeout: 6 } });
  assert.deepEqual([web.essential, web.killTimeout, web.finishTimeout], [true, 5, 6]);
  assert.deepEqual(specOf('web', { 'web/log': { essential: true } }), logged('web'));
  assert.equal(specOf('web/log', { 'web/log': { essential: true } }).essential, true);
  assert.equal(specOf('web', { web: { killTimeout: 0 } }).killTimeout, 0);
  const unset = { killTimeout: undefined } as unknown as ServiceOverrides;
  assert.equal('killTimeout' in specOf('web', { web: unset }), false);
});

test('names of properties that every object has are no overrides', () => {
  const setting = { options: treeOptions(), now: 0 };
  const units = unitsOf(tree({ services: [service('constructor')] }), setting);
  assert.deepEqual(units.get('constructor')?.spec, service('constructor'));
});

// services.d is read again

test('a new service is started, its logger first; nothing else is touched', () => {
  const life = reread(running(service('web')), logged('api'), service('web'));
  assert.deepEqual(life.told, [
    'tree: +api/log +api (rescan)',
    'api/log: down → starting (rescan)',
    'api: down → starting (rescan)',
  ]);
  assert.equal(life.standing, 'api/log starting, api starting, web up');
});

test('the stage waits for a service that is new during the start as well', () => {
  const life = reread(
    new TreeLife({ services: [service('web')] }).start(),
    service('api'),
    service('web'),
  );
  life.rise('web');
  assert.deepEqual([life.state.phase, life.state.units.awaited], ['starting', ['api']]);
  life.rise('api');
  assert.equal(life.state.phase, 'running');
});

test('a new service with a down file, or before or after the services stage, is not started', () => {
  assert.deepEqual(reread(running(), service('web', { down: true })).asked, []);
  assert.deepEqual(reread(new TreeLife({}), service('web')).asked, []);
  assert.deepEqual(reread(running(service('web')).stop(), service('api')).asked, []);
});

test('a service that is gone is stopped, and removed once it is down', () => {
  const life = reread(running(finished('api'), service('web')), service('web'));
  assert.deepEqual(life.told, ['tree: -api (rescan)', 'api: up → stopping, pid 7 (rescan)']);
  assert.deepEqual(life.asked, ['SIGTERM to api', 'SIGCONT to api']);
  life.service('api', exited(0)).rise('api').service('api', exited(0));
  assert.equal(life.standing, 'web up, api down', 'a sweep is still running');
  life.swept('api api');
  assert.equal(life.standing, 'web up');
});

test('a service that is gone and at rest is removed once its leftovers are gone', () => {
  const life = reread(running(service('web', { down: true })));
  assert.deepEqual([life.told, life.asked], [['tree: -web (rescan)'], ['sweep web within 3000']]);
  assert.equal(life.swept('web').standing, '');
});

test('a service that is gone does not start again, whatever the host commands', () => {
  const life = reread(running(service('web')));
  life.service('web', start).service('web', { type: 'restart' }).service('web', exited(0));
  assert.equal(life.standing, 'web down');
});

test('a service that is gone while it waits for its restart is down at once', () => {
  const life = reread(running(service('web')).service('web', exited(1)));
  assert.equal(life.told.at(-1), 'web: backoff → down (rescan)');
});

test('a logger that is gone with its producer reads to the end first', () => {
  const life = reread(running(logged('web')));
  assert.deepEqual(life.asked, ['SIGTERM to web', 'SIGCONT to web']);
  life.service('web', exited(0)).swept('web');
  assert.deepEqual(life.asked, ['close the pipe of web']);
  assert.equal(
    life.standing,
    'web/log stopping, web down',
    'the producer stays until the logger has',
  );
  life.service('web/log', exited(0)).swept('web/log');
  assert.equal(life.standing, '');
});

test('a logger that is gone alone is stopped', () => {
  const life = reread(running(logged('web')), service('web'));
  assert.deepEqual(life.told, [
    'tree: -web/log ~web (rescan)',
    'web/log: up → stopping, pid 7 (rescan)',
  ]);
  life.service('web/log', exited('SIGTERM')).swept('web/log');
  assert.equal(life.standing, 'web up');
});

test('a new logger is started; its producer runs on unchanged', () => {
  const life = reread(running(service('web')), logged('web'));
  assert.equal(life.told[0], 'tree: +web/log ~web (rescan)');
  assert.equal(life.standing, 'web/log starting, web up');
});

test('a service that comes back while it is being stopped starts again', () => {
  const life = reread(reread(running(service('web'))), service('web'));
  assert.equal(life.told[0], 'tree: +web (rescan)');
  life.service('web', exited('SIGTERM'));
  assert.equal(life.standing, 'web backoff');
});

test('a service that comes back with its logger, after its pipe was closed, is drained again at the end', () => {
  const life = reread(running(logged('web')));
  life.service('web', exited(0)).swept('web');
  reread(life, logged('web')).service('web/log', exited(0));
  assert.equal(life.standing, 'web/log backoff, web starting');
  life.until(1000).rise('web/log web').stop().service('web', exited(0)).swept('web');
  assert.equal(life.asked[0], 'close the pipe of web');
});

test('a changed service runs on, and the change takes effect at its next start', () => {
  const announces = service('web', { notificationFd: 3 });
  const life = reread(running(service('web')), announces);
  assert.deepEqual([life.told, life.asked], [['tree: ~web (rescan)'], []]);
  assert.deepEqual(life.state.units.get('web')?.spec, announces);
  assert.equal(isReady(life.at('web')), true, 'this run has no descriptor');
  life.service('web', restart).service('web', exited('SIGTERM')).rise('web');
  assert.equal(isReady(life.at('web')), false);
});

test('without a change nothing is reported', () => {
  assert.deepEqual(reread(running(logged('web')), logged('web')).told, []);
});

test('changed control files of one service are reported and take effect; nothing is started or stopped', () => {
  const life = running(finished('web'), service('api'));
  const spec = service('web', { killTimeout: 7 });
  const it = problem('value-invalid', 'p', 'm');
  life.give({ type: 'specChanged', spec, problems: [it] });
  assert.deepEqual(
    [life.told, life.asked],
    [['problem value-invalid: p: m (rescan)', 'tree: ~web (rescan)'], []],
  );
  assert.deepEqual(life.state.units.get('web')?.spec, spec);
  assert.deepEqual(life.state.tree.services, [spec, service('api')]);
  assert.ok(Object.isFrozen(life.state.tree.services));
  life.give({ type: 'specChanged', spec, problems: [] });
  assert.deepEqual(life.told, []);
  life.service('web', exited(1));
  assert.equal(life.at('web').status, 'backoff', 'its finish is gone');
});

test('a changed logger is changed in its producer’s spec, too', () => {
  const life = running(logged('web'));
  const spec = service('web/log', { killTimeout: 7 });
  life.give({ type: 'specChanged', spec, problems: [] });
  assert.deepEqual(life.told, ['tree: ~web/log ~web (rescan)']);
  assert.deepEqual(reread(life, logged('web', {}, { killTimeout: 7 })).told, []);
});

test('overrides take precedence over a changed spec', () => {
  const life = new TreeLife(
    { services: [service('web')] },
    { services: { web: { killTimeout: 9 } } },
  );
  life.give({ type: 'specChanged', spec: service('web', { killTimeout: 7 }), problems: [] });
  assert.deepEqual(life.told, [], 'so nothing has changed');
  assert.equal(life.state.units.get('web')?.spec.killTimeout, 9);
});

test('a changed spec of an unknown service has no effect', () => {
  const life = running(service('web'));
  life.give({ type: 'specChanged', spec: service('api'), problems: [] });
  assert.deepEqual([life.told, life.standing], [[], 'web up']);
});

test('overrides apply to new services as well', () => {
  const life = new TreeLife({}, { services: { web: { down: true } } }).start();
  assert.deepEqual(reread(life, service('web')).asked, []);
});

test('the finish scripts are those of the last reading before their stage', () => {
  const life = running();
  const now = { ...life.state.tree, finish: [script('95-new')] };
  life.give({ type: 'reread', tree: now, problems: [] }).stop();
  assert.deepEqual(life.asked, ['spawn 95-new']);
  const later = { ...life.state.tree, finish: [script('99-late')] };
  life.give({ type: 'reread', tree: later, problems: [] }).runScript('finish');
  assert.deepEqual(life.asked, ['clear within 3000']);
});

test('a service that comes back after the host stopped it by hand is started', () => {
  const life = running(service('web')).service('web', stop).service('web', exited(0)).swept('web');
  reread(reread(life), service('web'));
  assert.equal(life.standing, 'web starting');
});

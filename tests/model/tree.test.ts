import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  backoffDefaults,
  deepFreeze,
  loggerName,
  producerOf,
  serviceDefaults,
  serviceIn,
  withLoggers,
  withService,
} from '../../lib/model/tree.ts';
import type { ServiceSpec } from '../../lib/model/tree.ts';

const spec = (name: string, logger?: ServiceSpec): ServiceSpec => ({
  name,
  run: { command: ['true'] },
  ...serviceDefaults,
  ...(logger !== undefined && { logger }),
});

test('the defaults of a service are those of s6', () => {
  assert.deepEqual(serviceDefaults, {
    down: false,
    finishTimeout: 5000,
    downSignal: 'SIGTERM',
    reloadSignal: 'SIGHUP',
    maxDeathTally: 100,
    flagTimeoutKillpg: false,
    restart: 'always',
    essential: false,
  });
  assert.deepEqual(backoffDefaults, { factor: 2, cap: 60_000, reset: 60_000 });
});

test('the name of a logger follows from its producer’s, and the producer’s from the logger’s', () => {
  assert.equal(loggerName('web'), 'web/log');
  assert.equal(producerOf('web/log'), 'web');
  assert.equal(producerOf(loggerName('log')), 'log');
  assert.equal(producerOf('web'), undefined);
  assert.equal(producerOf('log'), undefined);
  assert.equal(producerOf('catalog'), undefined);
});

test('withLoggers puts each logger before its producer', () => {
  const names = withLoggers([spec('a'), spec('b', spec('b/log')), spec('c')]).map(
    ({ name }) => name,
  );
  assert.deepEqual(names, ['a', 'b/log', 'b', 'c']);
});

test('deepFreeze freezes a value at every level', () => {
  const value = { list: [{ deep: { value: 1 } }], none: null, text: 'text' };
  assert.equal(deepFreeze(value), value);
  assert.equal(Object.isFrozen(value), true);
  assert.equal(Object.isFrozen(value.list), true);
  assert.equal(Object.isFrozen(value.list[0]?.deep), true);
  assert.equal(deepFreeze(5), 5);
  assert.equal(deepFreeze(null), null);
});

const logged = spec('web', spec('web/log'));

test('serviceIn finds a service by its name, a logger by its producer', () => {
  const tree = { fixAttrs: [], init: [], services: [spec('api'), logged], finish: [] };
  const names = ['api', 'web', 'web/log', 'api/log', 'db', 'db/log'];
  assert.deepEqual(
    names.map((name) => serviceIn(tree, name)?.name),
    ['api', 'web', 'web/log', undefined, undefined, undefined],
  );
});

test('withService replaces the spec of one service and leaves the rest of the tree as it is', () => {
  const tree = { fixAttrs: [], init: [], services: [spec('api'), logged], finish: [] };
  const other = { ...spec('api'), killTimeout: 7 };
  assert.deepEqual(withService(tree, other), { ...tree, services: [other, logged] });
  const logger = { ...spec('web/log'), killTimeout: 7 };
  assert.deepEqual(withService(tree, logger).services, [spec('api'), { ...logged, logger }]);
  assert.deepEqual(withService(tree, spec('db')), tree);
});

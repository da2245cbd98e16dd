import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replay } from '../replay.ts';
import type { Tree } from '../../../lib/model/tree.ts';
import type { ExploreTreeOptions } from '../../../lib/testing/exploration/explore.ts';
import { exploreTree } from '../../../lib/testing/exploration/explore.ts';
import { finished, logged, script, service, tree } from '../../machine/samples.ts';

/*
 * Checks that the findings are true: the longest shutdown that an exploration reports takes exactly that long on a supervisor.
 */

type Options = Omit<ExploreTreeOptions, 'problems' | 'mostStates'>;

const everything = logged(
  'web',
  { finish: { script: '/web/finish' }, notificationFd: 3, finishTimeout: 700 },
  { finish: { script: '/log/finish' }, finishTimeout: 1100 },
);
const limit = { deaths: 3, within: 10_000 };
const backoff = { first: 100, factor: 2, cap: 1000, reset: 1000, limit };

const lives: readonly (readonly [string, Partial<Tree>, Options])[] = [
  ['nothing at all', {}, {}],
  ['a service', { services: [service('web')] }, {}],
  ['a service that waits long', { services: [service('web', { killTimeout: 500 })] }, {}],
  ['no grace', { services: [service('web')] }, { timeouts: { services: 0 } }],
  ['a finish script', { services: [finished('web')] }, {}],
  ['a logger', { services: [logged('web')] }, {}],
  ['everything', { services: [everything], init: [script('10-a')], finish: [script('90-z')] }, {}],
  ['nothing is swept', { services: [everything] }, { timeouts: { kill: 0 } }],
  ['a backoff with a limit', { services: [finished('web', { backoff })] }, {}],
  ['only scripts', { init: [script('10-a')], finish: [script('90-z'), script('91-z')] }, {}],
  [
    'a long init script',
    { init: [script('10-a')], services: [service('web')] },
    { timeouts: { init: 60_000, services: 0 } },
  ],
  [
    'a finish script that must have begun before the stop',
    { services: [finished('web', { finishTimeout: 20_000 })] },
    { timeouts: { services: 1, kill: 0 } },
  ],
  [
    'two services',
    {
      services: [everything, finished('db', { finishTimeout: 30_000, restart: 'never' })],
      finish: [script('90-z')],
    },
    { timeouts: { services: 20_000, finish: 1, kill: 7 }, services: { db: { killTimeout: 11 } } },
  ],
  [
    'an essential service',
    { services: [finished('web', { essential: true, restart: 'on-failure' })] },
    { onInitFailure: 'stop' },
  ],
];

for (const [name, parts, options] of lives) {
  test(`the longest shutdown takes as long as reported: ${name}`, async () => {
    const whole = tree(parts);
    const { longestShutdown } = exploreTree(whole, options);
    assert.equal(await replay(whole, options, longestShutdown), longestShutdown.duration);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceSpec, Tree } from '../../../lib/model/tree.ts';
import { problem } from '../../../lib/model/problem.ts';
import type { ExploreTreeOptions, Exploration } from '../../../lib/testing/exploration/explore.ts';
import { exploreTree, exploreParts } from '../../../lib/testing/exploration/explore.ts';
import { finished, logged, script, service, tree } from '../../machine/samples.ts';

/*
 * Services are explored separately. The findings must equal those of exploring them together, with every interleaving of their
 * steps.
 */

const loggerWithFinish = { finish: { script: '/log/finish' }, finishTimeout: 40 };

const kinds: readonly ((name: string) => ServiceSpec)[] = [
  (name) => service(name),
  (name) => finished(name, { killTimeout: 50, finishTimeout: 9000 }),
  (name) => finished(name, { restart: 'never', essential: true, finishTimeout: 20 }),
  (name) => service(name, { notificationFd: 3, killTimeout: 0 }),
  (name) => finished(name, { finishTimeout: 0, down: true }),
  (name) => finished(name, { finishTimeout: 0 }),
  (name) => logged(name, { killTimeout: 1 }, loggerWithFinish),
];

const settings: readonly ExploreTreeOptions[] = [
  {},
  { timeouts: { services: 0, readiness: 0 } },
  { timeouts: { kill: 0, init: 7, services: 2000 }, onInitFailure: 'stop' },
];

const scripted = { init: [script('10-a')], finish: [script('90-z')] };

const runs = ['/etc/services.d/b/run', '/etc/services.d/a/finish'];
const problems = runs.map((path) => problem('interpreter-missing', path, 'is missing'));

/** The findings without the ways to them. */
function gist({ complete, deadEnds, neverStart, longestShutdown, longestStart }: Exploration) {
  const ends = deadEnds.map(({ during, waitsFor, remedy }) => `${during} ${waitsFor} ${remedy}`);
  const never = neverStart.map((each) => `${each.service}: ${each.why}`);
  return {
    ...{ complete, deadEnds: ends.sort(), neverStart: never.sort() },
    ...{ shutdown: longestShutdown.duration, start: longestStart?.duration },
  };
}

function agrees(whole: Tree, options: ExploreTreeOptions): void {
  const together = exploreParts(whole, [whole], options);
  const apart = exploreTree(whole, options);
  assert.deepEqual(gist(apart), gist(together));
}

for (const [first, one] of kinds.entries()) {
  test(`services explored separately give the same findings as together: kind ${String(first)} with each other kind`, () => {
    for (const other of kinds.slice(first)) {
      for (const options of settings) {
        const services = [one('a'), other('b')];
        if (services.every(({ logger }) => logger !== undefined)) continue;
        agrees(tree({ services }), options);
        agrees(tree({ services, ...scripted }), { ...options, problems });
      }
    }
  });
}

test('the bound on the states is reported', () => {
  const whole = tree({ services: [service('a'), service('b')] });
  const { complete, states } = exploreTree(whole, { mostStates: 5 });
  assert.deepEqual([complete, states], [false, 10]);
});

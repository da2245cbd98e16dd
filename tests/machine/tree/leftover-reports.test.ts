import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exited, hangUp, script, service, stop } from '../samples.ts';
import { TreeLife } from '../tree-life.ts';
import type { KilledLeftover, Owner } from '../../../lib/machine/tree/tree-state.ts';

const web: Owner = { service: 'web' };

function killed(owner: Owner | null, ...names: readonly string[]): readonly KilledLeftover[] {
  return names.map((name, index) => ({ owner, name, pid: 20 + index }));
}

/** A tree with a script and a service, on its way down; the service has exited. */
function descending(): TreeLife {
  const life = new TreeLife({ init: [script('10-a')], services: [service('web')] }).start();
  life.runScript('init').rise('web').stop();
  return life.service('web', exited('SIGTERM'));
}

test('leftovers of a service that had to be killed are reported, and are in the verdict', () => {
  const life = descending();
  life.give({ type: 'swept', service: 'web', killed: killed(web, 'sleep', 'sh') });
  assert.equal(
    life.told[0],
    'problem killed: web: sleep (pid 20), sh (pid 21), which were left behind, have not ended within 3000 ms; they are killed (stage)',
  );
  assert.deepEqual(life.cleared().state.verdict?.killed, ['web/left-behind']);
});

test('leftovers of scripts, and daemonized processes, are reported as well, each by its name', () => {
  const life = descending().swept('web');
  const script10: Owner = { stage: 'init', script: '10-a' };
  const all = [...killed(script10, 'sleep'), ...killed(null, 'mysqld', ''), ...killed(web, 'sh')];
  life.give({ type: 'cleared', problems: [], killed: all });
  assert.deepEqual(life.told.slice(0, 4), [
    'problem killed: /etc/scripts/10-a: sleep (pid 20), which was left behind, has not ended within 3000 ms; it is killed (stage)',
    'problem killed: runaway/mysqld: mysqld (pid 20), which had left the session that it was started in, has not ended within 3000 ms; it is killed (stage)',
    'problem killed: runaway/21: a process (pid 21), which had left the session that it was started in, has not ended within 3000 ms; it is killed (stage)',
    'problem killed: web: sh (pid 20), which was left behind, has not ended within 3000 ms; it is killed (stage)',
  ]);
  assert.equal(life.told.at(-1), 'phase: finishing → ended (stage)', 'all entries of the verdict');
  const names = ['10-a/left-behind', 'runaway/mysqld', 'runaway/21', 'web/left-behind'];
  assert.deepEqual(life.state.verdict?.killed, names);
});

test('the reported time is the one that a second signal has left', () => {
  const life = descending().give({ type: 'shorten', within: 1000 });
  life.give({ type: 'swept', service: 'web', killed: killed(web, 'sleep') });
  assert.match(life.told[0] ?? '', /has not ended within 1000 ms/);
});

test('leftovers that are killed while the supervisor runs are reported, but are not in the verdict', () => {
  const life = new TreeLife({ services: [service('web'), service('api')] }).start();
  life.rise('web api').service('web', stop).service('web', exited('SIGTERM'));
  life.give({ type: 'swept', service: 'web', killed: killed(web, 'sleep') });
  assert.match(life.told[0] ?? '', /^problem killed: web: /);
  assert.deepEqual(life.service('api', hangUp).state.killed, []);
});

test('without killed leftovers nothing is reported', () => {
  const life = descending();
  life.give({ type: 'swept', service: 'web', killed: [] });
  assert.doesNotMatch(life.told.join(), /problem/);
  assert.deepEqual(life.cleared().state.verdict?.killed, []);
});

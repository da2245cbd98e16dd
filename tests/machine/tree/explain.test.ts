import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  backoff,
  by,
  code,
  died,
  down,
  failed,
  finishing,
  run,
  service,
  starting,
  stopping,
  up,
} from '../samples.ts';
import { explainService } from '../../../lib/machine/tree/explain.ts';
import type { ServiceState } from '../../../lib/machine/service/service-state.ts';
import type { ServiceSpec } from '../../../lib/model/tree.ts';

function explained(state: ServiceState, now = 0, more: Partial<ServiceSpec> = {}): string {
  return explainService(
    {
      spec: service('web', more),
      state,
      leaving: false,
      released: false,
      awaited: false,
      sweeps: 0,
    },
    now,
  );
}

const flaw = { code: 'ENOENT', message: 'no such file' };

test('down: not started yet, asked to stop, exited, or cannot be run', () => {
  assert.equal(explained(down({ why: 'untouched' })), 'web is down: it has not been started yet.');
  assert.equal(explained(down()), 'web is down: it was asked to stop.');
  assert.equal(
    explained(down({ why: 'ended', lastExit: code(0) })),
    'web is down: it exited with code 0, and nothing asks for another start.',
  );
  assert.equal(
    explained(down({ why: 'ended', lastExit: code(0), spawnFailure: flaw })),
    'web is down: it cannot be run: no such file.',
  );
});

test('starting: the goal', () => {
  assert.equal(explained(starting()), 'web is being started, wanted up.');
  assert.equal(
    explained(starting({ goal: 'once' })),
    'web is being started, not restarted when it ends.',
  );
  assert.equal(
    explained(starting({ goal: 'drain' })),
    'web is being started, to read the rest of its pipe.',
  );
  assert.equal(explained(starting({ goal: 'down' })), 'web is being started, wanted down.');
});

test('up: for how long, the pid, and whether it is ready', () => {
  assert.equal(explained(up(), 340), 'web is up for 340 ms as pid 7, wanted up.');
  assert.equal(
    explained(up({ run: { ...run, announces: true } }), 2000),
    'web is up for 2 s as pid 7, wanted up, not ready yet.',
  );
  const ready = up({ run: { ...run, announces: true, readyAt: 5 } });
  assert.equal(explained(ready, 2000), 'web is up for 2 s as pid 7, wanted up.');
});

test('stopping: how long until KILL, and whether KILL was sent', () => {
  assert.equal(
    explained(stopping(), 2500),
    'web is stopping for 2.5 s: pid 7 is to end, KILL in 7.5 s.',
  );
  assert.equal(
    explained(stopping({ deadline: null })),
    'web is stopping for 0 ms: pid 7 is to end, without a limit.',
  );
  assert.equal(
    explained(stopping({ restart: true })),
    'web is stopping for 0 ms: for a restart, pid 7 is to end, KILL in 10 s.',
  );
  assert.equal(
    explained(stopping({ kills: 1 })),
    'web is stopping for 0 ms: pid 7 does not end, and KILL was sent.',
  );
  assert.equal(
    explained(stopping(), 10_004),
    'web is stopping for 10 s: pid 7 is to end, KILL in 0 ms.',
  );
});

test('finishing: how run ended, and what follows', () => {
  const lastExit = by('SIGKILL');
  const said = 'web runs its finish script for 2 s, since run was ended by SIGKILL; then';
  const next = (state: Partial<Parameters<typeof finishing>[0]>, more: Partial<ServiceSpec> = {}) =>
    explained(finishing({ lastExit, ...state }), 2000, more);
  assert.equal(next({}), `${said} it comes back.`);
  assert.equal(next({ goal: 'down' }), `${said} it stays down.`);
  assert.equal(next({ goal: 'once' }), `${said} it stays down.`);
  assert.equal(next({ goal: 'drain' }), `${said} it reads the rest of its pipe.`);
  assert.equal(
    next({ kills: 1 }),
    'web runs its finish script for 2 s, since run was ended by SIGKILL, and KILL was sent to it; then it comes back.',
  );
});

test('finishing: names the restart policy if it decides', () => {
  const state = finishing({ lastExit: code(1) });
  const said = 'web runs its finish script for 2 s, since run exited with code 1; then';
  assert.equal(
    explained(state, 2000, { restart: 'never' }),
    `${said} its restart policy (never) decides.`,
  );
  const restart = finishing({ lastExit: code(1), ended: { ...died, restart: true } });
  assert.equal(explained(restart, 2000, { restart: 'never' }), `${said} it comes back.`);
  const asked = finishing({ lastExit: code(1), ended: { ...died, death: false } });
  assert.equal(explained(asked, 2000, { restart: 'never' }), `${said} it comes back.`);
});

test('backoff: how long, and how run ended', () => {
  assert.equal(
    explained(backoff({ lastExit: code(1), deaths: 1 }), 400),
    'web waits 600 ms for its restart: it exited with code 1 (1 death).',
  );
  assert.equal(
    explained(backoff({ lastExit: code(1), deaths: 3 }), 1100),
    'web waits 0 ms for its restart: it exited with code 1 (3 deaths).',
  );
  assert.equal(
    explained(backoff({ lastExit: code(0), deaths: 0 }), 400),
    'web waits 600 ms for its restart: it exited with code 0.',
  );
  assert.equal(
    explained(backoff({ why: 'unspawnable', spawnFailure: flaw, deadline: 600_000 })),
    'web waits 10 min for its restart: it cannot be run: no such file.',
  );
});

test('failed: the reason', () => {
  const after = '; it is not started again by itself.';
  const past = { lastExit: code(1), deaths: 3 };
  assert.equal(
    explained(failed({ why: 'finish', ...past })),
    `web has failed: its finish script said so (exit code 125) after run exited with code 1${after}`,
  );
  assert.equal(
    explained(failed({ why: 'limit', ...past })),
    `web has failed: it died too often, last when it exited with code 1 (3 deaths)${after}`,
  );
  assert.equal(
    explained(failed({ why: 'policy', ...past })),
    `web has failed: it exited with code 1, and its restart policy is never${after}`,
  );
  assert.equal(
    explained(failed({ why: 'unspawnable', spawnFailure: flaw })),
    `web has failed: it cannot be run: no such file${after}`,
  );
});

test('a service that is gone from services.d is explained as such', () => {
  const unit = {
    spec: service('web'),
    state: stopping(),
    leaving: true,
    released: false,
    awaited: false,
    sweeps: 0,
  };
  assert.equal(
    explainService(unit, 0),
    'web is stopping for 0 ms: pid 7 is to end, KILL in 10 s; it is gone from services.d.',
  );
});

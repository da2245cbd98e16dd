import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Supervisor } from '../../../lib/index.ts';
import type { Change } from '../../../lib/model/event.ts';
import {
  exit,
  FakeSpawner,
  ready,
  simulate,
  transcript,
  trial,
  VirtualClock,
} from '../../../lib/testing/index.ts';
import { eventInWords } from '../../../lib/testing/observation/transcript.ts';
import { fine } from '../../loader/trees.ts';

const files = {
  'cont-init.d/10-first': fine,
  'services.d/web/run': fine,
  'services.d/web/notification-fd': '3',
};

test('a line has the moment, the subject, the change and the cause', async () => {
  await using life = await simulate(files);
  life.spawner.script('10-first', exit(3, 40)).script('web', ready(60));
  await life.until(life.supervisor.start());
  life.spawner.child('web').exit({ code: null, signal: 'SIGSEGV' });
  assert.deepEqual(life.transcript.lines, [
    '     0  supervisor: loaded → initializing (stage)',
    '     0  stage init: started (stage)',
    '     0  10-first: started (spawned)',
    '    40  10-first: exited, code 3 after 40 ms (exited)',
    '    40  problem script-failed: cont-init.d/10-first: the init script exited with code 3 (exited)',
    '    40  stage init: failed (exited)',
    '    40  supervisor: initializing → starting (stage)',
    '    40  stage services: started (stage)',
    '    40  web: down → starting (stage)',
    '    40  web: starting → up (spawned)',
    '   100  web: ready after 60 ms (announced)',
    '   100  stage services: completed (announced)',
    '   100  supervisor: starting → running (announced)',
    '   100  web: up → backoff, SIGSEGV (exited)',
  ]);
  assert.equal(life.transcript.toString(), `${life.transcript.lines.join('\n')}\n`);
});

test('a transcript begins at its call, and continues', async () => {
  await using life = await simulate(files);
  life.spawner.script('web', ready());
  await life.until(life.supervisor.start());
  await life.advance(2500);
  const later = transcript(life.supervisor);
  assert.deepEqual(later.lines, []);
  life.spawner.child('web').exit();
  assert.deepEqual(later.lines, ['     0  web: up → backoff, code 0 (exited)']);
  await life.advance(1);
  assert.equal(later.lines.length, 4, 'a second after its readiness has passed already');
});

test('virtual time is written, whatever made the supervisor; real time is not', async () => {
  const clock = new VirtualClock(1_000_000);
  const spawner = new FakeSpawner(clock);
  const tree = { services: [{ name: 'web', run: ['sleep', '600'] }] };
  const virtual = new Supervisor(tree, { clock, spawner });
  const told = transcript(virtual);
  const silent = transcript(virtual, { times: false });
  const stopped = virtual.stop();
  clock.advance(0);
  await stopped;
  assert.equal(told.lines[0], '     0  supervisor: loaded → stopping (shutdown)');
  assert.equal(silent.lines[0], 'supervisor: loaded → stopping (shutdown)');
  await using real = await trial(tree);
  await real.supervisor.stop();
  assert.equal(real.transcript.lines[0], 'supervisor: loaded → stopping (shutdown)');
});

test('without times a transcript has nothing that differs between runs', () => {
  const cause = 'exited';
  const changes: readonly Change[] = [
    {
      type: 'script',
      stage: 'init',
      script: 'a',
      status: 'exited',
      duration: 12,
      cause,
      exit: { code: 0, signal: null },
    },
    { type: 'ready', service: 'web', pid: 1, duration: 12, cause },
    {
      type: 'problem',
      cause,
      problem: { code: 'killed', severity: 'warning', path: 'web', message: 'not after 3002 ms' },
    },
  ];
  assert.deepEqual(
    changes.map((change) => eventInWords(change, { times: false })),
    ['a: exited, code 0 (exited)', 'web: ready (exited)', 'problem killed: web (exited)'],
  );
});

test('every kind of event has its text', () => {
  const cause = 'rescan';
  const exits = { code: 1, signal: null };
  const changes: readonly (readonly [Change, string])[] = [
    [{ type: 'phase', from: 'starting', to: 'running', cause }, 'supervisor: starting → running'],
    [{ type: 'stage', stage: 'init', status: 'failed', cause }, 'stage init: failed'],
    [
      { type: 'script', stage: 'init', script: 'a', status: 'unspawnable', cause },
      'a: unspawnable',
    ],
    [
      { type: 'service', service: 'web', from: 'up', to: 'finishing', exit: exits, cause },
      'web: up → finishing, code 1',
    ],
    [{ type: 'ready', service: 'web', pid: 1, duration: 5.4, cause }, 'web: ready after 5 ms'],
    [
      { type: 'output', source: 'web', stream: 'stdout', line: 'hello', cause },
      "web: printed 'hello'",
    ],
    [
      { type: 'output', source: 'web', stream: 'stderr', line: 'oh', cause },
      "web: printed 'oh' on stderr",
    ],
    [
      { type: 'tree', added: ['a', 'b'], removed: ['c'], changed: ['d'], cause },
      'services.d: +a +b -c ~d',
    ],
  ];
  for (const [change, words] of changes) assert.equal(eventInWords(change), `${words} (rescan)`);
});

test('paths are relative to the root of the tree', () => {
  const path = '/etc/services.d/web/run';
  const change: Change = {
    type: 'problem',
    cause: 'spawned',
    problem: { code: 'unspawnable', severity: 'warning', path, message: `${path}: is gone` },
  };
  assert.equal(
    eventInWords(change, { times: true, root: '/etc' }),
    'problem unspawnable: services.d/web/run: services.d/web/run: is gone (spawned)',
  );
  assert.equal(
    eventInWords(change, { times: false, root: '/etc' }),
    'problem unspawnable: services.d/web/run (spawned)',
  );
});

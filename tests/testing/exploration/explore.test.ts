import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OptionsError, TreeError } from '../../../lib/errors.ts';
import type { ProblemCode } from '../../../lib/model/problem.ts';
import { problem } from '../../../lib/model/problem.ts';
import type { Tree } from '../../../lib/model/tree.ts';
import type { ExploreTreeOptions, Exploration } from '../../../lib/testing/exploration/explore.ts';
import { explore, exploreTree } from '../../../lib/testing/exploration/explore.ts';
import { treeOf, writeTree } from '../../../lib/testing/trees/files.ts';
import { temporaryFolder } from '../../loader/trees.ts';
import { cpuTimeOf } from '../../processes.ts';
import { finished, logged, script, service, tree } from '../../machine/samples.ts';

function explored(parts: Partial<Tree>, options: ExploreTreeOptions = {}): Exploration {
  return exploreTree(tree(parts), options);
}

/** The duration of the longest stop, in milliseconds. */
function stopOf(parts: Partial<Tree>, options: ExploreTreeOptions = {}): number {
  return explored(parts, options).longestShutdown.duration;
}

/** The duration of the longest start, in milliseconds. */
function startOf(parts: Partial<Tree>, options: ExploreTreeOptions = {}): number | undefined {
  return explored(parts, options).longestStart?.duration;
}

/** The dead ends in short form: `stop web: remedy`. */
function deadEndsOf(parts: Partial<Tree>, options: ExploreTreeOptions = {}): readonly string[] {
  const { deadEnds } = explored(parts, options);
  return deadEnds.map(({ during, waitsFor, remedy }) => `${during} ${waitsFor}: ${remedy}`);
}

const web = { services: [service('web')] };
const webFinished = { services: [finished('web')] };
const webLogged = { services: [logged('web')] };
const noKill = { kill: 0 };
const limits = { init: 4000 };

// The longest shutdown. Defaults unless a test sets others: 3 s until KILL, 5 s for a finish, 3 s for a sweep

test('the stop of an empty tree takes no time', () => {
  assert.equal(stopOf({}), 0);
  assert.equal(stopOf({ services: [service('web', { down: true })] }), 0);
});

test('a service takes its kill timeout, then the sweep of what it left behind', () => {
  assert.equal(stopOf(web), 3000 + 3000);
  assert.equal(stopOf(web, { timeouts: noKill }), 3000);
});

test('KILL comes at the shorter of the kill timeout and the grace, at the other one if one is 0', () => {
  const own = (killTimeout: number, services: number): number =>
    stopOf({ services: [service('web', { killTimeout })] }, { timeouts: { services, kill: 0 } });
  assert.equal(own(2000, 3000), 2000);
  assert.equal(own(20_000, 3000), 3000);
  assert.equal(own(0, 3000), 3000);
  assert.equal(own(20_000, 0), 20_000);
  assert.equal(stopOf(web, { timeouts: { services: 0, kill: 0 } }), 10_000);
});

test('the options for one service apply', () => {
  assert.equal(stopOf(web, { services: { web: { killTimeout: 800 } } }), 800 + 3000);
  assert.equal(stopOf(webFinished, { services: { web: { finishTimeout: 10 } } }), 3000 + 10 + 3000);
});

test('a finish script runs during the first sweep, and is swept itself', () => {
  assert.equal(stopOf(webFinished), 3000 + 3000 + 3000, 'no longer than all have');
  const short = { services: [finished('web', { finishTimeout: 1000 })] };
  assert.equal(stopOf(short), 3000 + 1000 + 3000);
});

test('a finish script longer than everything else has just begun at the stop', () => {
  const { longestShutdown } = explored(
    { services: [finished('web', { finishTimeout: 7000 })] },
    { timeouts: { services: 0, kill: 0 }, services: { web: { killTimeout: 1 } } },
  );
  assert.equal(longestShutdown.duration, 1 + 7000);
  assert.equal(longestShutdown.from, 'running: web up');
});

test('a logger stops after its producer, by the same rules', () => {
  assert.equal(stopOf(webLogged), 3000 + 3000 + (3000 + 3000));
  assert.equal(stopOf(webLogged, { timeouts: noKill }), 3000 + 3000);
});

test('a logger that dies just before it is stopped finishes, reads the rest, and finishes again', () => {
  const services = [logged('web', {}, { finish: { script: '/log/finish' }, finishTimeout: 2000 })];
  assert.equal(stopOf({ services }, { timeouts: noKill }), 3000 + (2000 + 3000 + 1000));
  assert.equal(stopOf({ services }), 3000 + 3000 + (2000 + 3000 + 2000 + 3000));
});

test('leftovers of a logger the finish of which exits 125 are ended by the final clean-up only', () => {
  const logger = { finish: { script: '/log/finish' }, finishTimeout: 1 };
  const slow = finished('a', { finishTimeout: 60_000 });
  const services = [slow, logged('b', { killTimeout: 1 }, logger)];
  assert.equal(stopOf({ services }), 3000 + 3000 + 3000 + 3000);
});

test('services stop at the same time, so the slowest one counts', () => {
  const services = [service('a'), finished('b'), service('c', { killTimeout: 1 })];
  assert.equal(stopOf({ services }), stopOf({ services: [finished('b')] }));
});

test('finish scripts run one after the other, then their leftovers are killed', () => {
  const finish = [script('90-a'), script('91-b'), script('92-c')];
  assert.equal(stopOf({ finish }), 3 * 5000 + 3000);
  assert.equal(stopOf({ finish }, { timeouts: { finish: 100, kill: 0 } }), 300);
  assert.equal(stopOf({ ...web, finish }), 6000 + 15_000 + 3000);
});

test('a stop in the init stage is the longest when its script has a longer limit than the services', () => {
  const parts = { init: [script('10-a')], services: [service('web', { killTimeout: 10 })] };
  const timeouts = { init: 60_000, services: 0, kill: 0 };
  const { longestShutdown } = explored(parts, { timeouts });
  assert.equal(longestShutdown.duration, 60_000);
  assert.equal(longestShutdown.from, 'initializing: 10-a runs');
});

test('an init script is killed at the shorter of its limit and the grace', () => {
  const init = [script('10-a')];
  assert.equal(stopOf({ init }), 3000 + 3000);
  assert.equal(stopOf({ init }, { timeouts: { init: 400 } }), 400 + 3000);
});

test('a script that cannot be run takes no time', () => {
  const problems = ['web/run', '90-z'].map((path) =>
    problem('interpreter-missing', `/${path}`, ''),
  );
  const services = [service('web', { run: { script: '/web/run' } })];
  const finish = [{ name: '90-z', run: { script: '/90-z' } }];
  assert.equal(stopOf({ services, finish }, { problems }), 0);
});

test('an essential service stops everything, in no more time than a stop', () => {
  const services = [finished('web', { essential: true, restart: 'never' })];
  assert.equal(stopOf({ services }), stopOf(webFinished));
});

test('a tree on disk is read again after the init stage, and its rules are applied', () => {
  const rule = { source: '/f', line: 1, path: '/x', recurse: false, account: 'root' };
  assert.equal(stopOf({ ...web, root: '/etc', fixAttrs: [rule] }), 6000);
});

test('the steps of the longest shutdown name the process, its action and the moment', () => {
  const { longestShutdown } = explored({ ...webFinished, finish: [script('90-z')] });
  const steps = longestShutdown.steps.map(({ at, who, what }) => `${String(at)} ${who}: ${what}`);
  assert.deepEqual(steps, [
    '0 supervisor: is asked to stop',
    '3000 web: ignores SIGTERM: KILL after 3 s',
    '6000 web/finish: hangs: KILL at the common deadline of all services',
    '6000 web: leaves processes behind that ignore SIGTERM: KILL after 3 s',
    '9000 web: leaves processes behind that ignore SIGTERM: KILL after 3 s',
    '9000 90-z: starts',
    '14000 90-z: hangs: KILL after 5 s',
    '17000 supervisor: finds processes left behind that ignore SIGTERM: KILL after 3 s',
  ]);
  assert.deepEqual(longestShutdown.before, [{ at: 0, who: 'web', what: 'starts' }]);
});

// The longest start

test('a start without scripts and readiness takes no time', () => {
  assert.equal(startOf({}), 0);
  assert.equal(startOf(webLogged), 0);
});

test('init scripts run one after the other, then the readiness timeout counts', () => {
  const init = [script('10-a'), script('20-b')];
  const services = [service('web', { notificationFd: 3 }), service('db', { notificationFd: 3 })];
  assert.equal(startOf({ init }, { timeouts: limits }), 2 * 4000);
  const both = { ...limits, readiness: 5000 };
  assert.equal(startOf({ init, services }, { timeouts: both }), 2 * 4000 + 5000);
  assert.equal(startOf({ services }, { timeouts: { readiness: 60 } }), 60);
});

test('the start does not wait for a script that cannot be run', () => {
  const problems = [problem('run-missing', '/etc/services.d/web/run', 'is missing')];
  assert.equal(startOf({ services: [service('web', { notificationFd: 3 })] }, { problems }), 0);
});

test('a start that never reaches the services has no duration', () => {
  const problems = [problem('run-missing', '/etc/services.d/web/run', 'is missing')];
  const services = [service('web', { essential: true, restart: 'never' }), service('db')];
  const found = explored({ services }, { problems });
  assert.equal(found.longestStart, null);
  assert.match(String(found), /The start never completes\./);
});

// Dead ends

test('by default only init scripts are dead ends, because they have no limit', () => {
  assert.deepEqual(deadEndsOf({ ...webLogged, finish: [script('90-z')] }), []);
  assert.deepEqual(deadEndsOf({ init: [script('10-a'), script('20-b')] }), [
    'start 10-a: Give init scripts a limit: timeouts.init.',
    'start 20-b: Give init scripts a limit: timeouts.init.',
  ]);
  assert.equal(startOf({ init: [script('10-a')] }), Infinity);
  assert.deepEqual(deadEndsOf({ init: [script('10-a')] }, { timeouts: limits }), []);
});

test('an init script without any limit is a dead end of the stop too', () => {
  const timeouts = { services: 0 };
  assert.deepEqual(deadEndsOf({ init: [script('10-a')] }, { timeouts }), [
    'start 10-a: Give init scripts a limit: timeouts.init.',
    'stop 10-a: Give it a limit: timeouts.services, or timeouts.init.',
  ]);
  assert.equal(stopOf({ init: [script('10-a')] }, { timeouts }), Infinity);
});

test('a service without a readiness limit is a dead end of the start', () => {
  const services = [service('web', { notificationFd: 3 })];
  const timeouts = { readiness: 0 };
  assert.deepEqual(deadEndsOf({ services }, { timeouts }), [
    'start web: Give the start a limit: timeouts.readiness.',
  ]);
  assert.equal(startOf({ services }, { timeouts }), Infinity);
});

test('a service without KILL is a dead end of the stop', () => {
  const services = [service('web', { killTimeout: 0, downSignal: 'SIGINT' })];
  const found = explored({ services }, { timeouts: { services: 0 } });
  assert.deepEqual(found.deadEnds, [
    {
      during: 'stop',
      waitsFor: 'web',
      why: 'it may ignore SIGINT, and nothing sends it KILL',
      remedy:
        'Give the services a limit: timeouts.services, or web a timeout-kill (killTimeout) other than 0.',
      steps: [
        { at: 0, who: 'web', what: 'starts' },
        { at: 0, who: 'supervisor', what: 'is asked to stop' },
      ],
    },
  ]);
  assert.equal(found.longestShutdown.duration, Infinity);
});

test('a logger is a dead end without a common limit, since it has no limit of its own', () => {
  assert.deepEqual(deadEndsOf(webLogged, { timeouts: { services: 0 } }), [
    'stop web/log: Give the services a limit: timeouts.services.',
  ]);
});

test('a finish script of a service without a limit is a dead end of the stop and of the start', () => {
  const services = [finished('web', { finishTimeout: 0, notificationFd: 3 })];
  const own = 'web a timeout-finish (finishTimeout) other than 0.';
  assert.deepEqual(
    deadEndsOf({ services }, { timeouts: { readiness: 5000 } }),
    [],
    'the stop bounds it',
  );
  const unbounded = `stop web/finish: Give the services a limit: timeouts.services, or ${own}`;
  assert.deepEqual(deadEndsOf({ services }, { timeouts: { readiness: 5000, services: 0 } }), [
    unbounded,
  ]);
  assert.deepEqual(deadEndsOf({ services }, { timeouts: { readiness: 0, services: 0 } }), [
    'start web: Give the start a limit: timeouts.readiness.',
    `start web/finish: Give ${own}`,
    unbounded,
  ]);
});

test('a script of the finish stage without a limit is reported once for all services', () => {
  const parts = { services: [service('a'), service('b')], finish: [script('90-z')] };
  assert.deepEqual(deadEndsOf(parts, { timeouts: { finish: 0 } }), [
    'stop 90-z: Give finish scripts a limit: timeouts.finish.',
  ]);
});

// Services that never start

test('a service with a down file never starts, unless an option starts it', () => {
  const services = [service('web', { down: true }), service('db')];
  assert.deepEqual(explored({ services }).neverStart, [
    {
      service: 'web',
      why: 'It stays down until a command starts it (the file down, or the option).',
    },
  ]);
  assert.deepEqual(explored({ services }, { services: { web: { down: false } } }).neverStart, []);
});

const fatal: readonly ProblemCode[] = [
  'run-missing',
  'run-is-a-folder',
  'script-empty',
  'interpreter-crlf',
  'interpreter-bom',
  'interpreter-late',
  'interpreter-missing',
  'link-dangling',
  'link-loop',
  'unreadable',
];

test('a run that the loader reports as impossible never starts, unless an init script mends it', () => {
  for (const code of fatal) {
    const problems = [problem(code, '/etc/services.d/web/run', '"run" is wrong')];
    const why = 'Its run cannot be run ("run" is wrong).';
    assert.deepEqual(explored(web, { problems }).neverStart, [{ service: 'web', why }], code);
    const mended = explored({ ...web, init: [script('10-a')] }, { problems });
    assert.match(mended.neverStart[0]?.why ?? '', /wrong\), unless an init script mends it\.$/);
  }
});

test('a logger without run never starts', () => {
  const problems = [problem('log-without-run', '/etc/services.d/web/log', 'is missing')];
  assert.deepEqual(
    explored(webLogged, { problems }).neverStart.map(({ service: name }) => name),
    ['web/log'],
  );
});

test('other problems do not keep a service down: sh runs scripts without an interpreter, and empty scripts of a stage', () => {
  for (const code of ['interpreter-absent', 'not-executable'] as const) {
    const problems = [problem(code, '/etc/services.d/web/run', '')];
    assert.deepEqual(explored(web, { problems }).neverStart, [], code);
  }
  const parts = { ...web, init: [script('10-a')] };
  const problems = [problem('script-empty', '/etc/scripts/10-a', '')];
  assert.deepEqual(explored(parts, { problems, onInitFailure: 'stop' }).neverStart, []);
});

test("an init script that can never succeed keeps the services down under onInitFailure 'stop'", () => {
  const parts = { ...webLogged, init: [script('10-a')] };
  const problems = [problem('script-is-a-folder', '/etc/scripts/10-a', '"10-a" is a folder')];
  const why = 'The init script 10-a cannot be run ("10-a" is a folder), and onInitFailure is stop.';
  assert.deepEqual(explored(parts, { problems, onInitFailure: 'stop' }).neverStart, [
    { service: 'web/log', why },
    { service: 'web', why },
  ]);
  assert.deepEqual(explored(parts, { problems }).neverStart, []);
});

test('a service that dies at once counts as up, whatever the limit of its backoff', () => {
  const limit = { deaths: 50, within: 1000 };
  const backoff = { first: 1, factor: 2, cap: 10, reset: 10, limit };
  const found = explored({ services: [service('web', { backoff })] });
  assert.deepEqual([found.neverStart, found.longestShutdown.duration], [[], 6000]);
  assert.ok(found.states < 20, String(found.states));
});

// What the exploration tries

test('every action of a process has its own result: too many deaths, a success', () => {
  const backoff = { first: 1, factor: 2, cap: 10, reset: 10 };
  const statesOf = (more: object): number => explored({ services: [service('web', more)] }).states;
  const bounded = { backoff: { ...backoff, limit: { deaths: 3, within: 100 } } };
  assert.notEqual(statesOf(bounded), statesOf({ backoff }));
  assert.notEqual(statesOf({ restart: 'on-failure' }), statesOf({}));
  assert.notEqual(statesOf({ restart: 'never' }), statesOf({}));
});

// Bounds and options

test('the walk ends at the bound, and reports that it is incomplete', () => {
  const whole = { services: [finished('web')], init: [script('10-a')] };
  const found = explored(whole, { mostStates: 7, onInitFailure: 'stop' });
  assert.deepEqual([found.complete, found.states, found.neverStart], [false, 7, []]);
  assert.match(String(found), /Incomplete: the bound \(mostStates\) was reached at 7 states\./);
});

test('invalid options are rejected', () => {
  assert.throws(() => explored(web, { timeouts: { kill: -1 } }), OptionsError);
  for (const mostStates of [0, -1, NaN]) {
    assert.throws(() => explored(web, { mostStates }), OptionsError);
  }
});

test('a tree of three services with all scripts is explored within seconds', async () => {
  const backoff = {
    ...{ first: 100, factor: 2, cap: 10_000, reset: 1000 },
    limit: { deaths: 5, within: 1000 },
  };
  const one = (name: string) =>
    logged(
      name,
      { finish: { script: `/${name}/finish` }, notificationFd: 3, backoff },
      { finish: { script: `/${name}/log/finish` }, notificationFd: 4, backoff },
    );
  const scripts = {
    init: [script('10-a'), script('20-b')],
    finish: [script('8-y'), script('9-z')],
  };
  const took = await cpuTimeOf(() => {
    assert.ok(explored({ ...scripts, services: ['a', 'b', 'c'].map(one) }).complete);
  });
  // A slow machine takes half a second.
  assert.ok(took < 5000, `${took} ms`);
});

// The report

test('the report of a tree without dead ends', () => {
  const found = exploreTree(
    treeOf({ 'services.d/web/run': '#!/bin/sh\nexec web\n', 'services.d/web/timeout-kill': '800' }),
    { timeouts: noKill },
  );
  assert.equal(
    String(found),
    `Worst case: 800 ms to stop.
  The stop comes while running: web up.
     0 s  supervisor  is asked to stop
  800 ms  web         ignores SIGTERM: KILL after 800 ms

Worst case: 0 s to start.

These are all: 9 states explored.`,
  );
});

test('the report of a tree with dead ends', () => {
  const found = exploreTree(
    treeOf({
      'cont-init.d/10-a': '#!/bin/sh\n',
      'services.d/web/run': '#!/bin/sh\nexec web\n',
      'services.d/web/finish': '#!/bin/sh\n',
      'services.d/db/run': '#!/bin/sh\nexec db\n',
      'services.d/db/down': '',
      'cont-finish.d/90-z': '#!/bin/sh\n',
    }),
    { timeouts: { finish: 20_000 } },
  );
  assert.equal(
    String(found),
    `Worst case: 32 s to stop. By default docker stop kills after 10 s, Kubernetes kills after 30 s.
  The stop comes while running: web up.
   0 s  supervisor  is asked to stop
   3 s  web         ignores SIGTERM: KILL after 3 s
   6 s  web/finish  hangs: KILL at the common deadline of all services
   6 s  web         leaves processes behind that ignore SIGTERM: KILL after 3 s
   9 s  web         leaves processes behind that ignore SIGTERM: KILL after 3 s
   9 s  90-z        starts
  29 s  90-z        hangs: KILL after 20 s
  32 s  supervisor  finds processes left behind that ignore SIGTERM: KILL after 3 s

Worst case: for ever to start.

Dead end: the start waits for ever for 10-a: it may hang, and nothing ends it.
  0 s  10-a  starts
  Give init scripts a limit: timeouts.init.

Never up: db. It stays down until a command starts it (the file down, or the option).

These are all: 49 states explored.`,
  );
});

// The sources of a tree

test('explore() accepts a folder, a literal or a tree, and uses its problems', async (context) => {
  const files = {
    'services.d/web/run': '#!/bin/sh\n',
    'services.d/db/run': '#!/no/such/interpreter\n',
    'services.d/api/down': '',
  };
  const folder = temporaryFolder(context);
  await writeTree(folder, files);
  const never = async (...source: Parameters<typeof explore>): Promise<readonly string[]> =>
    (await explore(...source)).neverStart.map((it) => it.service);
  assert.deepEqual(await never(files), ['api']);
  assert.deepEqual(await never(treeOf(files)), ['api']);
  assert.deepEqual(await never(folder), ['api', 'db']);
  assert.deepEqual(await never(folder, { host: false }), ['api']);
  assert.equal((await explore(files)).longestShutdown.duration, 6000);
  await assert.rejects(explore('/nowhere/at/all'), TreeError);
});

test('the report has one dead end for all init scripts, with the way to the first', () => {
  const names = ['10-a', '20-b', '30-c', '40-d', '50-e', '60-f'];
  const found = explored({ init: names.map((name) => script(name)) });
  assert.equal(found.deadEnds.filter(({ during }) => during === 'start').length, names.length);
  const blocks = found.toString().split('\n\n');
  const deadEnds = blocks.filter((block) => block.startsWith('Dead end'));
  assert.equal(deadEnds.length, 1);
  const [first] = deadEnds;
  assert.match(first ?? '', /^Dead end: the start waits for ever for 10-a: it may hang/);
  assert.match(
    first ?? '',
    /\n {2}The same holds for 20-b, 30-c, 40-d and 2 more\.\n {2}Give init/,
  );
});

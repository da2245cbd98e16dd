import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  announced,
  at,
  deadline,
  drain,
  exited,
  finished,
  forget,
  hangUp,
  once,
  restart,
  service,
  spawned,
  start,
  stop,
  unspawnable,
} from './samples.ts';
import {
  isAtRest,
  lifecycle,
  initialState,
  transition,
} from '../../lib/machine/service/lifecycle.ts';
import type {
  LifecycleInput,
  ServiceState,
  ServiceStep,
} from '../../lib/machine/service/service-state.ts';
import type { ServiceSpec } from '../../lib/model/tree.ts';

/*
 * Every state that a service can reach, found by trying every input from the first state on. Times and counters are
 * normalized, so that the number of states is finite; a few kinds of services, of exits and of kill timeouts stand for
 * all others.
 */

/**
 * The next status for each input in each status; an input that is not listed is ignored. A changed table shows up as a
 * difference here.
 */
const edges: Readonly<Record<string, readonly string[]>> = {
  'down + start': ['starting'],
  'down + once': ['starting'],
  'down + restart': ['starting'],
  'down + stop': ['down'],
  'down + forget': ['down'],
  'starting + start': ['starting'],
  'starting + once': ['starting'],
  'starting + restart': ['starting'],
  'starting + stop': ['starting'],
  'starting + drain': ['starting'],
  'starting + signal': ['starting'],
  'starting + forget': ['starting'],
  'starting + spawned': ['stopping', 'up'],
  'starting + unspawnable': ['backoff', 'down', 'failed'],
  'up + start': ['up'],
  'up + once': ['up'],
  'up + restart': ['stopping'],
  'up + stop': ['stopping'],
  'up + drain': ['stopping'],
  'up + signal': ['up'],
  'up + forget': ['up'],
  'up + announced': ['up'],
  'up + exited': ['backoff', 'down', 'failed', 'finishing'],
  'stopping + start': ['stopping'],
  'stopping + once': ['stopping'],
  'stopping + restart': ['stopping'],
  'stopping + stop': ['stopping'],
  'stopping + drain': ['stopping'],
  'stopping + signal': ['stopping'],
  'stopping + announced': ['stopping'],
  'stopping + forget': ['stopping'],
  'stopping + exited': ['backoff', 'down', 'finishing', 'starting'],
  'stopping + deadline': ['stopping'],
  'finishing + start': ['finishing'],
  'finishing + once': ['finishing'],
  'finishing + restart': ['finishing'],
  'finishing + stop': ['finishing'],
  'finishing + drain': ['finishing'],
  'finishing + forget': ['finishing'],
  'finishing + spawned': ['finishing'],
  'finishing + unspawnable': ['backoff', 'down', 'failed', 'starting'],
  'finishing + exited': ['backoff', 'down', 'failed', 'starting'],
  'finishing + deadline': ['finishing'],
  'backoff + start': ['starting'],
  'backoff + once': ['starting'],
  'backoff + restart': ['starting'],
  'backoff + stop': ['down'],
  'backoff + drain': ['starting'],
  'backoff + forget': ['backoff'],
  'backoff + deadline': ['starting'],
  'failed + start': ['starting'],
  'failed + once': ['starting'],
  'failed + restart': ['starting'],
  'failed + stop': ['down'],
  'failed + forget': ['failed'],
};

const limit = { deaths: 1, within: 1000 };

const kinds: readonly ServiceSpec[] = [
  service('web'),
  service('web', { restart: 'on-failure' }),
  service('web', { restart: 'never' }),
  finished('web', { notificationFd: 3 }),
  finished('web', { restart: 'never', finishTimeout: 0 }),
  finished('web', { backoff: { first: 1, factor: 2, cap: 4, reset: 5, limit } }),
];

const inputs: readonly LifecycleInput[] = [
  start,
  once,
  stop,
  { type: 'stop', killTimeout: 0 },
  restart,
  drain,
  { type: 'drain', killTimeout: 0, finishDeadline: null },
  hangUp,
  forget,
  spawned,
  unspawnable,
  announced,
  exited(0),
  exited(1),
  exited(125),
  exited('SIGKILL'),
  deadline,
];

interface Found {
  readonly spec: ServiceSpec;
  readonly before: ServiceState;
  readonly input: LifecycleInput;
  readonly step: ServiceStep;
}

/** Every input, each one once. */
const everything: readonly Found[] = kinds.flatMap(explore);

const states: readonly (readonly [ServiceSpec, ServiceState])[] = everything
  .filter(({ input }) => input === start)
  .map(({ spec, before }) => [spec, before]);

function explore(spec: ServiceSpec): readonly Found[] {
  const found: Found[] = [];
  const queue: ServiceState[] = [initialState(0)];
  const known = new Set([JSON.stringify(queue[0])]);
  for (let before = queue.shift(); before !== undefined; before = queue.shift()) {
    for (const input of inputs) {
      const step = transition(before, input, at(0, spec));
      found.push({ spec, before, input, step });
      const after = alike(step.state);
      const key = JSON.stringify(after);
      if (known.has(key)) continue;
      known.add(key);
      queue.push(after);
    }
    assert.ok(known.size < 20_000, 'the number of states is not finite: a value grows');
  }
  return found;
}

/** The same state with every time and every counter reduced to what matters. */
function alike(state: ServiceState): ServiceState {
  const common = {
    ...state,
    deaths: 0,
    recentDeaths: state.recentDeaths.slice(-1),
    tally: [],
    consecutiveDeaths: 0,
    deathsInRow: 0,
  };
  const kills = 'kills' in common ? { kills: Math.min(common.kills, 1) } : {};
  const due = 'deadline' in common && common.deadline !== null ? { deadline: 1 } : {};
  return { ...common, ...kills, ...due };
}

test('the table has exactly these edges', () => {
  const found = new Map<string, Set<string>>();
  for (const { before, input, step } of everything) {
    if (!(input.type in lifecycle[before.status])) continue;
    const from = `${before.status} + ${input.type}`;
    found.set(from, (found.get(from) ?? new Set()).add(step.state.status));
  }
  const sorted = [...found].map(([from, to]) => [from, [...to].sort()]);
  assert.deepEqual(Object.fromEntries(sorted), edges);
});

test('every status is reached, and every reason for being down or failed', () => {
  const reached = states.map(([, state]) =>
    isAtRest(state) && 'why' in state ? `${state.status}: ${state.why}` : state.status,
  );
  assert.deepEqual([...new Set(reached)].sort(), [
    'backoff',
    'down: asked',
    'down: ended',
    'down: untouched',
    'failed: finish',
    'failed: limit',
    'failed: policy',
    'failed: unspawnable',
    'finishing',
    'starting',
    'stopping',
    'up',
  ]);
});

test('from every state a stop leads to rest, once the processes exit', () => {
  for (const [spec, from] of states) {
    let state = transition(from, stop, at(0, spec)).state;
    const way = [from.status];
    while (!isAtRest(state)) {
      way.push(state.status);
      assert.ok(way.length < 6, way.join(' → '));
      const ends = state.status === 'starting' ? spawned : exited(0);
      state = transition(state, ends, at(0, spec)).state;
    }
    assert.equal(state.goal, 'down', way.join(' → '));
  }
});

test('a service that is stopping or finishing with a deadline gets KILL at it, and a new deadline', () => {
  for (const { before, input, step } of everything) {
    if (input !== deadline) continue;
    if (before.status !== 'stopping' && before.status !== 'finishing') continue;
    assert.ok(step.effects.some((effect) => effect.type === 'kill' && effect.signal === 'SIGKILL'));
    assert.ok('deadline' in step.state && step.state.deadline !== null);
  }
});

test('a run is spawned exactly when starting begins, a finish exactly when finishing begins', () => {
  for (const { before, input, step } of everything) {
    const spawns = step.effects.flatMap((effect) => (effect.type === 'spawn' ? [effect.role] : []));
    const began = before.status === step.state.status ? '' : step.state.status;
    const roles = began === 'starting' ? ['run'] : began === 'finishing' ? ['finish'] : [];
    assert.deepEqual(spawns, roles, `${before.status} + ${input.type}`);
  }
});

test('nothing is spawned while another process of the service is alive', () => {
  const alive = new Set(['starting', 'up', 'stopping', 'finishing']);
  for (const { before, input, step } of everything) {
    if (!step.effects.some(({ type }) => type === 'spawn') || !alive.has(before.status)) continue;
    assert.ok(input.type === 'exited' || input.type === 'unspawnable', before.status);
  }
});

test('with a finish script, no run ends without it', () => {
  for (const { spec, before, input, step } of everything) {
    if (spec.finish === undefined || input.type !== 'exited') continue;
    if (before.status !== 'up' && before.status !== 'stopping') continue;
    assert.equal(step.state.status, 'finishing');
  }
});

test('signals are sent only when there is a process', () => {
  for (const { before, step } of everything) {
    if (!step.effects.some(({ type }) => type === 'kill')) continue;
    const status = before.status === 'starting' ? step.state.status : before.status;
    assert.ok(['up', 'stopping', 'finishing'].includes(status), before.status);
  }
});

test('a resting state has no deadline, and its goal is not up', () => {
  for (const [, state] of states) {
    if (state.status === 'up') assert.ok(!('deadline' in state));
    if (!isAtRest(state)) continue;
    assert.ok(!('deadline' in state));
    assert.equal(state.goal, 'down');
  }
});

test('a backoff always has a deadline, and its goal is up', () => {
  for (const [, state] of states) {
    if (state.status !== 'backoff') continue;
    assert.equal(state.goal, 'up');
    assert.notEqual(state.deadline, null);
  }
});

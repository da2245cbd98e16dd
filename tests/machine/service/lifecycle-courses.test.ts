import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  announced,
  at,
  backoff,
  by,
  code,
  deadline,
  died,
  down,
  drain,
  exited,
  failed,
  finished,
  finishing,
  forget,
  once,
  restart,
  run,
  service,
  spawned,
  start,
  starting,
  stop,
  stopping,
  unspawnable,
  up,
} from '../samples.ts';
import {
  isAtRest,
  isReady,
  initialState,
  transition,
} from '../../../lib/machine/service/lifecycle.ts';
import type {
  LifecycleInput,
  ServiceEffect,
  ServiceState,
  TallyEntry,
} from '../../../lib/machine/service/service-state.ts';
import type { Backoff, RestartPolicy, ServiceSpec } from '../../../lib/model/tree.ts';

type Moment = readonly [now: number, input: LifecycleInput];

/** The course of a service's life: its state at the end, and the effects at each moment, in words. */
function course(spec: ServiceSpec, from: ServiceState, ...moments: readonly Moment[]) {
  const asked: string[] = [];
  let state = from;
  for (const [now, input] of moments) {
    const step = transition(state, input, at(now, spec));
    state = step.state;
    asked.push(...step.effects.map((effect) => `${String(now)} ${inWords(effect)}`));
  }
  return { state, asked };
}

function inWords(effect: ServiceEffect): string {
  switch (effect.type) {
    case 'spawn':
      return [effect.role, ...(effect.role === 'run' ? [] : effect.command.args)].join(' ');
    case 'kill':
      return `${effect.signal} to the ${effect.scope}`;
    case 'sweep':
      return 'sweep';
  }
}

/** A course that begins with a death at `now`, with a finish script that exits at once. */
function afterDeath(spec: ServiceSpec, before: ServiceState, how: number | NodeJS.Signals): string {
  const { state } = course(spec, before, [9000, exited(how)], [9000, exited(0)]);
  return 'why' in state ? `${state.status}: ${state.why}` : state.status;
}

// Policies

test('the restart policy decides after a death, with or without a finish script', () => {
  const comesBack = 'backoff: death';
  const stays = 'down: ended';
  const matrix: Readonly<Record<RestartPolicy, readonly string[]>> = {
    always: [comesBack, comesBack, comesBack],
    'on-failure': [stays, comesBack, comesBack],
    never: [stays, 'failed: policy', 'failed: policy'],
  };
  for (const [policy, outcomes] of Object.entries(matrix)) {
    const more = { restart: policy as RestartPolicy };
    for (const spec of [service('web', more), finished('web', more)]) {
      const found = ([0, 1, 'SIGKILL'] as const).map((how) => afterDeath(spec, up(), how));
      assert.deepEqual(found, outcomes, policy);
    }
  }
});

test('a run that exits with 125 is restarted: only the code 125 of finish forbids a restart', () => {
  assert.equal(afterDeath(service('web'), up(), 125), 'backoff: death');
});

test('the policy does not apply after a requested exit', () => {
  const spec = service('web', { restart: 'never' });
  const restarted = course(spec, up(), [0, restart], [5, exited(1)]);
  assert.equal(restarted.state.status, 'starting');
  const stoppedAndStarted = course(spec, up(), [0, stop], [0, start], [5, exited('SIGTERM')]);
  assert.equal(stoppedAndStarted.state.status, 'backoff');
});

test('a service fails after too many deaths within the time of the limit', () => {
  const spec = finished('web', { backoff: { ...growing, limit: { deaths: 3, within: 10_000 } } });
  const third = (recentDeaths: readonly number[]): string =>
    afterDeath(spec, up({ recentDeaths }), 1);
  assert.equal(third([7000, 8000]), 'failed: limit');
  assert.equal(third([-900, 8000]), 'failed: limit');
  assert.equal(
    third([-1000, 8000]),
    'backoff: death',
    'the first is 10 s ago and no longer counts',
  );
  assert.equal(third([8000]), 'backoff: death');
});

test('a requested exit does not count towards the limit', () => {
  const spec = service('web', { backoff: { ...growing, limit: { deaths: 1, within: 10_000 } } });
  const { state } = course(spec, up(), [0, stop], [0, start], [5, exited(1)]);
  assert.deepEqual([state.status, state.deaths, state.recentDeaths], ['backoff', 0, []]);
});

test('as many deaths are kept as the limit counts, whatever max-death-tally says', () => {
  const recentOf = (more: Partial<ServiceSpec>): readonly number[] =>
    course(service('web', more), up({ recentDeaths: [1, 2, 3] }), [4, exited(1)]).state
      .recentDeaths;
  assert.deepEqual(recentOf({}), []);
  assert.deepEqual(recentOf({ backoff: growing }), []);
  const limited = { ...growing, limit: { deaths: 3, within: 1 } };
  for (const maxDeathTally of [0, 2, 100]) {
    assert.deepEqual(recentOf({ maxDeathTally, backoff: limited }), [2, 3, 4]);
  }
});

// The tally of s6's programs

test('every end of run is in the tally, requested or not, but no run that never began', () => {
  const { state } = course(
    service('web'),
    up(),
    [1, exited(3)],
    [1001, deadline],
    [1001, spawned],
    [1002, stop],
    [1003, exited('SIGTERM')],
    [2000, start],
    [2000, unspawnable],
  );
  assert.deepEqual(state.tally, [
    { at: 1, exit: code(3) },
    { at: 1003, exit: by('SIGTERM') },
  ]);
  assert.equal(state.deaths, 1);
});

test('the tally keeps max-death-tally entries; 0 records nothing and leaves what is there', () => {
  const entry = (at: number): TallyEntry => ({ at, exit: code(1) });
  const tally = [1, 2, 3].map(entry);
  const momentsIn = (more: Partial<ServiceSpec>): readonly number[] =>
    course(service('web', more), up({ tally }), [4, exited(1)]).state.tally.map(({ at }) => at);
  assert.deepEqual(momentsIn({}), [1, 2, 3, 4]);
  assert.deepEqual(momentsIn({ maxDeathTally: 2 }), [3, 4]);
  assert.deepEqual(momentsIn({ maxDeathTally: 0 }), [1, 2, 3]);
});

test('clearing the tally changes neither the limit nor the number of deaths', () => {
  const spec = service('web', { backoff: { ...growing, limit: { deaths: 2, within: 10_000 } } });
  const { state } = course(
    spec,
    up(),
    [1, exited(1)],
    [2, forget],
    [500, deadline],
    [500, spawned],
    [501, exited(2)],
  );
  assert.equal('why' in state && state.why, 'limit');
  assert.deepEqual([state.deaths, state.tally], [2, [{ at: 501, exit: code(2) }]]);
});

// Delays

const growing: Backoff = { first: 100, factor: 2, cap: 500, reset: 3000 };

test('the backoff grows with each death in a row, up to its cap', () => {
  const spec = service('web', { backoff: growing });
  const delays: number[] = [];
  let state: ServiceState = up();
  for (let now = 1000; delays.length < 5; now += 1000) {
    state = course(spec, state, [now, exited(1)]).state;
    assert.equal(state.status, 'backoff');
    delays.push(state.deadline - now);
    state = course(spec, state, [now + 500, deadline], [now + 500, spawned]).state;
  }
  assert.deepEqual(delays, [100, 200, 400, 500, 500]);
});

test('after a run of the reset time the delay is the first one again', () => {
  const spec = service('web', { backoff: growing });
  const streakAfter = (now: number): number =>
    course(spec, up({ consecutiveDeaths: 4 }), [now, exited(1)]).state.consecutiveDeaths;
  assert.deepEqual([streakAfter(2999), streakAfter(3000)], [5, 1]);
});

test('a requested exit ends the row of deaths', () => {
  const { state } = course(
    service('web'),
    up({ consecutiveDeaths: 4 }),
    [0, restart],
    [5, exited(1)],
  );
  assert.equal(state.consecutiveDeaths, 0);
});

test('without a backoff the delay is a second from the end of finish, also after hours of running', () => {
  const { state } = course(finished('web'), up(), [7_200_000, exited(1)], [7_202_000, exited(0)]);
  assert.deepEqual(state.status === 'backoff' && state.deadline, 7_203_000);
});

test('with readiness the delay is a second from that, but not before finish has exited', () => {
  const spec = finished('web', { notificationFd: 3 });
  const comesBack = (ready: number, death: number, finish: number): number | false => {
    const life = [[ready, announced] as const, [death, exited(1)] as const];
    const { state } = course(spec, up(), ...life, [finish, exited(0)]);
    return state.status === 'backoff' && state.deadline;
  };
  assert.equal(comesBack(200, 400, 400), 1200);
  assert.equal(comesBack(200, 400, 3000), 3000);
});

test('a requested restart has no delay, with or without a finish script', () => {
  for (const spec of [service('web'), finished('web')]) {
    const { state } = course(spec, up(), [0, restart], [5, exited('SIGTERM')], [5, exited(0)]);
    assert.deepEqual([state.status, state.deaths, state.since], ['starting', 0, 5]);
  }
});

// Commands in every state, twice in the same tick

test('of two commands at the same moment, the last one decides, in every state', () => {
  const states = [down(), starting(), up(), stopping(), finishing(), backoff(), failed()];
  const commands = [start, once, stop, restart];
  for (const state of states) {
    for (const first of commands) {
      for (const second of commands) {
        const between = course(finished('web'), state, [50, first]).state;
        const { state: after } = course(finished('web'), between, [50, second]);
        const what = `${state.status} + ${first.type} + ${second.type}`;
        assert.equal(outcome(after), expected(second, between), what);
      }
    }
  }
});

test('the same command twice in the same tick has no second effect', () => {
  const twice = (state: ServiceState, input: LifecycleInput): readonly string[] =>
    course(finished('web'), state, [50, input], [50, input]).asked;
  assert.deepEqual(twice(down(), start), ['50 run']);
  assert.deepEqual(twice(down(), restart), ['50 run']);
  assert.deepEqual(twice(backoff(), once), ['50 run']);
  const asked = ['50 SIGTERM to the process', '50 SIGCONT to the process'];
  assert.deepEqual(twice(up(), stop), asked);
  assert.deepEqual(twice(up(), restart), asked);
  assert.deepEqual(twice(up(), drain), []);
});

/** The result of the last command: `once` lets an existing run go on, but does not start one again that is stopping. */
function expected(command: LifecycleInput, given: ServiceState): string {
  if (command.type === 'stop') return 'down, down';
  if (command.type !== 'once') return 'up, up';
  return given.status === 'stopping' || given.status === 'finishing' ? 'down, down' : 'up, once';
}

/** The state that a service reaches when its processes do what they are asked and no further command arrives. */
function outcome(from: ServiceState): string {
  let state = from;
  for (let round = 0; round < 10 && state.status !== 'up' && !isAtRest(state); round += 1) {
    state = course(finished('web'), state, [100, nextFor(state)]).state;
  }
  return `${state.status}, ${state.goal}`;
}

function nextFor(state: ServiceState): LifecycleInput {
  if (state.status === 'starting') return spawned;
  return state.status === 'backoff' ? deadline : exited(0);
}

// Kill timeouts

test('a service that ignores its stop signal is killed, again every 5 s, and then finished', () => {
  const spec = finished('web', { killTimeout: 800 });
  const { state, asked } = course(
    spec,
    up(),
    [0, stop],
    [800, deadline],
    [5800, deadline],
    [5801, exited('SIGKILL')],
    [5802, exited(0)],
  );
  assert.deepEqual(asked, [
    '0 SIGTERM to the process',
    '0 SIGCONT to the process',
    '800 SIGKILL to the group',
    '5800 SIGKILL to the group',
    '5801 sweep',
    '5801 finish 256 9 web 7',
    '5802 sweep',
  ]);
  assert.deepEqual([state.status, state.deaths], ['down', 0]);
});

test('down-signal is the signal that asks a service to exit', () => {
  const { asked } = course(service('web', { downSignal: 'SIGHUP' }), up(), [0, stop]);
  assert.deepEqual(asked, ['0 SIGHUP to the process', '0 SIGCONT to the process']);
});

test('the kill timeout of a stop is the option, else timeout-kill, else 10 s; 0 is no limit', () => {
  const wait = (
    killTimeout?: number,
    more: Partial<Extract<LifecycleInput, { type: 'stop' }>> = {},
  ) => {
    const spec = service('web', killTimeout === undefined ? {} : { killTimeout });
    const { state } = course(spec, up(), [0, { type: 'stop', ...more }]);
    return state.status === 'stopping' && state.deadline;
  };
  assert.equal(wait(), 10_000);
  assert.equal(wait(500), 500);
  assert.equal(wait(0), null);
  assert.equal(wait(500, { killTimeout: 200 }), 200);
  assert.equal(wait(500, { killTimeout: 900 }), 900);
  assert.equal(wait(500, { killTimeout: 0 }), null);
  assert.equal(wait(undefined, { atMost: 3000 }), 3000);
  assert.equal(wait(500, { atMost: 3000 }), 500);
  assert.equal(wait(0, { atMost: 3000 }), 3000, 'a bound applies to 0 as well');
  assert.equal(wait(500, { atMost: 0 }), 500);
  assert.equal(wait(0, { atMost: 0 }), null);
});

test('a restart has its own kill timeout, too', () => {
  const { state } = course(service('web'), up(), [0, { type: 'restart', killTimeout: 200 }]);
  assert.equal(state.status === 'stopping' && state.deadline, 200);
});

test('a stop that arrives before the process exists keeps its kill timeout until it does', () => {
  const stopSoon = { type: 'stop', killTimeout: 200 } as const;
  const { state, asked } = course(service('web'), starting(), [0, stopSoon], [90, spawned]);
  assert.equal(state.status === 'stopping' && state.deadline, 290);
  assert.deepEqual(asked, ['90 SIGTERM to the process', '90 SIGCONT to the process']);
});

// finish

test('finish gets the end of run: code or 256, signal or 0, name, process group', () => {
  const told = (how: number | NodeJS.Signals): readonly string[] =>
    course(finished('web'), up(), [0, exited(how)]).asked;
  assert.deepEqual(told(3), ['0 finish 3 0 web 7']);
  assert.deepEqual(told('SIGKILL'), ['0 finish 256 9 web 7']);
  assert.deepEqual(told('SIGTERM'), ['0 finish 256 15 web 7']);
});

test('finish may take timeout-finish, by default 5 s; 0 is no limit', () => {
  const limit = (more: Partial<ServiceSpec>): number | null | false => {
    const { state } = course(finished('web', more), up(), [100, exited(1)]);
    return state.status === 'finishing' && state.deadline;
  };
  assert.equal(limit({}), 5100);
  assert.equal(limit({ finishTimeout: 700 }), 800);
  assert.equal(limit({ finishTimeout: 0 }), null);
});

test('the supervisor’s stop bounds a finish script, whatever its own limit', () => {
  const endless = finished('web', { finishTimeout: 0 });
  const by = (finishDeadline: number | null): LifecycleInput => ({ type: 'stop', finishDeadline });
  const deadlineOf = (spec: ServiceSpec, from: ServiceState, ...moments: Moment[]) => {
    const { state } = course(spec, from, ...moments);
    assert.equal(state.status, 'finishing');
    return state.deadline;
  };
  assert.equal(deadlineOf(endless, up(), [0, by(3000)], [5, exited(0)]), 3000);
  assert.equal(deadlineOf(endless, up(), [0, by(null)], [5, exited(0)]), null);
  assert.equal(deadlineOf(endless, up(), [0, stop], [5, exited(0)]), null, 'not in a stop by hand');
  assert.equal(deadlineOf(endless, up(), [0, by(3000)], [1, stop], [5, exited(0)]), 3000);
  assert.equal(deadlineOf(endless, up(), [0, drain], [5, exited(0)]), 6000, 'a logger’s as well');
  const waiting = finishing({ deadline: null });
  assert.equal(deadlineOf(endless, waiting, [100, by(3100)]), 3100, 'one that already runs');
  assert.equal(deadlineOf(endless, waiting, [100, drain]), 6000);
  assert.equal(deadlineOf(endless, waiting, [100, by(3100)], [200, by(250)]), 250);
  assert.equal(deadlineOf(endless, waiting, [100, by(150)], [110, by(3110)]), 150);
  const limited = finished('web');
  assert.equal(
    deadlineOf(limited, up(), [0, by(6000)], [5, exited(0)]),
    5005,
    'its own limit is earlier',
  );
  assert.equal(deadlineOf(limited, up(), [0, by(3000)], [5, exited(0)]), 3000);
  assert.equal(deadlineOf(limited, finishing(), [100, by(150)]), 150);
});

test('a finish script that begins late still has a second, unless its own limit is shorter', () => {
  const begun = (spec: ServiceSpec): number | null => {
    const { state } = course(
      spec,
      up(),
      [0, { type: 'stop', finishDeadline: 6000 }],
      [9000, exited(0)],
    );
    return 'deadline' in state ? state.deadline : NaN;
  };
  assert.equal(begun(finished('web')), 10_000);
  assert.equal(begun(finished('web', { finishTimeout: 300 })), 9300);
});

test('the limit that a stop sets does not apply to the next run', () => {
  const endless = finished('web', { finishTimeout: 0 });
  const bounded: LifecycleInput = { type: 'stop', finishDeadline: 3000 };
  const { state } = course(endless, up(), [0, bounded], [5, exited(0)], [6, exited(0)], [7, start]);
  assert.equal(state.finishDeadline, null);
});

test('a finish that hangs is killed at its limit, and run starts again', () => {
  const { state, asked } = course(
    finished('web'),
    up(),
    [0, exited(1)],
    [5000, deadline],
    [5001, exited('SIGKILL')],
  );
  assert.deepEqual(asked.slice(1), ['5000 SIGCONT to the group', '5000 SIGKILL to the group']);
  assert.equal(state.status === 'backoff' && state.deadline, 6001);
});

test('finish exits with 125: no start, not even a requested restart, until a start command', () => {
  const asked = [[0, restart] as const, [5, exited(0)] as const, [9, exited(125)] as const];
  const { state } = course(finished('web'), up(), ...asked);
  assert.deepEqual([state.status, state.goal], ['failed', 'down']);
  const again = course(finished('web'), state, [20, start], [20, spawned]);
  assert.deepEqual([again.state.status, again.state.goal], ['up', 'up']);
});

test('a finish that cannot be run counts as none', () => {
  const ended = (state: ServiceState, ...moments: readonly Moment[]): string =>
    course(finished('web'), state, ...moments, [9, unspawnable]).state.status;
  assert.equal(ended(up(), [0, exited(1)]), 'backoff');
  assert.equal(ended(up({ goal: 'once' }), [0, exited(1)]), 'down');
  assert.equal(ended(up(), [0, stop], [5, exited(1)]), 'down');
  assert.equal(ended(up(), [0, restart], [5, exited(1)]), 'starting');
});

// Loggers

test('a drained logger exits by itself, or is killed after its kill timeout', () => {
  const patient = course(service('web/log'), up(), [0, drain], [2000, exited(0)]);
  assert.deepEqual([patient.state.status, patient.asked], ['down', ['2000 sweep']]);
  const { asked } = course(service('web/log'), up(), [0, drain], [3000, deadline]);
  assert.deepEqual(asked, ['3000 SIGKILL to the group']);
});

test('a logger that is dead when its producer ends runs once more, to the end of its pipe', () => {
  const lives: readonly (readonly [ServiceState, ...Moment[]])[] = [
    [backoff(), [5, spawned]],
    [finishing(), [5, exited(0)], [5, spawned]],
    [stopping({ goal: 'up', restart: true }), [5, exited(0)], [5, spawned]],
  ];
  for (const [state, ...rest] of lives) {
    const { state: after, asked } = course(service('web/log'), state, [0, drain], ...rest);
    assert.deepEqual([after.status, after.goal], ['stopping', 'down'], state.status);
    assert.equal(asked.filter((what) => what.endsWith(' run')).length, 1, state.status);
    assert.ok(!asked.some((what) => what.includes('SIG')), state.status);
  }
});

test('a logger at rest stays at rest when its producer ends', () => {
  for (const state of [down(), failed()]) {
    assert.equal(course(service('web/log'), state, [0, drain]).state, state);
  }
});

// Properties of a state

test('only down and failed are at rest', () => {
  const states = [down(), starting(), up(), stopping(), finishing(), backoff(), failed()];
  const resting = states.filter((state) => isAtRest(state)).map(({ status }) => status);
  assert.deepEqual(resting, ['down', 'failed']);
  assert.ok(isAtRest(initialState(0)));
});

test('ready is up, and announced if the run announces its readiness', () => {
  const announces = { ...run, announces: true };
  assert.ok(isReady(up()));
  assert.ok(!isReady(up({ run: announces })));
  assert.ok(isReady(up({ run: { ...announces, readyAt: 5 } })));
  assert.ok(!isReady(starting()));
  assert.ok(!isReady(stopping({ run: { ...announces, readyAt: 5 } })));
});

test('whether a run announces its readiness is decided when it starts, whatever the spec says later', () => {
  const plain = service('web');
  const announces = service('web', { notificationFd: 3 });
  const rises = (asked: ServiceSpec, later: ServiceSpec): boolean => {
    const begun = transition(down(), start, at(0, asked)).state;
    return isReady(transition(begun, spawned, at(0, later)).state);
  };
  assert.equal(rises(plain, announces), true);
  assert.equal(rises(announces, plain), false);
});

test('the last end of run is kept: how it ended, and the number of deaths', () => {
  const { state } = course(service('web'), up({ deaths: 2, lastExit: code(9) }), [0, exited(1)]);
  assert.deepEqual([state.deaths, state.lastExit], [3, died.exit]);
});

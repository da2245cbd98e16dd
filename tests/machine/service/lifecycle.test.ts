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
  everyInput,
  exited,
  failed,
  finished,
  finishing,
  forget,
  hangUp,
  hurry,
  kill,
  missing,
  once,
  restart,
  run,
  service,
  spawned,
  spawnFinish,
  spawnRun,
  start,
  starting,
  stop,
  stopping,
  sweep,
  unspawnable,
  up,
} from '../samples.ts';
import {
  isReady,
  lifecycle,
  initialState,
  transition,
} from '../../../lib/machine/service/lifecycle.ts';
import type {
  LifecycleInput,
  ServiceEffect,
  ServiceState,
} from '../../../lib/machine/service/service-state.ts';

const web = service('web');
const ending = finished('web');
const spawn = spawnRun(web);

/** The cells for which this file has an equation. */
const met = new Set<string>();

/** The equation of a cell: this state, on this input, at this moment, becomes that state with those effects. */
function becomes(
  before: ServiceState,
  input: LifecycleInput,
  now: number,
  after: ServiceState,
  effects: readonly ServiceEffect[] = [],
  spec = web,
): void {
  met.add(`${before.status} + ${input.type}`);
  assert.deepEqual(transition(before, input, at(now, spec)), { state: after, effects });
}

test('newborn: down, untouched, with the goal down', () => {
  assert.deepEqual(initialState(5), down({ why: 'untouched', since: 5 }));
});

// down

test('down + start → starting', () => {
  becomes(down(), start, 50, starting({ since: 50 }), [spawn]);
});

test('down + once → starting, not to be restarted', () => {
  becomes(down(), once, 50, starting({ goal: 'once', since: 50 }), [spawn]);
});

test('down + restart → starting', () => {
  becomes(down(), restart, 50, starting({ since: 50 }), [spawn]);
});

test('down + stop → down on request, since the same moment; leftovers are swept', () => {
  const before = down({ why: 'ended', since: 20 });
  becomes(before, stop, 50, down({ why: 'asked', since: 20 }), [sweep]);
});

// starting

test('starting + start → wanted up', () => {
  becomes(starting({ goal: 'down' }), start, 50, starting());
});

test('starting + once → not to be restarted', () => {
  becomes(starting(), once, 50, starting({ goal: 'once' }));
});

test('starting + restart → wanted up, since it is about to start anyway', () => {
  becomes(starting({ goal: 'once' }), restart, 50, starting());
});

test('starting + stop → kept, with its kill timeout, until there is a process', () => {
  becomes(starting(), stop, 50, starting({ goal: 'down', killTimeout: 10_000 }));
});

test('starting + drain → kept, with its kill timeout', () => {
  becomes(
    starting(),
    drain,
    50,
    starting({ goal: 'drain', killTimeout: 3000, finishDeadline: 6000 }),
  );
});

test('starting, stop kept + drain → down all the same: the stop stands', () => {
  const noted = starting({ goal: 'down', killTimeout: 3000, finishDeadline: 6000 });
  becomes(starting({ goal: 'down' }), drain, 50, noted);
});

test('starting + signal → kept, each kind once, until there is a process', () => {
  const kept = starting({ signals: ['SIGHUP'] });
  becomes(starting(), hangUp, 50, kept);
  assert.equal(transition(kept, hangUp, at(50, web)).state, kept);
  const both = starting({ signals: ['SIGHUP', 'SIGKILL'] });
  becomes(kept, { type: 'signal', signal: 'SIGKILL' }, 50, both);
});

test('starting, signals kept + spawned → they are sent, then the stop signal', () => {
  const signals = ['SIGHUP', 'SIGUSR1'] as const;
  const effects = signals.map((signal) => kill(signal));
  becomes(starting({ signals }), spawned, 50, up({ since: 50, run: runAt(50) }), effects);
  const after = stopping({ since: 50, killTimeout: 300, run: runAt(50), deadline: 350 });
  becomes(starting({ signals, goal: 'down', killTimeout: 300 }), spawned, 50, after, [
    ...effects,
    kill('SIGTERM'),
    kill('SIGCONT'),
  ]);
});

test('starting + spawned → up', () => {
  becomes(starting({ spawnFailure: missing }), spawned, 50, up({ since: 50, run: runAt(50) }));
});

test('starting, once + spawned → up, not to be restarted', () => {
  const after = up({ goal: 'once', since: 50, run: runAt(50) });
  becomes(starting({ goal: 'once' }), spawned, 50, after);
});

test('starting, stop kept + spawned → stopping, and the signals are sent now', () => {
  const after = stopping({ since: 50, killTimeout: 300, run: runAt(50), deadline: 350 });
  becomes(starting({ goal: 'down', killTimeout: 300 }), spawned, 50, after, [
    kill('SIGTERM'),
    kill('SIGCONT'),
  ]);
});

test('starting, drain kept + spawned → stopping without a signal', () => {
  const after = stopping({ since: 50, killTimeout: 300, run: runAt(50), deadline: 350 });
  becomes(starting({ goal: 'drain', killTimeout: 300 }), spawned, 50, after);
});

test('starting + spawned: the reason why it could not run before is cleared, whatever the next state', () => {
  const { state } = transition(
    starting({ goal: 'down', spawnFailure: missing }),
    spawned,
    at(50, web),
  );
  assert.equal(state.spawnFailure, null);
});

test('starting + unspawnable → backoff of 10 s, no death, no finish', () => {
  const waiting = { why: 'unspawnable', spawnFailure: missing, deadline: 10_050 } as const;
  const after = backoff({ since: 50, consecutiveDeaths: 1, ...waiting });
  becomes(starting(), unspawnable, 50, after, [], ending);
});

test('starting + unspawnable, with a backoff → its delay, for each attempt in a row', () => {
  const spec = service('web', { backoff: { first: 100, factor: 2, cap: 500, reset: 60_000 } });
  const deadlines = [0, 1, 2, 3].map((consecutiveDeaths) => {
    const { state } = transition(starting({ consecutiveDeaths }), unspawnable, at(50, spec));
    return 'deadline' in state && state.deadline;
  });
  assert.deepEqual(deadlines, [150, 250, 450, 550]);
});

test('starting + unspawnable, for the last time that the limit allows → failed', () => {
  const limit = { deaths: 2, within: 1000 };
  const spec = service('web', { backoff: { first: 5, factor: 1, cap: 5, reset: 60_000, limit } });
  const after = (recentDeaths: readonly number[]): unknown => {
    const { state } = transition(starting({ recentDeaths }), unspawnable, at(1500, spec));
    return [state.status, 'why' in state && state.why, state.deaths];
  };
  assert.deepEqual(after([]), ['backoff', 'unspawnable', 0]);
  assert.deepEqual(after([400]), ['backoff', 'unspawnable', 0]);
  assert.deepEqual(after([600]), ['failed', 'limit', 0]);
});

test('starting, once + unspawnable → down', () => {
  const after = down({ why: 'ended', since: 50, consecutiveDeaths: 1, spawnFailure: missing });
  becomes(starting({ goal: 'once' }), unspawnable, 50, after);
});

test('starting, stop or drain kept + unspawnable → down on request; leftovers are swept', () => {
  for (const goal of ['down', 'drain'] as const) {
    const after = down({ since: 50, consecutiveDeaths: 1, spawnFailure: missing });
    becomes(starting({ goal }), unspawnable, 50, after, [sweep]);
  }
});

test('starting + unspawnable, policy never → failed', () => {
  const after = failed({
    why: 'unspawnable',
    since: 50,
    consecutiveDeaths: 1,
    spawnFailure: missing,
  });
  becomes(starting(), unspawnable, 50, after, [], service('web', { restart: 'never' }));
});

// up

test('up + start → wanted up again', () => {
  becomes(up({ goal: 'once' }), start, 50, up());
});

test('up + once → goes on, not to be restarted (-O)', () => {
  becomes(up(), once, 50, up({ goal: 'once' }));
});

test('up + stop → stopping: stop signal, then CONT', () => {
  const after = stopping({ since: 50, deadline: 10_050 });
  becomes(up(), stop, 50, after, [kill('SIGTERM'), kill('SIGCONT')]);
});

test('up + restart → stopping, for a restart', () => {
  const after = stopping({ goal: 'up', since: 50, restart: true, deadline: 10_050 });
  becomes(up(), restart, 50, after, [kill('SIGTERM'), kill('SIGCONT')]);
});

test('up + drain → stopping without a signal', () => {
  const after = stopping({ since: 50, killTimeout: 3000, finishDeadline: 6000, deadline: 3050 });
  becomes(up(), drain, 50, after);
});

test('up + signal → the signal is sent, and nothing else', () => {
  becomes(up(), hangUp, 50, up(), [kill('SIGHUP')]);
});

test('up + announced → ready from now on', () => {
  becomes(up(), announced, 50, up({ run: { ...run, readyAt: 50 } }));
});

test('up, ready + announced → the very same state', () => {
  const ready = up({ run: { ...run, readyAt: 20 } });
  assert.equal(transition(ready, announced, at(50, web)).state, ready);
});

test('up + exited → a death is recorded, and finish starts', () => {
  const ended = { ...died, exit: code(3) };
  const tallied = {
    lastExit: code(3),
    deaths: 1,
    tally: [{ at: 50, exit: code(3) }],
    consecutiveDeaths: 1,
    deathsInRow: 1,
  };
  const after = finishing({ since: 50, ...tallied, ended, deadline: 5050 });
  becomes(up(), exited(3), 50, after, [spawnFinish(ending, ended)], ending);
});

test('up + exited, without a finish script → backoff at once', () => {
  const tallied = {
    lastExit: code(3),
    deaths: 1,
    tally: [{ at: 50, exit: code(3) }],
    consecutiveDeaths: 1,
    deathsInRow: 1,
  };
  becomes(up(), exited(3), 50, backoff({ since: 50, ...tallied, deadline: 1050 }));
});

// stopping

test('stopping + start → wanted up again, but the signals are already sent (-du)', () => {
  becomes(stopping(), start, 50, stopping({ goal: 'up' }));
});

test('stopping for a restart + once → down afterwards', () => {
  const before = stopping({ goal: 'up', restart: true });
  becomes(before, once, 50, stopping({ restart: true }));
});

test('stopping + restart → starts again without delay', () => {
  becomes(stopping(), restart, 50, stopping({ goal: 'up', restart: true }));
});

test('stopping + stop → no second signal, but the shorter kill timeout holds', () => {
  const before = stopping({ goal: 'up', restart: true });
  const sooner = { type: 'stop', killTimeout: 200 } as const;
  becomes(before, sooner, 50, stopping({ killTimeout: 200, deadline: 250 }));
  const later = { type: 'stop', killTimeout: 20_000 } as const;
  becomes(before, later, 50, stopping({ killTimeout: 20_000 }));
  const never = { type: 'stop', killTimeout: 0 } as const;
  becomes(before, never, 50, stopping({ killTimeout: 0 }));
  const atLast = { type: 'stop', killTimeout: 200 } as const;
  becomes(stopping({ deadline: null }), atLast, 50, stopping({ killTimeout: 200, deadline: 250 }));
});

test('stopping, finishing + shorten → no more time is left than the setting says, before a KILL', () => {
  const hurried = (state: ServiceState): number | null => {
    met.add(`${state.status} + shorten`);
    const { state: after } = transition(state, hurry, { ...at(50, web), stopLimit: 1000 });
    assert.deepEqual({ ...after, deadline: 0 }, { ...state, deadline: 0 });
    return 'deadline' in after ? after.deadline : NaN;
  };
  assert.equal(hurried(stopping({ deadline: 9000 })), 1050);
  assert.equal(hurried(stopping({ deadline: null })), 1050);
  assert.equal(hurried(stopping({ deadline: 300 })), 300);
  assert.equal(hurried(stopping({ deadline: 5300, kills: 1 })), 5300);
  assert.equal(hurried(finishing({ deadline: 5000 })), 1050);
  assert.equal(hurried(finishing({ deadline: null })), 1050);
});

test('under a hurry, a stop and a finish script begin with no more time than it says', () => {
  const setting = { ...at(50, ending), stopLimit: 1000 };
  const asked = transition(up(), stop, setting).state;
  assert.equal('deadline' in asked && asked.deadline, 1050);
  const ended = transition(stopping(), exited(0), setting).state;
  assert.equal('deadline' in ended && ended.deadline, 1050);
});

test('stopping + drain → the shorter kill timeout holds', () => {
  becomes(
    stopping(),
    drain,
    50,
    stopping({ killTimeout: 3000, finishDeadline: 6000, deadline: 3050 }),
  );
});

test('stopping for a restart + drain → starts again to read the rest', () => {
  const before = stopping({ goal: 'up', restart: true });
  const after = stopping({
    goal: 'drain',
    killTimeout: 3000,
    finishDeadline: 6000,
    deadline: 3050,
  });
  becomes(before, drain, 50, after);
});

test('stopping + signal → the signal is sent, and nothing else', () => {
  becomes(stopping(), hangUp, 50, stopping(), [kill('SIGHUP')]);
});

test('stopping + announced → recorded for the next start, but the service is not ready', () => {
  const after = stopping({ run: { ...run, readyAt: 50 } });
  becomes(stopping(), announced, 50, after);
  assert.equal(isReady(after), false);
});

test('stopping + exited → no death; the rest of its group is swept, then finish starts', () => {
  const ended = { ...died, exit: by('SIGTERM'), death: false };
  const after = finishing({
    ...{ goal: 'down', since: 50, killTimeout: 10_000, lastExit: by('SIGTERM') },
    ...{ tally: [{ at: 50, exit: by('SIGTERM') }], ended, deadline: 5050 },
  });
  becomes(
    stopping({ consecutiveDeaths: 3 }),
    exited('SIGTERM'),
    50,
    after,
    [sweep, spawnFinish(ending, ended)],
    ending,
  );
});

test('stopping + exited, without a finish script → down', () => {
  const tally = [{ at: 50, exit: by('SIGTERM') }];
  const after = down({ since: 50, killTimeout: 10_000, lastExit: by('SIGTERM'), tally });
  becomes(stopping(), exited('SIGTERM'), 50, after, [sweep]);
});

test('stopping + deadline → KILL to the group, and again in 5 s', () => {
  const once = stopping({ kills: 1, deadline: 15_000 });
  becomes(stopping(), deadline, 10_000, once, [kill('SIGKILL', 'group')]);
  const twice = stopping({ kills: 2, deadline: 20_000 });
  becomes(once, deadline, 15_000, twice, [kill('SIGKILL', 'group')]);
});

// finishing

test('finishing + start → wanted up, finish is not disturbed', () => {
  becomes(finishing({ goal: 'down' }), start, 50, finishing());
});

test('finishing + once → down afterwards', () => {
  becomes(finishing(), once, 50, finishing({ goal: 'down', killTimeout: 10_000 }));
});

test('finishing + restart → starts again without delay', () => {
  const ended = { ...died, restart: true };
  becomes(finishing({ goal: 'down' }), restart, 50, finishing({ ended }));
});

test('finishing + stop → down afterwards', () => {
  becomes(finishing(), stop, 50, finishing({ goal: 'down', killTimeout: 10_000 }));
});

test('finishing + drain → the rest is read afterwards', () => {
  becomes(
    finishing(),
    drain,
    50,
    finishing({ goal: 'drain', killTimeout: 3000, finishDeadline: 6000 }),
  );
});

test('finishing, not wanted + drain → down, whatever is left to read', () => {
  const after = finishing({ goal: 'down', killTimeout: 3000, finishDeadline: 6000 });
  becomes(finishing({ goal: 'down' }), drain, 50, after);
});

test('finishing + spawned → goes on; if it was killed before it had a process, it is killed now', () => {
  becomes(finishing(), spawned, 50, finishing());
  const late = finishing({ kills: 1, deadline: 5050 });
  becomes(late, spawned, 50, late, [kill('SIGKILL', 'group')]);
});

test('finishing + unspawnable → as if there were no finish script', () => {
  becomes(finishing(), unspawnable, 50, backoff({ since: 50, deadline: 1050 }));
});

test('finishing, not wanted + unspawnable → down; what run left behind is swept', () => {
  becomes(finishing({ goal: 'down' }), unspawnable, 50, down({ since: 50 }), [sweep]);
});

test('finishing + exited → backoff, a second from now', () => {
  becomes(finishing(), exited(0), 50, backoff({ since: 50, deadline: 1050 }));
});

test('finishing, not wanted + exited → down; what finish left behind is swept', () => {
  becomes(finishing({ goal: 'down' }), exited(0), 50, down({ since: 50 }), [sweep]);
});

test('finishing, once + exited → down, ended', () => {
  becomes(finishing({ goal: 'once' }), exited(0), 50, down({ why: 'ended', since: 50 }));
});

test('finishing for a restart + exited → starting, without delay', () => {
  const ended = { ...died, death: false, restart: true };
  becomes(finishing({ ended }), exited(0), 50, starting({ since: 50 }), [spawn]);
});

test('finishing, to be drained + exited → starting, to read the rest', () => {
  const after = starting({ goal: 'drain', since: 50, killTimeout: 300 });
  becomes(finishing({ goal: 'drain', killTimeout: 300 }), exited(0), 50, after, [spawn]);
});

test('finishing + exited with 125 → failed', () => {
  becomes(finishing(), exited(125), 50, failed({ why: 'finish', since: 50 }));
});

test('finishing, not wanted + exited with 125 → down, since no start is requested', () => {
  becomes(finishing({ goal: 'down' }), exited(125), 50, down({ since: 50 }), [sweep]);
});

test('finishing + deadline → CONT and KILL, and again in 5 s', () => {
  const effects = [kill('SIGCONT', 'group'), kill('SIGKILL', 'group')];
  becomes(finishing(), deadline, 5000, finishing({ kills: 1, deadline: 10_000 }), effects);
});

// backoff

test('backoff + start → starting, the delay is skipped', () => {
  becomes(backoff(), start, 50, starting({ since: 50 }), [spawn]);
});

test('backoff + once → starting, not to be restarted', () => {
  becomes(backoff(), once, 50, starting({ goal: 'once', since: 50 }), [spawn]);
});

test('backoff + restart → starting', () => {
  becomes(backoff(), restart, 50, starting({ since: 50 }), [spawn]);
});

test('backoff + stop → down; leftovers are swept', () => {
  becomes(backoff(), stop, 50, down({ since: 50 }), [sweep]);
});

test('backoff + drain → starting, to read the rest', () => {
  const after = starting({ goal: 'drain', since: 50, killTimeout: 3000, finishDeadline: 6000 });
  becomes(backoff(), drain, 50, after, [spawn]);
});

test('backoff + deadline → starting', () => {
  becomes(backoff(), deadline, 1000, starting({ since: 1000 }), [spawn]);
});

// failed

test('failed + start → starting', () => {
  becomes(failed(), start, 50, starting({ since: 50 }), [spawn]);
});

test('failed + once → starting, not to be restarted', () => {
  becomes(failed(), once, 50, starting({ goal: 'once', since: 50 }), [spawn]);
});

test('failed + restart → starting', () => {
  becomes(failed(), restart, 50, starting({ since: 50 }), [spawn]);
});

test('failed + stop → down on request; leftovers are swept', () => {
  becomes(failed(), stop, 50, down({ since: 50 }), [sweep]);
});

// every state

test('every state + forget → an empty tally, and the rest unchanged', () => {
  const tally = [{ at: 1, exit: code(3) }];
  const some = { deaths: 1, recentDeaths: [1], consecutiveDeaths: 1 };
  for (const state of [down, starting, up, stopping, finishing, backoff, failed]) {
    becomes(state({ ...some, tally }), forget, 50, state(some));
  }
});

test('every cell of the table has an equation above', () => {
  const cells = Object.entries(lifecycle).flatMap(([status, row]) =>
    Object.keys(row).map((input) => `${status} + ${input}`),
  );
  assert.deepEqual([...met].sort(), cells.sort());
});

test('an input without a cell returns the very same state without effects', () => {
  const states = [down(), starting(), up(), stopping(), finishing(), backoff(), failed()];
  let ignored = 0;
  for (const state of states) {
    for (const input of everyInput) {
      if (input.type in lifecycle[state.status]) continue;
      const step = transition(state, input, at(50, ending));
      assert.equal(step.state, state, `${state.status} + ${input.type}`);
      assert.deepEqual(step.effects, [], `${state.status} + ${input.type}`);
      ignored += 1;
    }
  }
  assert.equal(ignored, states.length * everyInput.length - met.size);
});

function runAt(startedAt: number): typeof run {
  return { ...run, startedAt };
}

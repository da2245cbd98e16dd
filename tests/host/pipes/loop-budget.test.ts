/*
 * How work is divided over the turns of the host's loop, with a loop and a clock of the test.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Work } from '../../../lib/host/pipes/loop-budget.ts';
import { Turns, turnBudget } from '../../../lib/host/pipes/loop-budget.ts';

/** Turns in a loop that the test advances, and the work that is done in each. */
function rig() {
  let time = 0;
  let next: (() => void)[] = [];
  const soon: (() => void)[] = [];
  const turns = new Turns({
    now: () => time,
    nextTurn: (act) => next.push(act),
    soon: (act) => soon.push(act),
  });
  let done: string[] = [];
  /** Continues as the loop does after an exception that the host survives. */
  const survive = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      done.push((error as Error).message);
    }
  };
  return {
    turns,
    pass: (ms: number) => (time += ms),
    /** Work of a number of pieces, each of which takes `cost` milliseconds. */
    work(name: string, pieces: number, cost = 0, isUrgent = false): Work {
      let place = 0;
      return {
        isUrgent,
        step: () => {
          time += cost;
          done.push(`${name}${(place += 1)}`);
          return place < pieces;
        },
      };
    },
    /** Runs one turn; returns the work that was done in it, `undefined` if none was scheduled. */
    turn(between: () => void = () => undefined): readonly string[] | undefined {
      if (next.length === 0) return undefined;
      const begun = next;
      next = [];
      done = [];
      for (const act of begun) survive(act);
      for (let act = soon.shift(); act !== undefined; act = soon.shift()) {
        between();
        survive(act);
      }
      return done;
    },
  };
}

test('work is done in the next turn, and nothing is scheduled after it', () => {
  const { turns, work, turn } = rig();
  assert.equal(turn(), undefined);
  turns.add(work('a', 3));
  assert.deepEqual(turn(), ['a1', 'a2', 'a3']);
  assert.equal(turn(), undefined);
  turns.add(work('b', 1));
  assert.deepEqual(turn(), ['b1']);
  assert.equal(turn(), undefined);
});

test('works alternate, so that none waits for the end of another', () => {
  const { turns, work, turn } = rig();
  turns.add(work('a', 4));
  turns.add(work('b', 2));
  turns.add(work('c', 1));
  assert.deepEqual(turn(), ['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
});

test('urgent work goes first, and alternates with other urgent work', () => {
  const { turns, work, turn } = rig();
  turns.add(work('a', 2));
  turns.add(work('b', 2, 0, true));
  turns.add(work('c', 2, 0, true));
  assert.deepEqual(turn(), ['b1', 'c1', 'b2', 'c2', 'a1', 'a2']);
});

test('a turn ends when its budget is spent, and the next one continues in the same order', () => {
  const { turns, work, turn } = rig();
  turns.add(work('a', 100, turnBudget / 4));
  turns.add(work('b', 3, turnBudget / 4));
  assert.deepEqual(turn(), ['a1', 'b1', 'a2', 'b2']);
  assert.deepEqual(turn(), ['a3', 'b3', 'a4', 'a5']);
  assert.deepEqual(turn(), ['a6', 'a7', 'a8', 'a9']);
});

test('a piece that takes longer than the budget is the only one of its turn', () => {
  const { turns, work, turn } = rig();
  turns.add(work('slow', 2, 10 * turnBudget));
  turns.add(work('b', 2));
  assert.deepEqual(turn(), ['slow1']);
  assert.deepEqual(turn(), ['b1', 'slow2']);
  assert.deepEqual(turn(), ['b2']);
  assert.equal(turn(), undefined);
});

test('the time between two pieces counts as well', () => {
  const { turns, work, turn, pass } = rig();
  turns.add(work('a', 10));
  assert.deepEqual(
    turn(() => pass(turnBudget / 2)),
    ['a1', 'a2', 'a3'],
  );
});

test('work that is added by other work is done in the same turn', () => {
  const { turns, work, turn } = rig();
  turns.add({
    isUrgent: false,
    step: () => {
      turns.add(work('b', 1));
      return false;
    },
  });
  assert.deepEqual(turn(), ['b1']);
  assert.equal(turn(), undefined);
});

test('a piece that throws does not delay other work, and the next piece of its work follows', () => {
  const { turns, work, turn } = rig();
  const rest = work('a', 2);
  let isFirst = true;
  turns.add({
    isUrgent: false,
    step: () => {
      if (!isFirst) return rest.step();
      isFirst = false;
      throw new Error('failure');
    },
  });
  turns.add(work('b', 1));
  assert.deepEqual(turn(), ['failure', 'b1', 'a1', 'a2']);
  assert.equal(turn(), undefined);
});

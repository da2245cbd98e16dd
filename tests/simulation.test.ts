import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Life } from './simulation/lives.ts';
import { lives } from './simulation/lives.ts';
import { Stage } from './simulation/stage.ts';

/*
 * Random lives of random trees in virtual time. After each step of the engine the invariants of `simulation/` are checked, and
 * each life ends in a stop, after which nothing may be left.
 *
 * `RUNS=100000` runs more lives, `SEED=7` other ones. A failure is reduced to a smallest case and printed with its seed and path;
 * `SEED=... FAILING=path` repeats only that case.
 */

const { RUNS = '2000', SEED = '1', FAILING } = process.env;

/** More than the sum of all limits of a life with limits, in milliseconds. */
const longest = 60_000;

test(`${RUNS} random lives (seed ${SEED})`, async () => {
  const replay = FAILING === undefined ? {} : { path: FAILING, endOnFailure: true };
  const settings = { numRuns: Number(RUNS), seed: Number(SEED), ...replay };
  await fc.assert(fc.asyncProperty(lives, live), settings);
});

async function live(life: Life): Promise<void> {
  const stage = new Stage(life);
  for (const act of life.acts) await stage.play(act);
  stage.tell({ type: 'end', ending: { reason: 'stopped', exitCode: 0 } });
  await stage.pass(longest);
  if (isLimited(life, stage)) assert.equal(stage.engine.state.phase, 'ended', 'a stop is too slow');
  await letEnd(stage);
  const { phase, verdict } = stage.engine.state;
  assert.equal(phase, 'ended', 'it does not end, though every process does');
  assert.notEqual(verdict, null);
  assert.deepEqual(stage.alive, []);
  assert.deepEqual(stage.spawner.leftovers, []);
  assert.equal(stage.clock.alarms, 0, 'an alarm is set after the end');
}

/** Whether every process that does not exit by itself is killed: whether each wait of a stop has a limit. */
function isLimited({ trees, options }: Life, { engine }: Stage): boolean {
  const specs = trees.flatMap(({ services }) => services);
  const all = specs.flatMap((spec) => (spec.logger === undefined ? [spec] : [spec, spec.logger]));
  const patient = all.some(({ finishTimeout }) => finishTimeout === 0);
  return engine.state.grace > 0 && options.timeouts.finish > 0 && !patient;
}

/** Without limits, lets the processes exit after some time. */
async function letEnd(stage: Stage): Promise<void> {
  for (let round = 0; round < 20 && stage.engine.state.phase !== 'ended'; round += 1) {
    stage.exitAll();
    await stage.pass(longest);
  }
}

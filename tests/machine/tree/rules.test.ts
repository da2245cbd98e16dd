import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exited, logged, stop, unspawnable } from '../samples.ts';
import { TreeLife } from '../tree-life.ts';
import type { Unit } from '../../../lib/machine/tree/unit-map.ts';
import { UnitMap } from '../../../lib/machine/tree/unit-map.ts';

/** A tree of so many services with loggers, all of them being spawned. */
function starting(count: number): TreeLife {
  const services = Array.from({ length: count }, (_, index) => logged(`s${String(index)}`));
  return new TreeLife({ services }).start();
}

/** The same, all of them up. */
function running(count: number): TreeLife {
  const life = starting(count);
  return life.rise([...life.state.units.keys()].join(' '));
}

/** The services of which the rules read the units during an action. */
function unitsReadIn(life: TreeLife, act: () => void): readonly string[] {
  const read = new Set<string>();
  const watched = [...life.state.units].map(([name, unit]): [string, Unit] => {
    const get = (target: Unit, key: string | symbol): unknown => {
      read.add(name);
      return Reflect.get(target, key);
    };
    return [name, new Proxy(unit, { get })];
  });
  life.state = { ...life.state, units: UnitMap.of(watched) };
  read.clear();
  act();
  return [...read].toSorted();
}

/** How many units one step reads in a tree of so many services, by the name of the step. */
function readBySteps(count: number): Readonly<Record<string, number>> {
  const life = running(count);
  const coming = starting(count);
  const last = `s${String(count - 1)}`;
  const before = `s${String(count - 2)}`;
  const reads: Record<string, number> = {};
  const step = (name: string, act: () => void): void => {
    reads[name] = unitsReadIn(life, act).length;
  };
  const start = (name: string, act: () => void): void => {
    reads[name] = unitsReadIn(coming, act).length;
  };
  start('a spawn during the start', () => coming.rise(last));
  start('a failure during the start', () => coming.service(before, unspawnable));
  step('a death', () => life.service(before, exited(1)));
  step('a deadline', () => life.until(1000));
  step('a stop of one', () => life.service(before, stop));
  life.stop();
  step('an end on the way down', () => life.service(last, exited(0)));
  step('a sweep on the way down', () => life.swept(last));
  step('the end of a logger', () => life.service(`${last}/log`, exited(0)));
  return reads;
}

test('the number of units that a step reads does not grow with the number of services that do not change', () => {
  const few = readBySteps(10);
  assert.deepEqual(readBySteps(200), few);
  for (const [step, units] of Object.entries(few)) {
    assert.ok(units <= 4, `${step} reads ${String(units)} units`);
  }
});

test('a stop asks every service and then lets each logger read to the end, however many there are', () => {
  const life = running(200);
  life.stop();
  assert.equal(life.asked.filter((effect) => effect.startsWith('SIGTERM')).length, 200);
  for (let index = 0; index < 200; index++) {
    const name = `s${String(index)}`;
    life.service(name, exited(0)).swept(name);
    assert.ok(life.asked.includes(`close the pipe of ${name}`), life.asked.join('; '));
    life.service(`${name}/log`, exited(0)).swept(`${name} ${name}/log`);
  }
  assert.equal(life.state.phase, 'finishing');
});

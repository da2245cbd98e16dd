import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backoff, down, failed, service, starting, stopping, up } from '../samples.ts';
import type { ServiceState } from '../../../lib/machine/service/service-state.ts';
import type { Unit, UnitSums } from '../../../lib/machine/tree/unit-map.ts';
import { UnitMap, isRestless } from '../../../lib/machine/tree/unit-map.ts';

const states: readonly ServiceState[] = [
  down(),
  starting(),
  up(),
  stopping({ deadline: 30 }),
  stopping({ deadline: null }),
  backoff({ deadline: 20 }),
  failed(),
];

function unit(name: string, state: ServiceState, awaited = false, sweeps = 0): Unit {
  return { spec: service(name), state, leaving: false, released: false, awaited, sweeps };
}

/** The sums as the services give them, one by one. */
function naiveSums(units: readonly Unit[]): UnitSums {
  const deadlines = units.flatMap(({ state }) =>
    'deadline' in state && state.deadline !== null ? [state.deadline] : [],
  );
  const count = (which: (one: Unit) => boolean): number => units.filter(which).length;
  return {
    size: units.length,
    deadline: deadlines.length === 0 ? null : Math.min(...deadlines),
    restless: count(isRestless),
    awaited: count(({ awaited }) => awaited),
    spawning: count(({ awaited, state }) => awaited && state.status === 'starting'),
    sweeping: count(({ sweeps }) => sweeps > 0),
  };
}

const change = fc.record({
  index: fc.nat(2000),
  state: fc.option(fc.constantFrom(...states)),
  awaited: fc.boolean(),
  sweeps: fc.nat(2),
});

test('a map behaves as a map of its services, and its sums are those of all of them', () => {
  const sizes = fc.constantFrom(0, 1, 2, 31, 32, 33, 64, 100, 1023, 1024, 1025, 1100);
  fc.assert(
    fc.property(sizes, fc.array(change, { maxLength: 40 }), (size, changes) => {
      const names = Array.from({ length: size }, (_, index) => `s${String(index)}`);
      const model = new Map(names.map((name) => [name, unit(name, down())]));
      let map = UnitMap.of(model);
      for (const { index, state, awaited, sweeps } of changes) {
        const name = names[index % Math.max(1, size)];
        if (name === undefined) break;
        const before = map;
        const held = [...before];
        if (state === null) model.delete(name);
        else if (model.has(name)) model.set(name, unit(name, state, awaited, sweeps));
        if (map.has(name)) map = map.with(name, model.get(name));
        assert.deepEqual([...before], held, 'the map before is as it was');
      }
      assert.deepEqual([...map], [...model]);
      assert.deepEqual([...map.keys()], [...model.keys()]);
      assert.deepEqual([map.size, map.sums], [model.size, naiveSums([...model.values()])]);
      for (const name of [...names, 'other']) assert.equal(map.get(name), model.get(name));
      assert.deepEqual(
        map.awaited,
        [...model.values()].flatMap(({ spec, awaited }) => (awaited ? [spec.name] : [])),
      );
      for (const now of [19, 20, 30]) {
        const due = [...model.values()].filter(
          ({ state }) => 'deadline' in state && state.deadline !== null && state.deadline <= now,
        );
        assert.deepEqual(map.due(now), due);
      }
    }),
    { numRuns: 60 },
  );
});

test('a service that the map does not have cannot be replaced', () => {
  const map = UnitMap.of([['web', unit('web', up())]]);
  assert.throws(() => map.with('db', unit('db', up())), /no service 'db'/);
});

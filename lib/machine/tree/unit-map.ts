/*
 * The services of a tree as an immutable map that costs little to change: a change copies the path to one service, not the map,
 * and the sums that rules ask for are kept on the way.
 */
import { isAtRest } from '../service/lifecycle.ts';
import type { ServiceState } from '../service/service-state.ts';
import type { ServiceSpec } from '../../model/tree.ts';

/** A service in the tree. */
export interface Unit {
  /** The spec, with the host's overrides applied. */
  readonly spec: ServiceSpec;
  readonly state: ServiceState;
  /** Whether it is gone from `services.d`, and is to be stopped and removed. */
  readonly leaving: boolean;
  /** Whether the supervisor has closed its write end of the service's log pipe. */
  readonly released: boolean;
  /** Whether the stage still waits for it to come up. */
  readonly awaited: boolean;
  /** The number of sweeps that run for its leftovers. */
  readonly sweeps: number;
  /** It is the catch-all logger, which belongs to no stage. */
  readonly catchesAll?: true;
}

/** What rules ask about all services together. */
export interface UnitSums {
  /** The number of services. */
  readonly size: number;
  /** The nearest deadline; `null` without one. */
  readonly deadline: number | null;
  /** The number of services that are not at rest. */
  readonly restless: number;
  /** The number of services that the stage waits for. */
  readonly awaited: number;
  /** The number of those of which the process is being spawned. */
  readonly spawning: number;
  /** The number of services with a sweep under way. */
  readonly sweeping: number;
}

/** An immutable map of services by name, in the order of the tree. A change costs O(log n). */
export class UnitMap implements Iterable<readonly [string, Unit]> {
  readonly #indexes: ReadonlyMap<string, number>;
  readonly #root: Part;
  readonly #height: number;

  private constructor(indexes: ReadonlyMap<string, number>, root: Part, height: number) {
    this.#indexes = indexes;
    this.#root = root;
    this.#height = height;
  }

  /** A map of these services, in this order. */
  static of(entries: Iterable<readonly [string, Unit]>): UnitMap {
    const units = new Map(entries);
    const indexes = new Map([...units.keys()].map((name, index) => [name, index]));
    let parts: readonly Part[] = inGroups([...units.values()]).map(leafOf);
    let height = 0;
    for (; parts.length > 1; height += 1) parts = inGroups(parts).map(branchOf);
    return new UnitMap(indexes, parts[0] ?? leafOf([]), height);
  }

  get size(): number {
    return this.sums.size;
  }

  /** The sums over all services. */
  get sums(): UnitSums {
    return this.#root.sums;
  }

  get(name: string): Unit | undefined {
    const index = this.#indexes.get(name);
    if (index === undefined) return undefined;
    let part = this.#root;
    for (let level = this.#height; part.parts !== undefined; level -= 1) {
      const next = part.parts[slotOf(index, level)];
      if (next === undefined) return undefined;
      part = next;
    }
    return part.units[slotOf(index, 0)];
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** The map with another service of this name, which it has, or without it. */
  with(name: string, unit: Unit | undefined): UnitMap {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new Error(`There is no service '${name}' to replace.`);
    return new UnitMap(
      this.#indexes,
      replaced(this.#root, this.#height, index, unit),
      this.#height,
    );
  }

  /** The services of which the deadline has passed, in order. */
  due(now: number): readonly Unit[] {
    return [...unitsIn(this.#root, ({ deadline }) => deadline !== null && deadline <= now)];
  }

  /** The names of the services that the stage waits for, in order. */
  get awaited(): readonly string[] {
    return [...unitsIn(this.#root, ({ awaited }) => awaited > 0)].map(({ spec }) => spec.name);
  }

  *values(): IterableIterator<Unit> {
    yield* unitsIn(this.#root, () => true);
  }

  *keys(): IterableIterator<string> {
    for (const { spec } of this.values()) yield spec.name;
  }

  *entries(): IterableIterator<[string, Unit]> {
    for (const unit of this.values()) yield [unit.spec.name, unit];
  }

  [Symbol.iterator](): IterableIterator<[string, Unit]> {
    return this.entries();
  }
}

/** Whether a service is not at rest. The catch-all logger counts from the moment at which it is to end. */
export function isRestless({ state, catchesAll, released }: Unit): boolean {
  return !isAtRest(state) && (catchesAll !== true || released);
}

/** A node of the map: a leaf with services, or a branch with the nodes below it. */
type Part = Leaf | Branch;

interface Leaf {
  readonly sums: UnitSums;
  readonly units: readonly (Unit | undefined)[];
  /** The sums of each of them. */
  readonly each: readonly UnitSums[];
  readonly parts?: undefined;
}

interface Branch {
  readonly sums: UnitSums;
  readonly parts: readonly Part[];
}

/** The number of services in a leaf, and of nodes in a branch: a power of two. */
const width = 32;
const bits = Math.log2(width);

function slotOf(index: number, level: number): number {
  return (index >> (bits * level)) & (width - 1);
}

function inGroups<T>(all: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(all.length / width);
  return Array.from({ length: count }, (_, index) => all.slice(index * width, (index + 1) * width));
}

function replaced(part: Part, level: number, index: number, unit: Unit | undefined): Part {
  const slot = slotOf(index, level);
  if (part.parts === undefined) {
    const each = part.each.with(slot, sumsOf(unit));
    return { units: part.units.with(slot, unit), each, sums: sumOf(each) };
  }
  const below = part.parts[slot];
  if (below === undefined) return part;
  return branchOf(part.parts.with(slot, replaced(below, level - 1, index, unit)));
}

function leafOf(units: readonly Unit[]): Leaf {
  const each = units.map(sumsOf);
  return { units, each, sums: sumOf(each) };
}

function branchOf(parts: readonly Part[]): Branch {
  return { sums: sumOf(parts.map(({ sums }) => sums)), parts };
}

function sumsOf(unit: Unit | undefined): UnitSums {
  if (unit === undefined) return nothing;
  const { state, awaited, sweeps } = unit;
  return {
    size: 1,
    deadline: 'deadline' in state ? state.deadline : null,
    restless: isRestless(unit) ? 1 : 0,
    awaited: awaited ? 1 : 0,
    spawning: awaited && state.status === 'starting' ? 1 : 0,
    sweeping: sweeps > 0 ? 1 : 0,
  };
}

const nothing: UnitSums = {
  size: 0,
  deadline: null,
  restless: 0,
  awaited: 0,
  spawning: 0,
  sweeping: 0,
};

function sumOf(all: readonly UnitSums[]): UnitSums {
  let [size, restless, awaited, spawning, sweeping] = [0, 0, 0, 0, 0];
  let deadline: number | null = null;
  for (const one of all) {
    size += one.size;
    restless += one.restless;
    awaited += one.awaited;
    spawning += one.spawning;
    sweeping += one.sweeping;
    if (one.deadline !== null && (deadline === null || one.deadline < deadline))
      deadline = one.deadline;
  }
  return { size, deadline, restless, awaited, spawning, sweeping };
}

/** The services of which the sums are wanted, in order; a part without any is passed over. */
function* unitsIn(part: Part, wanted: (sums: UnitSums) => boolean): Generator<Unit> {
  if (!wanted(part.sums)) return;
  if (part.parts === undefined) {
    for (const [slot, unit] of part.units.entries()) {
      if (unit !== undefined && wanted(part.each[slot] ?? nothing)) yield unit;
    }
  } else {
    for (const below of part.parts) yield* unitsIn(below, wanted);
  }
}

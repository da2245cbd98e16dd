/*
 * Builds the units from a tree's services, and updates them after each reading of `services.d`.
 */
import type { Draft, ChangeWithoutCause } from './draft.ts';
import { isResting } from './draft.ts';
import { initialState } from '../service/lifecycle.ts';
import type { TreeSetting } from './tree-state.ts';
import type { Unit } from './unit-map.ts';
import { UnitMap } from './unit-map.ts';
import type { TreeOptions } from './tree-options.ts';
import type { Problem } from '../../model/problem.ts';
import { problem } from '../../model/problem.ts';
import type { ServiceSpec, Tree } from '../../model/tree.ts';
import { catchAllName, producerOf, serviceIn, withLoggers, withService } from '../../model/tree.ts';

/** Applies a new reading of `services.d`: starts what is new, stops what is gone, touches nothing else. */
export function takeTree(draft: Draft, tree: Tree): void {
  const before = draft.state.units;
  const after = unitsOf(tree, draft.setting);
  const added = [...after.keys()].filter((name) => before.get(name)?.leaving !== false);
  const removed = [...before].filter(([name, unit]) => !unit.leaving && !after.has(name));
  const changed = [...after].filter(([name, unit]) => differs(before.get(name), unit));
  if (
    isNameTaken(tree, draft.setting.options) &&
    !isNameTaken(draft.state.tree, draft.setting.options)
  )
    draft.report({ type: 'problem', problem: nameTaken() });
  draft.state = { ...draft.state, tree };
  if (draft.state.finish.status === 'pending') draft.scripts('finish', { scripts: tree.finish });
  draft.replaceUnits(merge(before, after));
  const change: ChangeWithoutCause = {
    type: 'tree',
    added,
    removed: removed.map(([name]) => name),
    changed: changed.map(([name]) => name),
  };
  if (added.length + removed.length + changed.length > 0) draft.report(change);
  for (const [name, unit] of removed) {
    if (isResting(unit)) draft.sweep(name);
    else if (!isGoingWithProducer(name, after)) draft.feed(name, { type: 'stop' });
  }
  if (draft.state.phase === 'starting' || draft.state.phase === 'running') startAdded(draft, added);
}

/** Uses the copy of the root from now on. A missing copy is a failure like that of an init script. */
export function runFromCopy(draft: Draft, tree: Tree | null): void {
  draft.state = { ...draft.state, copied: 'yes' };
  if (tree !== null) {
    takeTree(draft, tree);
    if (draft.state.init.running === null) draft.scripts('init', { scripts: tree.init });
  } else if (draft.setting.options.onInitFailure === 'stop') {
    draft.end({ reason: 'init-failed', exitCode: 1 });
  }
}

/**
 * Applies changed control files of one service. They hold from now on; nothing is started or stopped because of them.
 */
export function specChanged(draft: Draft, spec: ServiceSpec): void {
  const tree = withService(draft.state.tree, spec);
  draft.state = { ...draft.state, tree };
  const producer = producerOf(spec.name);
  const concerned = producer === undefined ? [spec.name] : [spec.name, producer];
  const changed = concerned.filter((name) => {
    const unit = draft.unit(name);
    const found = serviceIn(tree, name);
    if (unit === undefined || unit.catchesAll === true || found === undefined) return false;
    const after = { ...unit, spec: overridden(found, draft.setting.options) };
    draft.put(name, after);
    return differs(unit, after);
  });
  if (changed.length > 0) draft.report({ type: 'tree', added: [], removed: [], changed });
}

/** Whether a logger's producer is gone as well. Then the logger reads to the end once the producer is down. */
function isGoingWithProducer(name: string, after: UnitMap): boolean {
  const producer = producerOf(name);
  return producer !== undefined && !after.has(producer);
}

function startAdded(draft: Draft, added: readonly string[]): void {
  const names = added.filter((name) => {
    const unit = draft.unit(name);
    return unit !== undefined && !unit.spec.down;
  });
  for (const name of names) draft.feed(name, { type: 'start' });
  if (draft.state.services.status !== 'started') return;
  for (const name of names) draft.mark(name, { awaited: true });
}

const fresh = { leaving: false, released: false } as const;
const untouched = { ...fresh, awaited: false, sweeps: 0 } as const;

/** The units from now on: in the new order, with their present states; those that are gone are marked as leaving. */
function merge(before: UnitMap, after: UnitMap): UnitMap {
  const merged = new Map<string, Unit>();
  for (const [name, unit] of after) {
    const known = before.get(name);
    merged.set(name, known === undefined ? unit : { ...known, ...fresh, spec: unit.spec });
  }
  for (const [name, unit] of before) {
    if (!after.has(name)) merged.set(name, { ...unit, leaving: true });
  }
  return UnitMap.of(merged);
}

function differs(before: Unit | undefined, after: Unit): boolean {
  if (before === undefined || before.leaving) return false;
  return JSON.stringify(before.spec) !== JSON.stringify(after.spec);
}

/**
 * The units of a tree: the catch-all logger, if there is one, then each logger before its producer, with the host's
 * overrides applied to their specs.
 */
export function unitsOf(tree: Tree, { options, now }: TreeSetting): UnitMap {
  const units = new Map<string, Unit>();
  const add = (spec: ServiceSpec, more: Pick<Unit, 'catchesAll'> = {}): void => {
    const effective = overridden(spec, options);
    units.set(spec.name, { spec: effective, state: initialState(now), ...untouched, ...more });
  };
  if (options.catchAll !== undefined) add(options.catchAll.spec, { catchesAll: true });
  const services = tree.services.filter(({ name }) => !units.has(name));
  for (const spec of withLoggers(services)) add(spec);
  return UnitMap.of(units);
}

/** Whether a service of the tree has the name of the catch-all logger, and there is a catch-all logger. */
export function isNameTaken({ services }: Tree, { catchAll }: TreeOptions): boolean {
  return catchAll !== undefined && services.some(({ name }) => name === catchAllName);
}

/** The problem that reports such a service. */
export function nameTaken(): Problem {
  const message = 'the name is that of the catch-all logger; the service of this name is left out';
  const remedy = 'Give the service another name, or set the option logging (S6_LOGGING) to 0.';
  return problem('name-taken', catchAllName, message, { remedy });
}

function overridden(spec: ServiceSpec, options: TreeOptions): ServiceSpec {
  const overrides = Object.hasOwn(options.services, spec.name)
    ? options.services[spec.name]
    : undefined;
  if (overrides === undefined) return spec;
  const given = Object.entries(overrides).filter(([, value]) => value !== undefined);
  return { ...spec, ...Object.fromEntries(given) };
}

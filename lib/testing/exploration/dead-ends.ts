import type { DeadEnd } from './findings.ts';
import type { StateNode } from './walk.ts';
import { stepsOf, wayTo } from './walk.ts';
import type { RunningScript, TreeState } from '../../machine/tree/tree-state.ts';
import type { Unit } from '../../machine/tree/unit-map.ts';
import { isDescending } from '../../machine/tree/tree-state.ts';
import { producerOf } from '../../model/tree.ts';

/** A dead end, and the first node of the walk with it. */
export interface Blocked {
  readonly deadEnd: DeadEnd;
  readonly node: StateNode;
}

/** The dead ends among some nodes, each once, with a shortest way to it. */
export function deadEndsIn(nodes: readonly StateNode[]): readonly Blocked[] {
  const found = new Map<string, Blocked>();
  for (const node of nodes) {
    for (const block of blocksIn(node.explored.state)) {
      const key = `${block.during} ${block.waitsFor}`;
      if (found.has(key)) continue;
      found.set(key, { deadEnd: { ...block, steps: stepsOf(wayTo(node)) }, node: node });
    }
  }
  return [...found.values()];
}

type Block = Omit<DeadEnd, 'steps'>;

/** The processes that may make everything wait for ever: alive, awaited, and without a limit. */
function blocksIn(state: TreeState): readonly Block[] {
  if (state.phase === 'ended') return [];
  return isDescending(state) ? onTheWayDown(state) : onTheWayUp(state);
}

function onTheWayUp({ init, services, units }: TreeState): readonly Block[] {
  const scripts = hanging(init.running, 'start', 'Give init scripts a limit: timeouts.init.');
  if (services.status !== 'started' || services.deadline !== null) return scripts;
  const waits = units.awaited.flatMap((name) => awaited(units.get(name)));
  return [...scripts, ...waits];
}

function awaited(unit: Unit | undefined): readonly Block[] {
  if (unit?.state.status === 'finishing') return endless(unit, 'start');
  if (unit?.state.status !== 'up') return [];
  return [
    {
      during: 'start',
      waitsFor: unit.spec.name,
      why: 'it may never announce that it is ready, and timeouts.readiness is 0',
      remedy: 'Give the start a limit: timeouts.readiness.',
    },
  ];
}

function onTheWayDown({ init, finish, units }: TreeState): readonly Block[] {
  const unbounded = 'Give it a limit: timeouts.services, or timeouts.init.';
  return [
    ...hanging(init.running, 'stop', unbounded),
    ...hanging(finish.running, 'stop', 'Give finish scripts a limit: timeouts.finish.'),
    ...[...units.values()].flatMap((unit) => [...ignoringStop(unit), ...endless(unit, 'stop')]),
  ];
}

function hanging(
  running: RunningScript | null,
  during: DeadEnd['during'],
  remedy: string,
): readonly Block[] {
  if (running?.pid == null || running.deadline !== null) return [];
  const why = running.halted
    ? 'it may ignore SIGTERM, and nothing sends it KILL'
    : 'it may hang, and nothing ends it';
  return [{ during, waitsFor: running.script, why, remedy }];
}

function ignoringStop({ spec, state }: Unit): readonly Block[] {
  if (state.status !== 'stopping' || state.deadline !== null) return [];
  const { name, downSignal } = spec;
  const isLogger = producerOf(name) !== undefined;
  const what = isLogger ? 'may not end at the end of its pipe' : `may ignore ${downSignal}`;
  const own = isLogger ? '' : `, or ${name} a timeout-kill (killTimeout) other than 0`;
  return [
    {
      during: 'stop',
      waitsFor: name,
      why: `it ${what}, and nothing sends it KILL`,
      remedy: `Give the services a limit: timeouts.services${own}.`,
    },
  ];
}

function endless({ spec, state }: Unit, during: DeadEnd['during']): readonly Block[] {
  if (state.status !== 'finishing' || state.deadline !== null) return [];
  const own = `${spec.name} a timeout-finish (finishTimeout) other than 0`;
  const limit = during === 'stop' ? `the services a limit: timeouts.services, or ${own}` : own;
  return [
    {
      during,
      waitsFor: `${spec.name}/finish`,
      why: 'it may hang, and nothing ends it',
      remedy: `Give ${limit}.`,
    },
  ];
}

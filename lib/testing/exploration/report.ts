import type { DeadEnd, NeverStart, Shutdown, ExploredStep, Way } from './findings.ts';
import type { Findings } from './outcome.ts';
import { lasting } from './wording.ts';

/** The findings of an exploration as readable text. */
export function reportOf(findings: Findings): string {
  const { deadEnds, neverStart, longestShutdown, longestStart } = findings;
  return [
    shutdown(longestShutdown),
    start(longestStart),
    ...alike(deadEnds).map(deadEnd),
    never(neverStart),
    seen(findings),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function shutdown(way: Shutdown): string {
  const { duration, from, steps } = way;
  const head = `${worst(way)} to stop.${tooLong(duration)}`;
  if (steps.length === 0) return head;
  return [head, `  The stop comes while ${from}.`, ...table(steps)].join('\n');
}

/** The time that common orchestrators leave between TERM and KILL, in milliseconds. */
const stopTimeouts = [
  ['docker stop', 10_000],
  ['Kubernetes', 30_000],
] as const;

function tooLong(duration: number): string {
  const killers = stopTimeouts.filter(([, limit]) => duration > limit);
  if (killers.length === 0) return '';
  const each = killers.map(
    ([orchestrator, limit]) => `${orchestrator} kills after ${lasting(limit)}`,
  );
  return ` By default ${each.join(', ')}.`;
}

function start(way: Way | null): string {
  if (way === null) return 'The start never completes.';
  return `${worst(way)} to start.`;
}

function worst({ duration }: Way): string {
  return duration === Infinity ? 'Worst case: for ever' : `Worst case: ${lasting(duration)}`;
}

/** The dead ends by what they are: those in a group differ only in the process that is waited for. */
function alike(deadEnds: readonly DeadEnd[]): readonly (readonly [DeadEnd, ...DeadEnd[]])[] {
  const groups = new Map<string, [DeadEnd, ...DeadEnd[]]>();
  for (const each of deadEnds) {
    const key = `${each.during} ${each.why} ${each.remedy}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [each]);
    else group.push(each);
  }
  return [...groups.values()];
}

/** Dead ends of one kind, with the way to the first of them. */
function deadEnd([first, ...others]: readonly [DeadEnd, ...DeadEnd[]]): string {
  const { during, waitsFor, why, remedy, steps } = first;
  const head = `Dead end: the ${during} waits for ever for ${waitsFor}: ${why}.`;
  const same = others.length === 0 ? [] : [`  The same holds for ${listed(others)}.`];
  return [head, ...table(steps), ...same, `  ${remedy}`].join('\n');
}

/** `20-b, 30-c, 40-d and 5 more`. */
function listed(deadEnds: readonly DeadEnd[]): string {
  const names = deadEnds.map(({ waitsFor }) => waitsFor);
  const more = names.length - mostNamed;
  const shown = names.slice(0, mostNamed).join(', ');
  return more > 0 ? `${shown} and ${String(more)} more` : shown;
}

/** How many processes of dead ends of one kind are named. */
const mostNamed = 3;

function never(services: readonly NeverStart[]): string {
  return services.map(({ service, why }) => `Never up: ${service}. ${why}`).join('\n');
}

function seen({ states, complete }: Findings): string {
  const number = `${String(states)} ${states === 1 ? 'state' : 'states'}`;
  if (complete) return `These are all: ${number} explored.`;
  return `Incomplete: the bound (mostStates) was reached at ${number}. The findings above hold for these only.`;
}

/** Steps in columns: moment, process, action. */
function table(steps: readonly ExploredStep[]): readonly string[] {
  const moments = steps.map(({ at }) => lasting(at));
  const first = Math.max(...moments.map(({ length }) => length));
  const second = Math.max(...steps.map(({ who }) => who.length));
  return steps.map(
    ({ who, what }, row) =>
      `  ${(moments[row] ?? '').padStart(first)}  ${who.padEnd(second)}  ${what}`,
  );
}

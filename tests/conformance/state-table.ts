/*
 * The parts of the state table: how a service reaches a state, and the effects of commands.
 */
import type { ServiceStateName } from '../../lib/machine/service/service-state.ts';
import type { TreeFiles } from '../../lib/testing/index.ts';
import type { Case, Step } from './case.ts';
import { aSecondLater, is, svc, until, witness } from './case.ts';

/** A service in a state, and the effects of commands. */
export interface Row {
  readonly state: ServiceStateName;
  /** How it reached the state, if there are several ways. The row without this field has every command. */
  readonly how?: string;
  readonly tree: TreeFiles;
  readonly arrive: readonly Step[];
  /** What its scripts have reported by then. */
  readonly said: Lines;
  /** Gives the commands. Default: `svc`. */
  readonly give?: (letters: string) => Step;
  /** The commands: letters in one call of `s6-svc`, with blanks between calls; and the effect of each. */
  readonly cells: readonly (readonly [goes: string, end: End])[];
}

type Lines = readonly string[];

/** The steps after the commands, and what the scripts report from then on. */
export type End = { readonly steps: readonly Step[] } & (
  { readonly trace: Lines } | { readonly s6: Lines; readonly ours: Lines; readonly why: string }
);

export function goesOf({ cells }: Row): readonly string[] {
  return cells.flatMap(([goes]) => goes.split(' '));
}

export function casesOf(row: Row): readonly Case[] {
  return row.cells.flatMap(([goes, end]) =>
    goes.split(' ').map((letters) => caseOf(row, letters, end)),
  );
}

function caseOf(row: Row, letters: string, end: End): Case {
  const { state, how, tree, arrive, said, give = svc } = row;
  const common = {
    title: `${state}${how === undefined ? '' : ` ${how}`}: ${inWords(letters)}`,
    tree: { ...tree, ...witness },
    steps: [...arrive, give(letters), ...end.steps],
  };
  if ('trace' in end) return { ...common, trace: [...said, ...end.trace] };
  return { ...common, s6: [...said, ...end.s6], ours: [...said, ...end.ours], why: end.why };
}

function inWords(letters: string): string {
  const [first = '', second] = letters;
  return first === second ? `${first} twice` : letters.split('').join(' and ');
}

/** What scripts report: the arguments of finish, and when run was restarted. */
export const died = 'finish 3 0';
export const termed = 'finish 256 15';
export const killed = 'finish 256 9';
export const later = 'a second later';
export const backLater = ['back a second later', 'run', termed] as const;
export const backAtOnce = ['back at once', 'run', termed] as const;

/** The service is down, and stays down. */
export const down: End = { steps: [is('down'), ...aSecondLater], trace: [later] };

/** The service exits so, by itself, and stays down. */
export const ends = (word: string): End => ({
  steps: [until(word), ...down.steps],
  trace: [word, later],
});

/** The service is restarted after its delay: its nth start. */
export const comesBack = (nth: number, ...words: Lines): End => ({
  steps: [until('run', nth), is('up, wanted')],
  trace: [...words, ...backLater],
});

/** The service starts, for the nth time, and is restarted when it dies. */
export const starts = (nth: number, ...words: Lines): End => ({
  steps: [until('run', nth), is('up, wanted'), svc('1'), until('run', nth + 1)],
  trace: [...words, 'run', died, ...backLater],
});

/** The service starts, for the nth time, and is not restarted when it dies. */
export const startsOnce = (nth: number, ...words: Lines): End => ({
  steps: [until('run', nth), is('up'), svc('1'), ...down.steps],
  trace: [...words, 'run', died, later],
});

/** The service stays up, and is restarted when it dies. */
export const runsOn: End = {
  steps: [is('up, wanted'), svc('1'), until('run', 2)],
  trace: [died, ...backLater],
};

/** The service stays up, and is not restarted when it dies. */
export const runsToItsEnd: End = {
  steps: [is('up'), svc('1'), ...down.steps],
  trace: [died, later],
};

/** A different effect under s6 and this library. */
export const differs = (
  why: string,
  steps: readonly Step[],
  lines: { readonly s6: Lines; readonly ours: Lines },
): End => ({ steps, ...lines, why });

/** An effect after a further step. */
export const after = (step: Step, end: End): End => ({ ...end, steps: [step, ...end.steps] });

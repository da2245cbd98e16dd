/*
 * What the state table is made of: how a service is brought into a state, and what comes of commands there.
 */
import type { Status } from '../../lib/machine/machine.ts';
import type { TreeFiles } from '../../lib/testing/index.ts';
import type { Case, Step } from './case.ts';
import { aSecondLater, is, svc, until, witness } from './case.ts';

/** A service in a state, and what comes of commands. */
export interface Row {
  readonly state: Status;
  /** What is special about how it came there. The row without it has every command. */
  readonly how?: string;
  readonly tree: TreeFiles;
  readonly arrive: readonly Step[];
  /** What its scripts have said by then. */
  readonly said: Lines;
  /** Gives the commands there. Default: `svc`. */
  readonly give?: (letters: string) => Step;
  /** What is given, letters in one go as `s6-svc` takes them, with blanks between one go and another; what comes of each. */
  readonly cells: readonly (readonly [goes: string, end: End])[];
}

type Lines = readonly string[];

/** What is done after the commands, and what the scripts say from then on. */
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

/** What scripts say: which signal or code finish was told, and when run came back. */
export const died = 'finish 3 0';
export const termed = 'finish 256 15';
export const killed = 'finish 256 9';
export const later = 'a second later';
export const backLater = ['back a second later', 'run', termed] as const;
export const backAtOnce = ['back at once', 'run', termed] as const;

/** It is down, and stays so. */
export const down: End = { steps: [is('down'), ...aSecondLater], trace: [later] };

/** It ends so, by itself, and stays down. */
export const ends = (word: string): End => ({
  steps: [until(word), ...down.steps],
  trace: [word, later],
});

/** It comes back by itself, after its delay: its nth start. */
export const comesBack = (nth: number, ...words: Lines): End => ({
  steps: [until('run', nth), is('up, wanted')],
  trace: [...words, ...backLater],
});

/** It starts, for the nth time, and comes back when it dies. */
export const starts = (nth: number, ...words: Lines): End => ({
  steps: [until('run', nth), is('up, wanted'), svc('1'), until('run', nth + 1)],
  trace: [...words, 'run', died, ...backLater],
});

/** It starts, for the nth time, and does not come back when it dies. */
export const startsOnce = (nth: number, ...words: Lines): End => ({
  steps: [until('run', nth), is('up'), svc('1'), ...down.steps],
  trace: [...words, 'run', died, later],
});

/** It runs on, and comes back when it dies. */
export const runsOn: End = {
  steps: [is('up, wanted'), svc('1'), until('run', 2)],
  trace: [died, ...backLater],
};

/** It runs on, and does not come back when it dies. */
export const runsToItsEnd: End = {
  steps: [is('up'), svc('1'), ...down.steps],
  trace: [died, later],
};

/** Something else under s6 than here. */
export const differs = (
  why: string,
  steps: readonly Step[],
  lines: { readonly s6: Lines; readonly ours: Lines },
): End => ({ steps, ...lines, why });

/** An end after a further step. */
export const after = (step: Step, end: End): End => ({ ...end, steps: [step, ...end.steps] });

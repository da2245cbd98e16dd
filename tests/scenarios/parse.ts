import type { Behaviour } from '../../lib/testing/behaviour.ts';
import { exit, sequence } from '../../lib/testing/behaviour.ts';
import type { Exit } from '../../lib/model/exit.ts';

/** A scenario as it is written: what there is, what is done, and what happened when it was last played. */
export interface Scenario {
  /** What it shows, in a sentence or two. */
  readonly title: string;
  /** Whose idea it is: `After Horust: ...`. */
  readonly origin: string | undefined;
  /** The tree: each path with what stands behind it, which for a script is what it does. */
  readonly files: Files;
  /** Options of the supervisor: `timeouts.services=500`. */
  readonly options: readonly string[];
  readonly steps: readonly string[];
  /** Everything above the divider, as it stands. */
  readonly written: string;
  readonly transcript: string;
}

export type Files = ReadonlyMap<string, string>;

/** Between what is done and what happens. */
export const divider = '----';

/** Reads a scenario: the title (`#`), the tree (indented), the options (`with`), the steps, the divider, the transcript. */
export function parseScenario(text: string): Scenario {
  const [written = '', transcript = ''] = text.split(`${divider}\n`, 2);
  const lines = written.split('\n').filter((line) => line.trim() !== '');
  const of = (test: (line: string) => boolean): string[] => lines.filter(test);
  const isTitle = (line: string): boolean => line.startsWith('#');
  const isFile = (line: string): boolean => line.startsWith(' ');
  const isOption = (line: string): boolean => line.startsWith('with ');
  const titles = of(isTitle).map((line) => line.slice(1).trim());
  return {
    title: titles.filter((line) => !isOrigin(line)).join(' '),
    origin: titles.find(isOrigin),
    files: new Map(of(isFile).map(fileOf)),
    options: of(isOption).flatMap((line) => wordsOf(line).slice(1)),
    steps: of((line) => !isTitle(line) && !isFile(line) && !isOption(line)),
    written,
    transcript,
  };
}

function isOrigin(title: string): boolean {
  return /^After \S.*: /.test(title);
}

/** A path and what stands behind it. */
export function fileOf(line: string): [path: string, content: string] {
  const [path = '', ...content] = wordsOf(line);
  return [path, content.join(' ')];
}

export function wordsOf(line: string): string[] {
  return line.trim().split(/\s+/);
}

/** What a child does each time that it is spawned: `exits 1 after 50, stays`. */
export function behavioursOf(text: string): readonly Behaviour[] {
  return text.split(',').map(lifeOf);
}

/** How a process ends: a code or a signal. */
export function exitOf(word: string): Exit {
  const { exit: end } = exit(/^\d+$/.test(word) ? Number(word) : (word as NodeJS.Signals));
  if (end === undefined) throw new Error(`'${word}' is no way to end.`);
  return end;
}

/** One life, of several steps perhaps: `announces after 100 then exits 1 after 50`. */
function lifeOf(text: string): Behaviour {
  return sequence(...text.split(/ then /).map(behaviourOf));
}

function behaviourOf(text: string): Behaviour {
  let behaviour: Behaviour = {};
  const words = wordsOf(text).filter((word) => word !== '');
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const read = vocabulary[word];
    if (read === undefined) throw new Error(`'${word}' is nothing that a child does.`);
    behaviour = read(behaviour, () => words.shift() ?? '');
  }
  return behaviour;
}

type Reader = (behaviour: Behaviour, next: () => string) => Behaviour;

const after: Reader = (behaviour, next) => ({ ...behaviour, after: Number(next()) });

/** What a child can do. `takes` is said of a script, which exits by itself; `hangs` of one that does not. */
const vocabulary: Readonly<Record<string, Reader>> = {
  stays: (behaviour) => behaviour,
  exits: (behaviour, next) => ({ ...behaviour, exit: exitOf(next()) }),
  after,
  takes: after,
  hangs: (behaviour) => ({ ...behaviour, after: Infinity }),
  announces: (behaviour) => ({ ...behaviour, ready: true }),
  prints: (behaviour, next) => ({ ...behaviour, print: next() }),
  ignores: (behaviour, next) => ({
    ...behaviour,
    ignores: [...(behaviour.ignores ?? []), next() as NodeJS.Signals],
  }),
  unkillable: (behaviour) => ({ ...behaviour, ignores: ['SIGTERM', 'SIGKILL'] }),
  leaves: (behaviour, next) => ({ ...behaviour, leaves: othersOf(next()) }),
  unspawnable: (behaviour, next) => ({ ...behaviour, unspawnable: next() }),
};

/** Whom a child leaves behind: `willing` ones, which a signal ends, or `stubborn` ones. */
function othersOf(word: string): true | 'stubborn' {
  if (word !== 'willing' && word !== 'stubborn') throw new Error(`Who is '${word}'?`);
  return word === 'willing' ? true : word;
}

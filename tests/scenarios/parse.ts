import type { Behaviour } from '../../lib/testing/simulation/behaviour.ts';
import { exit, sequence } from '../../lib/testing/simulation/behaviour.ts';
import type { Exit } from '../../lib/model/exit.ts';

/** A scenario as written: its tree, its steps, and the transcript of the last time that it was played. */
export interface Scenario {
  /** What it shows, in a sentence or two. */
  readonly title: string;
  /** The test case that it follows: `After Horust: ...`. */
  readonly origin: string | undefined;
  /** The tree: each path with its content; the content of a script says what the script does. */
  readonly files: Files;
  /** Options of the supervisor: `timeouts.services=500`. */
  readonly options: readonly string[];
  readonly steps: readonly string[];
  /** The text above the divider, unchanged. */
  readonly written: string;
  readonly transcript: string;
}

export type Files = ReadonlyMap<string, string>;

/** The line between the steps and the transcript. */
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

/** A path and its content. */
export function fileOf(line: string): [path: string, content: string] {
  const [path = '', ...content] = wordsOf(line);
  return [path, content.join(' ')];
}

export function wordsOf(line: string): string[] {
  return line.trim().split(/\s+/);
}

/** What a child does at each spawn: `exits 1 after 50, stays`. */
export function behavioursOf(text: string): readonly Behaviour[] {
  return text.split(',').map(lifeOf);
}

/** How a process ends: a code or a signal. */
export function exitOf(word: string): Exit {
  const { exit: end } = exit(/^\d+$/.test(word) ? Number(word) : (word as NodeJS.Signals));
  if (end === undefined) throw new Error(`'${word}' is neither an exit code nor a signal.`);
  return end;
}

/** One life, which may have several steps: `announces after 100 then exits 1 after 50`. */
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

/** What a child can do. `takes` is for a script that exits by itself, `hangs` for one that does not. */
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

/** The leftovers of a child: `willing` ones, which a signal ends, or `stubborn` ones. */
function othersOf(word: string): true | 'stubborn' {
  if (word !== 'willing' && word !== 'stubborn')
    throw new Error(`'${word}' is not a kind of leftover.`);
  return word === 'willing' ? true : word;
}

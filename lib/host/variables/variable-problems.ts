import { join } from 'node:path';
import type { VariableFlaw } from './variable-files.ts';
import type { Problem } from '../../model/problem.ts';
import { problem } from '../../model/problem.ts';

/** The number of flaws of one reading that are reported one by one. */
const mostReported = 10;

/** Reports the flaws of variables: each flaw once while it persists, not again with each process that starts. */
export class VariableProblems {
  readonly #folder: () => string;
  readonly #onProblem: (problem: Problem) => void;
  /** The flaw that was reported for each variable. */
  #known = new Map<string, string>();

  constructor(folder: () => string, onProblem: (problem: Problem) => void) {
    this.#folder = folder;
    this.#onProblem = onProblem;
  }

  /** Reports the new ones among all present flaws, by the names of the variables. */
  found(flaws: ReadonlyMap<string, VariableFlaw>): void {
    const news = [...flaws].filter(([name, { text }]) => this.#known.get(name) !== text);
    this.#known = new Map([...flaws].map(([name, { text }]) => [name, text]));
    for (const [name, flaw] of news.slice(0, mostReported)) this.#report(name, flaw);
    const more = news.length - mostReported;
    if (more <= 0) return;
    const message = `${String(more)} more variables here are left out or not UTF-8`;
    this.#onProblem(
      problem('variable-left-out', this.#folder(), message, { remedy: 'Look at each file.' }),
    );
  }

  /** Reports that the folder cannot be read. */
  unreadable({ message: why }: Error): void {
    const message = `the variables cannot be read, and those that were read last are used: ${why}`;
    if (this.#known.get('') === message) return;
    this.#known.set('', message);
    const remedy = 'Let the account of the host read the folder.';
    this.#onProblem(problem('variable-left-out', this.#folder(), message, { remedy }));
  }

  /** Reports the present flaw of one variable, if it is new. */
  foundOne(name: string, flaw: VariableFlaw | undefined): void {
    if (flaw === undefined || this.#known.get(name) === flaw.text) return;
    this.#known.set(name, flaw.text);
    this.#report(name, flaw);
  }

  /** @param name - The name of the variable; empty for a flaw of the folder. */
  #report(name: string, { code, text, remedy }: VariableFlaw): void {
    const shown = /^[\x21-\x7e]+$/.test(name) ? name : JSON.stringify(name);
    const message = `${name === '' ? 'the folder' : `the variable ${shown}`} ${text}`;
    this.#onProblem(problem(code, join(this.#folder(), name), message, { remedy }));
  }
}

import { inspect } from 'node:util';
import { OptionsError, TreeError } from '../../errors.ts';
import { didYouMean, nearest } from '../../model/nearest.ts';
import type { Problem, ProblemCode } from '../../model/problem.ts';
import { describeProblem, problemSeverities } from '../../model/problem.ts';
import type { ReadOptions, TreeSource } from './tree-source.ts';
import { readSource, sorted } from './tree-source.ts';

/** How `check()` checks a tree. */
export interface CheckOptions {
  /**
   * Whether the tree has to run on this machine, so that its interpreters and accounts must exist here; an interpreter may also
   * be one of the image that the tree is in. Default: true for a folder, false for a literal.
   */
  readonly host?: boolean;
  /** The profile to check instead of the tree (`cont-profile.d`). Default: none. */
  readonly profile?: string;
  /** The codes of problems that are left out, such as `not-executable`. Default: none. */
  readonly ignore?: readonly ProblemCode[];
}

/**
 * Returns every problem of a tree, errors and warnings, in the order in which the loader finds them. Runs nothing, and does not
 * reject for a problem: `assert.deepEqual(await check('rootfs/etc'), [])` is a complete test.
 *
 * As a string, the result has one line for each problem, and so has the failure of
 * `assert.equal(String(await check('rootfs/etc')), '')`.
 *
 * @throws OptionsError when an option has an invalid value, or `ignore` a code that no problem has.
 */
export async function check(
  source: TreeSource,
  { ignore = [], ...options }: CheckOptions = {},
): Promise<readonly Problem[]> {
  requireCodes(ignore);
  requireOptions(options);
  const ignored: ReadonlySet<string> = new Set(ignore);
  const problems = await problemsOf(source, options);
  return inLines(problems.filter(({ code }) => !ignored.has(code)));
}

async function problemsOf(source: TreeSource, options: ReadOptions): Promise<readonly Problem[]> {
  try {
    const { problems } = await readSource(sorted(source), options);
    return problems;
  } catch (error) {
    if (error instanceof TreeError) return error.problems;
    throw error;
  }
}

/** Gives problems a text, one line for each, without a further field that a comparison would see. */
function inLines(problems: readonly Problem[]): readonly Problem[] {
  const each = problems.map((it) => withText({ ...it }, () => describeProblem(it)));
  return Object.freeze(withText(each, () => problems.map(describeProblem).join('\n')));
}

function withText<T extends object>(it: T, text: () => string): T {
  const hidden = { value: text, enumerable: false };
  return Object.defineProperties(it, { toString: hidden, [inspect.custom]: hidden });
}

function requireCodes(ignore: unknown): void {
  if (!Array.isArray(ignore)) {
    throw new OptionsError(
      "ignore: expected an array of codes of problems, such as ['not-executable']",
    );
  }
  const known = Object.keys(problemSeverities);
  const unknown: readonly unknown[] = ignore.filter((code) => !known.includes(code as string));
  if (unknown.length === 0) return;
  const lines = unknown.map((code) => `\n  ${notKnown('problem has the code', code, known)}`);
  throw new OptionsError(`ignore has codes that do not exist:${lines.join('')}`);
}

function requireOptions(options: object): void {
  const known = ['host', 'profile', 'ignore'];
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new OptionsError(notKnown('option is named', name, known));
  }
}

function notKnown(what: string, value: unknown, known: readonly string[]): string {
  const guess = nearest(value, known);
  const hint = didYouMean(guess);
  return `no ${what} ${inspect(value)}.${hint}`;
}

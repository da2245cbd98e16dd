import type { Problem } from '../model/problem.ts';
import { problem } from '../model/problem.ts';

/** A clean-up of several parts. Each part runs even if another one fails, and what a part throws becomes a problem. */
export class FailureCollector {
  readonly problems: Problem[] = [];
  readonly #path: string;

  /** @param path - The path in the problems. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Runs one part; resolves with `undefined` when it fails. Never rejects. */
  async part<Result>(act: () => Result | Promise<Result>): Promise<Result | undefined> {
    try {
      return await act();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.problems.push(
        problem('clean-up-failed', this.#path, `something may be left: ${why}`, { remedy }),
      );
      return undefined;
    }
  }
}

const remedy = 'Check whether a process or a file is left, and end or remove it.';

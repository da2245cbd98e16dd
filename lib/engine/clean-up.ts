import type { Problem } from '../model/problem.ts';
import { problem } from '../model/problem.ts';

/** A clean-up of several parts: each is done whatever becomes of the others, and what one of them throws is a problem. */
export class FailureCollector {
  readonly problems: Problem[] = [];
  readonly #path: string;

  /** @param path - What the problems are about. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Does one part; `undefined` when it fails. Never rejects. */
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

const remedy = 'See whether a process or a file is left, and end or remove it.';

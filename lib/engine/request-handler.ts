import type { ProgramAnswer, ProgramCall } from '../model/call.ts';
import type { Problem } from '../model/problem.ts';
import type { Tree } from '../model/tree.ts';

/** The port for the requests of scripts: the programs that scripts call send them. */
export interface RequestHandler {
  readonly tree: Tree;
  /** Answers a program. When `signal` aborts, the program no longer waits for the answer. */
  answer(call: ProgramCall, signal?: AbortSignal): Promise<ProgramAnswer>;
  /**
   * Executes the commands of the real `s6-svscanctl`, given as s6's letters; returns how many of the letters are not
   * commands.
   */
  command(letters: string): number;
  /** Reports a problem of a request. */
  onProblem(problem: Problem): void;
}

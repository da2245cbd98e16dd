import type { ProgramAnswer, ProgramCall } from '../model/call.ts';
import type { Problem } from '../model/problem.ts';
import type { Tree } from '../model/tree.ts';

/** What the scripts of a tree reach by the programs that they call. */
export interface RequestHandler {
  readonly tree: Tree;
  /** Answers a program. When `signal` aborts, the program does not wait for the answer any longer. */
  answer(call: ProgramCall, signal?: AbortSignal): Promise<ProgramAnswer>;
  /** Carries out the commands of the real `s6-svscanctl`, in s6's letters; returns how many of them are no command. */
  command(letters: string): number;
  /** Reports a problem of a request. */
  onProblem(problem: Problem): void;
}

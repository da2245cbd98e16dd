/*
 * The rules that decide which service or stage must change next, given the state of the whole tree.
 *
 * An input reaches one service or one script. What follows from it for the others is not decided where the input is
 * handled, but here: each rule looks at the tree and changes one thing if that thing must change. The rules are tried
 * from the top, again and again, until none applies.
 *
 *   loaded → initializing → starting → running → stopping → finishing → ended
 *
 * `target` says how far the host wants to go. Up to `running` the tree goes up towards it; from `stopped` on it goes
 * down from its present phase.
 */
import { startupRules } from './startup-rules.ts';
import { shutdownRules } from './shutdown-rules.ts';
import type { Draft, Rule } from './draft.ts';

/** Applies the rules until none of them changes anything. */
export function settleTree(draft: Draft): void {
  let rounds = 0;
  while (rules.some((rule) => rule(draft))) {
    rounds += 1;
    if (rounds > mostRounds) throw new Error('The rules of the tree do not come to rest.');
  }
}

const rules: readonly Rule[] = [...startupRules, ...shutdownRules];

/** Far more rounds than a step of the largest tree needs; reaching it is a fault in the rules. */
const mostRounds = 100_000;

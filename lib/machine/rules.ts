/*
 * Who must move, given where everyone stands.
 *
 * An input reaches one service or one script. Whatever follows from that for the others is not decided where the input
 * is handled, but here: each rule looks at the whole tree and moves one thing if that thing must move. The rules are
 * tried from the top, again and again, until none has anything to say.
 *
 *   loaded → initializing → starting → running → stopping → finishing → ended
 *
 * `target` says how far the host wants to go. Up to `running` the tree climbs towards it; from `stopped` on it descends
 * from wherever it stands.
 */
import { ascent } from './ascent.ts';
import { descent } from './descent.ts';
import type { Draft, Rule } from './draft.ts';

/** Applies the rules until none has anything left to say. */
export function settleTree(draft: Draft): void {
  let rounds = 0;
  while (rules.some((rule) => rule(draft))) {
    rounds += 1;
    if (rounds > mostRounds) throw new Error('The rules of the tree do not come to rest.');
  }
}

const rules: readonly Rule[] = [...ascent, ...descent];

/** Far more than a step of the largest tree needs; reaching it is a fault in the rules. */
const mostRounds = 100_000;

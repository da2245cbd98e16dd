/*
 * The problems that report the leftovers which had to be killed.
 */
import type { Draft } from './draft.ts';
import { pathOf } from './scripts.ts';
import type { KilledLeftover } from './tree-state.ts';
import { describeLeftover } from '../../model/leftover.ts';

/** Reports one problem for each owner, and one for each daemonized process. */
export function reportLeftovers(draft: Draft, killed: readonly KilledLeftover[]): void {
  const byName = new Map<string, readonly KilledLeftover[]>();
  for (const one of killed) {
    const name = nameOf(one);
    byName.set(name, [...(byName.get(name) ?? []), one]);
  }
  for (const [name, those] of byName) {
    draft.warn('killed', problemPathOf(draft, name, those), messageOf(draft, those));
    draft.killed(name);
  }
}

/** The name of a leftover in a verdict. */
function nameOf({ owner, pid, name }: KilledLeftover): string {
  if (owner === null) return `runaway/${name === '' ? String(pid) : name}`;
  return `${'service' in owner ? owner.service : owner.script}/left-behind`;
}

function problemPathOf(draft: Draft, name: string, [first]: readonly KilledLeftover[]): string {
  const owner = first?.owner ?? null;
  if (owner === null) return name;
  return 'service' in owner ? owner.service : pathOf(draft.state, owner.stage, owner.script);
}

function messageOf(draft: Draft, those: readonly KilledLeftover[]): string {
  const names = those.map(describeLeftover).join(', ');
  const isOne = those.length === 1;
  const origin = those.some(({ owner }) => owner === null)
    ? 'which had left the session that it was started in,'
    : `which ${isOne ? 'was' : 'were'} left behind,`;
  const verb = isOne ? 'has' : 'have';
  return `${names}, ${origin} ${verb} not ended within ${String(draft.killGrace)} ms; ${isOne ? 'it is' : 'they are'} killed`;
}

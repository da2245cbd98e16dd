import type { Effect, Owner } from '../../lib/machine/tree/tree-state.ts';
import type { Change } from '../../lib/model/event.ts';
import type { Exit } from '../../lib/model/exit.ts';
import type { Verdict } from '../../lib/model/verdict.ts';

/** A change on one line: what has changed, how, and the cause in brackets. */
export function changeInWords(change: Change): string {
  return `${said(change)} (${change.cause})`;
}

/** An effect on one line. */
export function effectInWords(effect: Effect): string {
  switch (effect.type) {
    case 'spawn':
      return `spawn ${effect.command.name}`;
    case 'kill': {
      const group = effect.scope === 'group' ? 'the group of ' : '';
      return `${effect.signal} to ${group}${nameOf(effect.owner)}`;
    }
    case 'sweep':
      return `sweep ${sweptBy(effect)} within ${String(effect.grace)}`;
    case 'closePipe':
      return `close the pipe of ${effect.pipe}`;
    case 'openLog':
      return `open the log ${effect.directory}`;
    case 'recordExitCode':
      return `record exit code ${String(effect.exitCode)}${effect.replaces ? '' : ' if none is written'}`;
    case 'shorten':
      return `shorten to ${String(effect.grace)}`;
    case 'prepare':
      return `prepare ${effect.rules.map(({ path }) => path).join(', ')}`;
    case 'copyRoot':
      return `copy ${effect.root}`;
    case 'reread':
      return `reread ${effect.root}`;
    case 'clear':
      return `clear within ${String(effect.grace)}`;
  }
}

function sweptBy({ service, what }: Extract<Effect, { type: 'sweep' }>): string {
  if (what === 'everything') return what;
  return what === 'writers' ? `the writers of ${service}` : service;
}

/** A verdict on one line. */
export function verdictInWords({ reason, exitCode, killed, ...more }: Verdict): string {
  const by = more.service ?? more.script ?? more.signal;
  const whose = by === undefined ? '' : ` by ${by}`;
  const dead = killed.length === 0 ? '' : `, killed ${killed.join(', ')}`;
  return `exit code ${String(exitCode)}, ${reason}${whose}${dead}`;
}

function said(change: Change): string {
  switch (change.type) {
    case 'phase':
      return `phase: ${change.from} → ${change.to}`;
    case 'stage':
      return `stage ${change.stage}: ${change.status}`;
    case 'script': {
      const took = change.duration === undefined ? '' : ` after ${String(change.duration)} ms`;
      return `${change.script}: ${change.status}${details(change)}${took}`;
    }
    case 'service':
      return `${change.service}: ${change.from} → ${change.to}${details(change)}`;
    case 'ready':
      return `${change.service}: ready after ${String(change.duration)} ms`;
    case 'output':
      return `${change.source}: printed '${change.line}'`;
    case 'tree':
      return `tree:${listed('+', change.added)}${listed('-', change.removed)}${listed('~', change.changed)}`;
    case 'problem':
      return `problem ${change.problem.code}: ${change.problem.path}: ${change.problem.message}`;
  }
}

function details({ pid, exit }: { readonly pid?: number; readonly exit?: Exit }): string {
  const parts = [
    ...(exit === undefined ? [] : [exit.signal ?? `code ${String(exit.code)}`]),
    ...(pid === undefined ? [] : [`pid ${String(pid)}`]),
  ];
  return parts.length === 0 ? '' : `, ${parts.join(', ')}`;
}

function listed(mark: string, names: readonly string[]): string {
  return names.map((name) => ` ${mark}${name}`).join('');
}

function nameOf(owner: Owner): string {
  return 'service' in owner ? owner.service : owner.script;
}

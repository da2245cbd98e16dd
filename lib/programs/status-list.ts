import { exitCodeOf, parseSignal, signalNumber } from '../model/exit.ts';
import type { Exit } from '../model/exit.ts';

/** Which ends of a process are meant. */
export type Matches = (exit: Exit) => boolean;

/**
 * Reads a list of ends as `s6-permafailon` takes it: exit codes, ranges of them and signals, with `,` `;` or white space in
 * between. An end by signal n is also one with code 128 + n. What is wrong with the list is returned in s6's words.
 */
export function statusList(text: string): Matches | { readonly flaw: string } {
  const codes = new Set<number>();
  const signals = new Set<number>();
  for (let rest = text; rest !== '';) {
    const [taken, from, dash, to, name] = item.exec(rest) as unknown as Item;
    const flaw =
      from === undefined ? addSignal(signals, name ?? '') : addCodes(codes, from, dash, to);
    if (flaw !== undefined) return { flaw };
    rest = rest.slice(taken.length);
  }
  return (exit) =>
    codes.has(exitCodeOf(exit)) || (exit.signal !== null && signals.has(signalNumber(exit.signal)));
}

/** A code, or two and a dash, or whatever else there is, and what follows it. It matches always. */
const item = /^(?:(\d+)(?:(-)(\d*))?|([^,; \n\r\t]*))[,; \n\r\t]*/;

type Item = readonly [string, ...(readonly (string | undefined)[])];

function addCodes(
  codes: Set<number>,
  first: string,
  dash: string | undefined,
  last: string | undefined,
): string | undefined {
  const from = Number(first);
  if (from > 255) return 'invalid exit code';
  if (dash !== undefined && last === '') return 'invalid interval specification';
  const to = Number(last ?? first);
  if (to > 255) return 'invalid exit code';
  if (to < from) return 'invalid interval';
  for (let code = from; code <= to; code += 1) codes.add(code);
  return undefined;
}

function addSignal(signals: Set<number>, name: string): string | undefined {
  const number = signalOf(name);
  if (number === undefined) return 'invalid status list specification';
  if (number < 1 || number > 64 || number === 32 || number === 33) return 'invalid signal';
  signals.add(number);
  return undefined;
}

/** `SIGTERM`, `term`, `SIG15`; digits alone have been taken for a code. */
function signalOf(name: string): number | undefined {
  const bare = name.toUpperCase().replace(/^SIG/, '');
  if (/^\d+$/.test(bare)) return Number(bare);
  const signal = parseSignal(name);
  return signal === undefined ? undefined : signalNumber(signal);
}

import { exitCodeOf, parseSignal, signalNumber } from '../model/exit.ts';
import type { Exit } from '../model/exit.ts';

/** Whether an end of a process is on the list. */
export type Matches = (exit: Exit) => boolean;

/**
 * Reads a list of ends in the format of `s6-permafailon`: exit codes, ranges of them and signals, separated by `,` `;`
 * or white space. An end by signal n also matches code 128 + n. An error in the list is returned in s6's words.
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

/** A code, or two with a dash, or any other text, and the separators after it. It always matches. */
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

/** `SIGTERM`, `term`, `SIG15`; digits alone have already been read as a code. */
function signalOf(name: string): number | undefined {
  const bare = name.toUpperCase().replace(/^SIG/, '');
  if (/^\d+$/.test(bare)) return Number(bare);
  const signal = parseSignal(name);
  return signal === undefined ? undefined : signalNumber(signal);
}

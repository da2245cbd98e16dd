import { isAbsolute, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ProgramAnswer, ProgramCall, ProgramReply } from '../model/call.ts';
import type { Supervised } from './supervised.ts';
import { signalNumber } from '../model/exit.ts';
import { didYouMean, nearest } from '../model/nearest.ts';

/** A program's own error message, with the exit code that s6 uses for it. */
export function dies(exitCode: number, { program }: ProgramCall, message: string): ProgramReply {
  return { exitCode, stderr: `${program}: fatal: ${message}` };
}

/** The answer of a program to wrong usage. */
export function misuse({ program }: ProgramCall, usage: string): ProgramReply {
  return { exitCode: codes.usage, stderr: `${program}: usage: ${usage}` };
}

/** The exit codes of s6's programs. */
export const codes = {
  notThere: 1,
  timedOut: 99,
  usage: 100,
  system: 111,
  neverAgain: 125,
} as const;

/** An option as it stands in a call: its letter, and its value. */
export interface Option {
  readonly letter: string;
  readonly value: string | undefined;
}

/** The options of a program: letters without a value, and letters with one. */
export interface Syntax {
  readonly usage: string;
  readonly flags: string;
  readonly valued: string;
  /** How many operands there must be. */
  readonly operands: { readonly least: number; readonly most: number };
}

/** A parsed command line: options in their order, then operands. */
export interface CommandLine {
  readonly options: readonly Option[];
  readonly operands: readonly string[];
}

/** Parses the command line of a call; an invalid one is answered with the usage. */
export function takeApart(call: ProgramCall, syntax: Syntax): CommandLine | ProgramReply {
  const wrong = misuse(call, syntax.usage);
  try {
    const { tokens } = parseArgs({
      args: [...call.args],
      options: { ...declared(syntax.flags, 'boolean'), ...declared(syntax.valued, 'string') },
      allowPositionals: true,
      tokens: true,
    });
    const options = tokens.flatMap((token) =>
      token.kind === 'option' ? [{ letter: token.name, value: token.value }] : [],
    );
    const operands = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []));
    const { least, most } = syntax.operands;
    return operands.length < least || operands.length > most ? wrong : { options, operands };
  } catch {
    return wrong;
  }
}

function declared<Type extends 'boolean' | 'string'>(letters: string, type: Type) {
  const entries = letters.split('').map((letter) => [letter, { type, short: letter }] as const);
  return Object.fromEntries(entries) as Record<string, { type: Type; short: string }>;
}

/** A number of milliseconds; `undefined` if the text is no number. */
export function millisecondsOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** A number as s6 accepts it, of 32 bits at most; `undefined` if the text is no such number. */
export function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  const number = Number(text);
  return number < 2 ** 32 ? number : undefined;
}

/** A signal as s6 prints it. */
export function signalWord(signal: NodeJS.Signals, asNumber: boolean): string {
  if (asNumber) return String(signalNumber(signal));
  return signal === 'SIGIO' ? 'SIGPOLL' : signal;
}

/** The absolute path that an operand names. */
export function pathOf(operand: string, { directory }: ProgramCall): string {
  return isAbsolute(operand) ? operand : join(directory, operand);
}

/**
 * The service that an operand names by its directory, or an answer if there is none. Its control files are read again:
 * s6 reads each when it is used.
 */
export function serviceOf(
  operand: string,
  call: ProgramCall,
  supervised: Supervised,
): { readonly service: string } | ProgramAnswer {
  const { state, places } = supervised;
  const service = places.serviceAt(pathOf(operand, call));
  if (service === undefined) return 'elsewhere';
  if (state.units.has(service)) {
    supervised.input({ type: 'refreshSpec', service });
    return { service };
  }
  const guess = nearest(service, [...state.units.keys()]);
  const hint = didYouMean(guess);
  return dies(codes.system, call, `there is no service '${service}'.${hint}`);
}

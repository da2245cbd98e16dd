import type { ProgramAnswer, ProgramCall } from '../model/call.ts';
import type { Supervised } from './supervised.ts';
import type { Letter } from './waiting.ts';
import { waitFor } from './waiting.ts';
import { codes, dies, millisecondsOf, serviceOf, takeApart } from './words.ts';

const syntax = {
  usage: 's6-svwait [ -U | -u | -d | -D | -r | -R ] [ -a | -o ] [ -t timeout ] servicedir...',
  flags: 'UudDrRao',
  valued: 't',
  operands: { least: 1, most: Infinity },
};

/** `s6-svwait`: waits for services to come up or go down. */
export async function svwait(call: ProgramCall, supervised: Supervised): Promise<ProgramAnswer> {
  const line = takeApart(call, syntax);
  if ('exitCode' in line) return line;
  // Each is looked up once, however often it is named: that reads its control files.
  const byOperand = new Map<string, string>();
  for (const operand of new Set(line.operands)) {
    const found = serviceOf(operand, call, supervised);
    if (found === 'elsewhere' || 'exitCode' in found) return found;
    byOperand.set(operand, found.service);
  }
  const services = line.operands.flatMap((operand) => byOperand.get(operand) ?? []);
  const last = (which: string): string | undefined =>
    line.options.findLast(({ letter }) => which.includes(letter))?.letter;
  const timeout = millisecondsOf(
    line.options.findLast(({ letter }) => letter === 't')?.value ?? '0',
  );
  if (timeout === undefined) return dies(codes.usage, call, `usage: ${syntax.usage}`);
  const letter = (last('UudDrR') ?? 'u') as Letter;
  const wait = { letter, services, any: last('ao') === 'o', timeout, signal: call.signal };
  const exitCode = await waitFor(wait, supervised);
  if (exitCode === codes.timedOut) return dies(exitCode, call, 'timed out');
  return { exitCode };
}

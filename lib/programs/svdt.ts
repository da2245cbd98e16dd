import type { ProgramAnswer, ProgramCall } from '../model/call.ts';
import type { Supervised } from './supervised.ts';
import { tai64n } from './tai64n.ts';
import { misuse, numberOf, serviceOf, signalWord, takeApart } from './words.ts';
import type { TallyEntry } from '../machine/service/service-state.ts';

const syntax = {
  usage: 's6-svdt [ -S | -s ] [ -n maxentries ] servicedir',
  flags: 'Ss',
  valued: 'n',
  operands: { least: 1, most: Infinity },
};

/** `s6-svdt`: how the latest runs of a service ended, a line for each, the latest one last. */
export function svdt(call: ProgramCall, supervised: Supervised): ProgramAnswer {
  const line = takeApart(call, syntax);
  if ('exitCode' in line) return line;
  const wanted = line.options.findLast(({ letter }) => letter === 'n')?.value ?? '4096';
  const most = numberOf(wanted);
  if (most === undefined) return misuse(call, syntax.usage);
  const found = serviceOf(line.operands[0] ?? '', call, supervised);
  if (found === 'elsewhere' || 'exitCode' in found) return found;
  const asNumber = line.options.findLast(({ letter }) => letter !== 'n')?.letter === 's';
  const tally = supervised.state.units.get(found.service)?.state.tally ?? [];
  const lines = tally
    .slice(-most)
    .map(({ at, exit }) => lineOf({ at: supervised.timeOfDay(at), exit }, asNumber));
  return most === 0 || lines.length === 0
    ? { exitCode: 0 }
    : { exitCode: 0, stdout: lines.join('\n') };
}

function lineOf({ at, exit }: TallyEntry, asNumber: boolean): string {
  const how =
    exit.signal === null
      ? `exitcode ${String(exit.code)}`
      : `signal ${signalWord(exit.signal, asNumber)}`;
  return `${tai64n(at)} ${how}`;
}

/** `s6-svdt-clear`: clears these entries. It has no options. */
export function svdtClear(call: ProgramCall, supervised: Supervised): ProgramAnswer {
  const [operand] = call.args;
  if (operand === undefined) return misuse(call, 's6-svdt-clear servicedir');
  const found = serviceOf(operand, call, supervised);
  if (found === 'elsewhere' || 'exitCode' in found) return found;
  supervised.input({ type: 'service', service: found.service, input: { type: 'forget' } });
  return { exitCode: 0 };
}

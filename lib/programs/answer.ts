/*
 * The programs by which s6's users control their supervisor, answered by this supervisor with the same options, exit
 * codes and output.
 */
import type { ProgramAnswer, ProgramCall } from '../model/call.ts';
import type { Supervised } from './supervised.ts';
import { permafailon } from './permafailon.ts';
import { svc } from './svc.ts';
import { svdt, svdtClear } from './svdt.ts';
import { requested, svscanctl } from './svscanctl.ts';
import { svstat } from './svstat.ts';
import { svwait } from './svwait.ts';
import { codes, dies, serviceOf, takeApart } from './words.ts';

/** Answers a call. */
export async function answer(call: ProgramCall, supervised: Supervised): Promise<ProgramAnswer> {
  const program = Object.hasOwn(programs, call.program) ? programs[call.program] : undefined;
  if (program === undefined) return dies(codes.usage, call, 'this program is not known here');
  try {
    return await program(call, supervised);
  } catch (error) {
    return dies(codes.system, call, (error as Error).message);
  }
}

type Program = (
  call: ProgramCall,
  supervised: Supervised,
) => ProgramAnswer | Promise<ProgramAnswer>;

const programs: Readonly<Record<string, Program>> = {
  's6-permafailon': permafailon,
  's6-svc': svc,
  's6-svdt': svdt,
  's6-svdt-clear': svdtClear,
  's6-svscanctl': svscanctl,
  's6-svstat': svstat,
  's6-svwait': svwait,
  's6-svok': svok,
  halt,
  poweroff: halt,
  reboot: halt,
};

/** `s6-svok`: whether a directory is that of a service here. */
function svok(call: ProgramCall, supervised: Supervised): ProgramAnswer {
  const line = takeApart(call, {
    usage: 's6-svok servicedir',
    flags: '',
    valued: '',
    operands: { least: 1, most: 1 },
  });
  if ('exitCode' in line) return line;
  const found = serviceOf(line.operands[0] ?? '', call, supervised);
  if (found === 'elsewhere') return found;
  return { exitCode: 'exitCode' in found ? codes.notThere : 0 };
}

/** `halt` of s6-overlay v3, and the related programs, which end a container in the same way. */
function halt({ directory }: ProgramCall, supervised: Supervised): ProgramAnswer {
  supervised.input({ type: 'end', ending: requested(supervised, directory) });
  return { exitCode: 0 };
}

import type { ProgramAnswer, ProgramCall } from '../model/call.ts';
import type { Supervised } from './supervised.ts';
import { pathOf, takeApart } from './words.ts';
import type { Ending } from '../model/verdict.ts';

const syntax = {
  usage: 's6-svscanctl [ -zabhitqnN ] svscandir',
  flags: 'zabhitqnNprs0678',
  valued: '',
  operands: { least: 1, most: 1 },
};

/** `s6-svscanctl`: commands to the whole supervisor. */
export function svscanctl(call: ProgramCall, supervised: Supervised): ProgramAnswer {
  const line = takeApart(call, syntax);
  if ('exitCode' in line) return line;
  if (!supervised.places.isScanDirectory(pathOf(line.operands[0] ?? '', call))) return 'elsewhere';
  const letters = line.options.map(({ letter }) => letter).join('');
  commandAll(letters, supervised, call.directory);
  return { exitCode: 0 };
}

/**
 * Commands to the whole supervisor, in the letters of s6-svscan: `a` `h` `n` `N` read `services.d` again; `t` `i` `q`
 * `b` request the end, and so do `0` `6` `7` `8` of s6 up to 2.9, which also chose between halt, reboot and poweroff.
 * `p` `r` `s` made that choice for a later end; they have no effect, since there is one kind of end here, and neither has `z`.
 *
 * @param directory - The working directory of the caller.
 * @returns The number of letters that are none of these. They do nothing; s6-svscan warns of them.
 */
export function commandAll(letters: string, supervised: Supervised, directory?: string): number {
  if (/[ahnN]/.test(letters)) void supervised.rescan().catch(() => undefined);
  if (/[tiqb0678]/.test(letters))
    supervised.input({ type: 'end', ending: requested(supervised, directory) });
  return letters.replace(/[zabhitqnNprs0678]/g, '').length;
}

/** The end that a script requests, with the name of the script or service as far as its working directory tells. */
export function requested({ state, places }: Supervised, directory?: string): Ending {
  const ending: Ending = { reason: 'requested', exitCode: 0 };
  if (directory === undefined) return ending;
  const service = places.serviceAt(directory);
  if (service !== undefined && state.units.has(service)) return { ...ending, service };
  const script = (state.init.running ?? state.command.running)?.script;
  return script === undefined ? ending : { ...ending, script };
}

import type { ProgramAnswer, ProgramCall } from '../model/call.ts';
import type { Supervised } from './supervised.ts';
import { statusList } from './status-list.ts';
import { codes, dies, misuse, numberOf } from './words.ts';
import type { Exit } from '../model/exit.ts';
import { signalNumber } from '../model/exit.ts';

const usage = 's6-permafailon seconds deathcount statuslist prog...';

/** The largest number of ends that s6 keeps. */
const longest = 4096;

/**
 * `s6-permafailon`, called in the directory of a service: whether the service has ended too often in a way that is on
 * the list. If not, the exit code is 0, and the caller is to run `prog`.
 */
export function permafailon(call: ProgramCall, supervised: Supervised): ProgramAnswer {
  const { program, args, directory } = call;
  const service = supervised.places.serviceAt(directory);
  if (service === undefined) return 'elsewhere';
  const [seconds, least = 0, list] = [numberOf(args[0]), numberOf(args[1]), args[2]];
  if (seconds === undefined || least === 0 || list === undefined) return misuse(call, usage);
  const matches = statusList(list);
  if ('flaw' in matches) return dies(codes.usage, call, matches.flaw);
  const unit = supervised.state.units.get(service);
  if (unit === undefined) {
    return { exitCode: 0, stderr: `${program}: warning: there is no service '${service}'` };
  }
  const since = supervised.now - seconds * 1000;
  const found = unit.state.tally.filter(({ at, exit }) => at >= since && matches(exit));
  const enough = Math.min(least, longest);
  const decisive = found[enough - 1];
  if (decisive === undefined) return { exitCode: 0 };
  const how = `${String(enough)} events involving ${inWords(decisive.exit)}`;
  const stderr = `${program}: info: PERMANENT FAILURE triggered after ${how} in the last ${String(seconds)} seconds`;
  return { exitCode: codes.neverAgain, stderr };
}

function inWords({ code, signal }: Exit): string {
  return signal === null ? `exit code ${String(code)}` : `signal ${String(signalNumber(signal))}`;
}

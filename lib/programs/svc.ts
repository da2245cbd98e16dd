import type { ProgramAnswer, ProgramCall } from '../model/call.ts';
import type { Supervised } from './supervised.ts';
import type { Letter } from './waiting.ts';
import { isLetter, waitFor } from './waiting.ts';
import type { CommandLine } from './words.ts';
import { codes, dies, millisecondsOf, serviceOf, takeApart } from './words.ts';
import type { LifecycleInput } from '../machine/service/service-state.ts';
import type { Unit } from '../machine/tree/unit-map.ts';

const syntax = {
  usage:
    's6-svc [ -wu | -wU | -wd | -wD | -wr | -wR ] [ -T timeout ] [ -abqhkti12pcyroduDUOQ ] servicedir',
  flags: 'abqhkti12pcyroduDUOQ',
  valued: 'wT',
  operands: { least: 1, most: 1 },
};

/** The signals by their letters. */
const signals: Readonly<Record<string, NodeJS.Signals>> = {
  a: 'SIGALRM',
  b: 'SIGABRT',
  q: 'SIGQUIT',
  h: 'SIGHUP',
  k: 'SIGKILL',
  t: 'SIGTERM',
  i: 'SIGINT',
  1: 'SIGUSR1',
  2: 'SIGUSR2',
  p: 'SIGSTOP',
  c: 'SIGCONT',
  y: 'SIGWINCH',
};

/** `s6-svc`: commands to one service, executed in their order; `-w` waits for the result. */
export async function svc(call: ProgramCall, supervised: Supervised): Promise<ProgramAnswer> {
  const line = takeApart(call, syntax);
  if ('exitCode' in line) return line;
  const found = serviceOf(line.operands[0] ?? '', call, supervised);
  if (found === 'elsewhere' || 'exitCode' in found) return found;
  const wish = wishOf(line, call);
  if (wish === undefined) return dies(codes.usage, call, `usage: ${syntax.usage}`);
  const { service } = found;
  const waiting = waitForWish(wish, service, supervised);
  for (const { letter } of line.options) command(letter, service, supervised);
  const exitCode = await waiting;
  if (exitCode === 0) return { exitCode };
  const why = exitCode === codes.timedOut ? 'timed out' : 'it fails for good';
  return dies(exitCode, call, `${service}: ${why}`);
}

/** The state to wait for, and the timeout in milliseconds (0: no limit). */
interface Wish {
  readonly letter: Letter | undefined;
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

/** The meaning of `-w` and `-T`; `undefined` when they are invalid. */
function wishOf({ options }: CommandLine, { signal }: ProgramCall): Wish | undefined {
  const wanted = options.findLast(({ letter }) => letter === 'w')?.value;
  const timeout = millisecondsOf(options.findLast(({ letter }) => letter === 'T')?.value ?? '0');
  if (timeout === undefined || (wanted !== undefined && !isLetter(wanted))) return undefined;
  return { letter: wanted, timeout, signal };
}

function waitForWish(
  { letter, timeout, signal }: Wish,
  service: string,
  supervised: Supervised,
): Promise<number> {
  if (letter === undefined) return Promise.resolve(0);
  const reachable = degraded(letter, service, supervised);
  const wait = { letter: reachable, services: [service], any: false, timeout, signal };
  return waitFor(wait, supervised);
}

/** For a service that never announces its readiness, the wait ends when it is up (s6). */
function degraded(letter: Letter, service: string, { state }: Supervised): Letter {
  if (state.units.get(service)?.spec.notificationFd !== undefined) return letter;
  return letter === 'U' ? 'u' : letter === 'R' ? 'r' : letter;
}

function command(letter: string, service: string, supervised: Supervised): void {
  const { state, places } = supervised;
  const unit = state.units.get(service);
  if (unit === undefined) return;
  if ('DQ'.includes(letter)) places.setDown(service, true);
  if (letter === 'U') places.setDown(service, false);
  for (const input of inputsOf(letter, unit)) supervised.input({ type: 'service', service, input });
}

function inputsOf(letter: string, { spec, state }: Unit): readonly LifecycleInput[] {
  const signal = signals[letter];
  if (signal !== undefined) return [{ type: 'signal', signal }];
  switch (letter) {
    case 'u':
    case 'U':
      return [{ type: 'start' }];
    case 'd':
    case 'D':
      return [{ type: 'stop' }];
    case 'o':
      return [{ type: 'once' }];
    case 'O':
    case 'Q':
      return atMostOnce(state.status);
    case 'r':
      return [
        { type: 'signal', signal: spec.downSignal },
        { type: 'signal', signal: 'SIGCONT' },
      ];
    default:
      return [];
  }
}

/** The service is not started again; one that is down stays down. */
function atMostOnce(status: Unit['state']['status']): readonly LifecycleInput[] {
  if (status === 'down' || status === 'failed') return [];
  return [{ type: status === 'backoff' ? 'stop' : 'once' }];
}

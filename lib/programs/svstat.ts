import type { ProgramAnswer, ProgramCall } from '../model/call.ts';
import type { Supervised } from './supervised.ts';
import { tai64n } from './tai64n.ts';
import { codes, dies, serviceOf, signalWord, takeApart } from './words.ts';
import { isReady } from '../machine/service/lifecycle.ts';
import type { Run } from '../machine/service/service-state.ts';
import type { Unit } from '../machine/tree/unit-map.ts';
import { signalNumber } from '../model/exit.ts';

const fieldNames =
  'up,wantedup,normallyup,ready,paused,pid,exitcode,signal,signum,updownsince,readysince,updownfor,readyfor';

const syntax = {
  usage: `s6-svstat [ -uwNrpest | -o ${fieldNames} ] [ -n ] servicedir`,
  flags: 'nuwNrpest',
  valued: 'o',
  operands: { least: 1, most: 1 },
};

/** The fields by their letters. */
const letters: Readonly<Record<string, string>> = {
  u: 'up',
  w: 'wantedup',
  N: 'normallyup',
  r: 'ready',
  p: 'pid',
  e: 'exitcode',
  s: 'signal',
  t: 'updownfor',
};

/** `s6-svstat`: the state of a service, on one line. */
export function svstat(call: ProgramCall, supervised: Supervised): ProgramAnswer {
  const line = takeApart(call, syntax);
  if ('exitCode' in line) return line;
  const found = serviceOf(line.operands[0] ?? '', call, supervised);
  if (found === 'elsewhere') return found;
  if ('exitCode' in found) return { ...found, exitCode: codes.notThere };
  const standing = standingOf(found.service, supervised);
  const names = line.options.flatMap(({ letter, value }) =>
    letter === 'n' ? [] : (value?.split(',') ?? [letters[letter] ?? '']),
  );
  const unknown = names.find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined) return dies(codes.usage, call, `invalid option field: ${unknown}`);
  const asNumber = line.options.some(({ letter }) => letter === 'n');
  const stdout =
    names.length === 0
      ? inWords(standing, asNumber)
      : names.map((name) => String(fields[name]?.(standing))).join(' ');
  return { exitCode: 0, stdout };
}

/** The state of a service, in s6's terms. Moments are those of the state. */
interface Standing extends Pick<Supervised, 'now' | 'timeOfDay'> {
  readonly run: Run | undefined;
  readonly isWanted: boolean;
  readonly isNormallyUp: boolean;
  readonly isPaused: boolean;
  readonly exit: Unit['state']['lastExit'];
  readonly since: number;
  /** Since when it is ready: up and announced, or down with its finish script ended. */
  readonly readySince: number | undefined;
}

function standingOf(service: string, supervised: Supervised): Standing {
  const { state: whole, now, places } = supervised;
  const { spec, state } = whole.units.get(service) as Unit;
  const run = 'run' in state ? state.run : undefined;
  const isSettled = run === undefined && state.status !== 'finishing';
  const announced = isReady(state) ? (run?.readyAt ?? undefined) : undefined;
  return {
    now,
    timeOfDay: (moment) => supervised.timeOfDay(moment),
    run,
    isWanted: state.goal === 'up',
    isNormallyUp: !spec.down,
    isPaused: run !== undefined && places.isStopped(run.pid),
    exit: run === undefined ? state.lastExit : null,
    since: run?.startedAt ?? state.since,
    readySince: isSettled ? state.since : announced,
  };
}

const fields: Readonly<Record<string, (standing: Standing) => string | number | boolean>> = {
  up: ({ run }) => run !== undefined,
  wantedup: ({ isWanted }) => isWanted,
  normallyup: ({ isNormallyUp }) => isNormallyUp,
  ready: ({ readySince }) => readySince !== undefined,
  paused: ({ isPaused }) => isPaused,
  pid: ({ run }) => run?.pid ?? -1,
  exitcode: ({ run, exit }) => (run === undefined ? (exit === null ? 0 : (exit.code ?? -1)) : -1),
  signal: ({ exit }) => (exit?.signal == null ? 'NA' : signalWord(exit.signal, false)),
  signum: ({ exit }) => (exit?.signal == null ? -1 : signalNumber(exit.signal)),
  updownsince: ({ since, timeOfDay }) => tai64n(timeOfDay(since)),
  readysince: ({ readySince, since, timeOfDay }) => tai64n(timeOfDay(readySince ?? since)),
  updownfor: ({ since, now }) => seconds(since, now),
  readyfor: ({ readySince, since, now }) => seconds(readySince ?? since, now),
};

function inWords(standing: Standing, asNumber: boolean): string {
  const { run, since, readySince, now } = standing;
  const what =
    run === undefined ? `down (${lastEnd(standing, asNumber)})` : `up (pid ${String(run.pid)})`;
  const ready = readySince === undefined ? [] : [`ready ${seconds(readySince, now)} seconds`];
  return [`${what} ${seconds(since, now)} seconds`, ...remarks(standing), ...ready].join(', ');
}

function lastEnd({ exit }: Standing, asNumber: boolean): string {
  if (exit?.signal == null) return `exitcode ${String(exit?.code ?? 0)}`;
  return `signal ${signalWord(exit.signal, asNumber)}`;
}

/** The differences between the state and the expected one. */
function remarks({ run, isNormallyUp, isPaused, isWanted }: Standing): readonly string[] {
  if (run === undefined) {
    return [...(isNormallyUp ? ['normally up'] : []), ...(isWanted ? ['want up'] : [])];
  }
  return [
    ...(isNormallyUp ? [] : ['normally down']),
    ...(isPaused ? ['paused'] : []),
    ...(isWanted ? [] : ['want down']),
  ];
}

function seconds(since: number, now: number): string {
  return String(Math.max(0, Math.floor((now - since) / 1000)));
}

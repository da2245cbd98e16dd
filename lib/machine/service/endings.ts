/*
 * The cells of the service table (lifecycle.ts) for the end of a run: its finish script, and what follows it.
 */
import { exhausted, restartAt, withDeath } from './backoff.ts';
import { finishCommand } from './commands.ts';
import { deathsInRow } from './crash-loop.ts';
import { startRun, setGoalDrain } from './coming-up.ts';
import { setGoalDown } from './going-down.ts';
import type {
  EndedRun,
  ServiceStateIn,
  Memory,
  LifecycleInputOf,
  ServiceEffect,
  ServiceState,
  ServiceSetting,
  ServiceStep,
} from './service-state.ts';
import {
  deadlineAfter,
  limitFrom,
  finishDeadlineOf,
  killAgainAfter,
  finishDeadlineFrom,
  earlier,
} from './timeouts.ts';
import {
  downAsEnded,
  failed,
  downAsAsked,
  memory,
  withEffectsFirst,
  withoutEffects,
} from './steps.ts';
import { isSuccess } from '../../model/exit.ts';

/** The exit code of a finish script that forbids another start (s6). */
const neverAgain = 125;

export function setGoalDownInFinish(
  state: ServiceStateIn<'finishing'>,
  input: LifecycleInputOf<'stop'>,
  setting: ServiceSetting,
): ServiceStep {
  const deadline = earlier(state.deadline, finishDeadlineOf(input, state));
  return setGoalDown({ ...state, deadline }, input, setting);
}

export function setGoalDrainInFinish(
  state: ServiceStateIn<'finishing'>,
  input: LifecycleInputOf<'drain'>,
): ServiceStep {
  return setGoalDrain({ ...state, deadline: earlier(state.deadline, input.finishDeadline) }, input);
}

export function restartAfterFinish(state: ServiceStateIn<'finishing'>): ServiceStep {
  return withoutEffects({ ...state, goal: 'up', ended: { ...state.ended, restart: true } });
}

/** Records the end of `run`, then starts `finish`. */
export function toFinishing(
  state: ServiceStateIn<'up' | 'stopping'>,
  input: LifecycleInputOf<'exited'>,
  setting: ServiceSetting,
): ServiceStep {
  const { spec, output, catchAll, now } = setting;
  const death = state.status === 'up';
  const ended: EndedRun = {
    run: state.run,
    exit: input.exit,
    death,
    restart: state.status === 'stopping' && state.restart,
  };
  const recorded = recordExit(state, ended, setting);
  const sweep: readonly ServiceEffect[] = death ? [] : [{ type: 'sweep' }];
  if (spec.finish === undefined) {
    const next = afterRun(recorded, ended, setting);
    return recorded.goal === 'down' ? next : withEffectsFirst(sweep, next);
  }
  const command = finishCommand(spec, spec.finish, ended, output, catchAll);
  const own = deadlineAfter(spec.finishTimeout, now);
  const deadline = earlier(
    earlier(own, finishDeadlineFrom(recorded.finishDeadline, now)),
    limitFrom(setting.stopLimit, now),
  );
  return {
    state: { ...recorded, since: now, status: 'finishing', ended, kills: 0, deadline },
    effects: [...sweep, { type: 'spawn', role: 'finish', command }],
  };
}

function recordExit(state: ServiceState, ended: EndedRun, { spec, now }: ServiceSetting): Memory {
  // As in s6, 0 records nothing, and leaves the entries that exist.
  const most = spec.maxDeathTally;
  const entry = { at: now, exit: ended.exit };
  const tally = most === 0 ? state.tally : [...state.tally, entry].slice(-most);
  const known = {
    ...memory(state),
    lastExit: ended.exit,
    tally,
    deathsInRow: deathsInRow(state, ended, spec, now),
  };
  if (!ended.death) return { ...known, consecutiveDeaths: 0 };
  const steady = now - ended.run.startedAt >= (spec.backoff?.reset ?? Infinity);
  return {
    ...known,
    deaths: state.deaths + 1,
    recentDeaths: withDeath(spec.backoff, state.recentDeaths, now),
    consecutiveDeaths: steady ? 1 : state.consecutiveDeaths + 1,
  };
}

export function clearTally<S extends ServiceState>(state: S): ServiceStep {
  return withoutEffects({ ...state, tally: [] });
}

export function killFinish(
  state: ServiceStateIn<'finishing'>,
  _input: unknown,
  { now }: ServiceSetting,
): ServiceStep {
  return {
    state: { ...state, kills: state.kills + 1, deadline: now + killAgainAfter },
    effects: [
      { type: 'kill', signal: 'SIGCONT', scope: 'group' },
      { type: 'kill', signal: 'SIGKILL', scope: 'group' },
    ],
  };
}

/** Sends KILL to a finish script of which the deadline passed before its process existed. */
export function killLateFinish(state: ServiceStateIn<'finishing'>): ServiceStep {
  if (state.kills === 0) return withoutEffects(state);
  return { state, effects: [{ type: 'kill', signal: 'SIGKILL', scope: 'group' }] };
}

/** `finish` has exited, or could not be run; the second counts as if the service had no finish script. */
export function afterFinish(
  state: ServiceStateIn<'finishing'>,
  input: LifecycleInputOf<'exited' | 'unspawnable'>,
  setting: ServiceSetting,
): ServiceStep {
  const saysNeverAgain = input.type === 'exited' && input.exit.code === neverAgain;
  if (saysNeverAgain && state.goal !== 'down')
    return withoutEffects(failed(state, 'finish', setting.now));
  return afterRun(state, state.ended, setting);
}

/** What follows a run and its finish script. */
function afterRun(known: Memory, ended: EndedRun, setting: ServiceSetting): ServiceStep {
  const { spec, now } = setting;
  if (known.goal === 'down') return downAsAsked(known, now);
  if (known.goal === 'drain') return startRun(known, 'drain', setting);
  if (known.goal === 'once') return withoutEffects(downAsEnded(known, now));
  if (ended.restart) return startRun(known, 'up', setting);
  if (ended.death && spec.restart !== 'always') {
    if (isSuccess(ended.exit)) return withoutEffects(downAsEnded(known, now));
    if (spec.restart === 'never') return withoutEffects(failed(known, 'policy', now));
  }
  if (ended.death && exhausted(spec.backoff, known.recentDeaths, now)) {
    return withoutEffects(failed(known, 'limit', now));
  }
  const deadline = restartAt(spec.backoff, ended.run.readyAt, known.consecutiveDeaths, now);
  return withoutEffects({
    ...memory(known),
    since: now,
    status: 'backoff',
    why: 'death',
    deadline,
  });
}

/*
 * The cells of the service table (longrun.ts) for the end of a run: its finish script, and what follows it.
 */
import { exhausted, restartAt } from './backoff.ts';
import { finishCommand } from './commands.ts';
import { begin, wantDrained } from './coming-up.ts';
import { unwant } from './going-down.ts';
import type {
  EndedRun,
  In,
  Memory,
  Of,
  ServiceEffect,
  ServiceState,
  Setting,
  Step,
} from './service-state.ts';
import { after, at, finishByOf, killAgainAfter, lateFinish, sooner } from './timeouts.ts';
import { end, fail, lieDown, memory, preceded, stay } from './steps.ts';
import { isSuccess } from '../../model/exit.ts';

/** The exit code of a finish script that forbids another start (s6). */
const neverAgain = 125;

export function unwantFinished(state: In<'finishing'>, input: Of<'stop'>, setting: Setting): Step {
  const deadline = sooner(state.deadline, finishByOf(input, state));
  return unwant({ ...state, deadline }, input, setting);
}

export function drainFinished(state: In<'finishing'>, input: Of<'drain'>): Step {
  return wantDrained({ ...state, deadline: sooner(state.deadline, input.finishBy) }, input);
}

export function wantAgain(state: In<'finishing'>): Step {
  return stay({ ...state, goal: 'up', ended: { ...state.ended, restart: true } });
}

/** Records the end of `run`, then starts `finish`. */
export function bury(state: In<'up' | 'stopping'>, input: Of<'exited'>, setting: Setting): Step {
  const { spec, output, catchAll, now } = setting;
  const death = state.status === 'up';
  const ended: EndedRun = {
    run: state.run,
    exit: input.exit,
    death,
    restart: state.status === 'stopping' && state.restart,
  };
  const recorded = record(state, ended, setting);
  const sweep: readonly ServiceEffect[] = death ? [] : [{ type: 'sweep' }];
  if (spec.finish === undefined) {
    const next = follow(recorded, ended, setting);
    return recorded.goal === 'down' ? next : preceded(sweep, next);
  }
  const command = finishCommand(spec, spec.finish, ended, output, catchAll);
  const own = after(spec.timeoutFinish, now);
  const deadline = sooner(sooner(own, lateFinish(recorded.finishBy, now)), at(setting.hurry, now));
  return {
    state: { ...recorded, since: now, status: 'finishing', ended, kills: 0, deadline },
    effects: [...sweep, { type: 'spawn', role: 'finish', command }],
  };
}

function record(state: ServiceState, ended: EndedRun, { spec, now }: Setting): Memory {
  // As in s6, 0 records nothing, and leaves the entries that exist.
  const most = spec.maxDeathTally;
  const entry = { at: now, exit: ended.exit };
  const tally = most === 0 ? state.tally : [...state.tally, entry].slice(-most);
  const known = { ...memory(state), lastExit: ended.exit, tally };
  if (!ended.death) return { ...known, streak: 0 };
  const counted = spec.backoff?.limit?.deaths ?? 0;
  const steady = now - ended.run.startedAt >= (spec.backoff?.reset ?? Infinity);
  return {
    ...known,
    deaths: state.deaths + 1,
    recent: counted === 0 ? [] : [...state.recent, now].slice(-counted),
    streak: steady ? 1 : state.streak + 1,
  };
}

export function forget<S extends ServiceState>(state: S): Step {
  return stay({ ...state, tally: [] });
}

export function killFinish(state: In<'finishing'>, _input: unknown, { now }: Setting): Step {
  return {
    state: { ...state, kills: state.kills + 1, deadline: now + killAgainAfter },
    effects: [
      { type: 'kill', signal: 'SIGCONT', scope: 'group' },
      { type: 'kill', signal: 'SIGKILL', scope: 'group' },
    ],
  };
}

/** Sends KILL to a finish script of which the deadline passed before its process existed. */
export function killLate(state: In<'finishing'>): Step {
  if (state.kills === 0) return stay(state);
  return { state, effects: [{ type: 'kill', signal: 'SIGKILL', scope: 'group' }] };
}

/** `finish` has exited, or could not be run; the second counts as if the service had no finish script. */
export function settle(
  state: In<'finishing'>,
  input: Of<'exited' | 'unspawnable'>,
  setting: Setting,
): Step {
  const saysNeverAgain = input.type === 'exited' && input.exit.code === neverAgain;
  if (saysNeverAgain && state.goal !== 'down') return stay(fail(state, 'finish', setting.now));
  return follow(state, state.ended, setting);
}

/** What follows a run and its finish script. */
function follow(known: Memory, ended: EndedRun, setting: Setting): Step {
  const { spec, now } = setting;
  if (known.goal === 'down') return lieDown(known, now);
  if (known.goal === 'drain') return begin(known, 'drain', setting);
  if (known.goal === 'once') return stay(end(known, now));
  if (ended.restart) return begin(known, 'up', setting);
  if (ended.death && spec.restart !== 'always') {
    if (isSuccess(ended.exit)) return stay(end(known, now));
    if (spec.restart === 'never') return stay(fail(known, 'policy', now));
  }
  if (ended.death && exhausted(spec.backoff, known.recent, now)) {
    return stay(fail(known, 'limit', now));
  }
  const deadline = restartAt(spec.backoff, ended.run.readyAt, known.streak, now);
  return stay({ ...memory(known), since: now, status: 'backoff', why: 'death', deadline });
}

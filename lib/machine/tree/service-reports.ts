/*
 * The problems that are reported about one service.
 */
import { isReading } from './catch-all.ts';
import type { Draft } from './draft.ts';
import type { Unit } from './unit-map.ts';
import { crashLoop } from '../service/crash-loop.ts';
import type { LifecycleInput, LifecycleInputOf } from '../service/service-state.ts';
import { lasting } from '../../model/duration.ts';
import type { Exit } from '../../model/exit.ts';
import { describeExit } from '../../model/exit.ts';
import { cannotBeRun } from '../../model/spawn-failure.ts';

/** Reports what is wrong with what a process of a service did. */
export function reportProblem(draft: Draft, unit: Unit, input: LifecycleInput): void {
  if (input.type === 'unspawnable') reportUnspawnable(draft, unit, input);
  if (input.type === 'spawned' && input.leftBehind === true) reportLeftBehind(draft, unit);
  if (input.type === 'exited' && unit.catchesAll === true)
    reportCatchAllDeath(draft, unit, input.exit);
}

/** Reports a program that cannot be run, and what follows. */
function reportUnspawnable(draft: Draft, unit: Unit, input: LifecycleInputOf<'unspawnable'>): void {
  const { spec, state } = unit;
  const program = state.status === 'finishing' ? spec.finish : spec.run;
  const path = program !== undefined && 'script' in program ? program.script : spec.name;
  const subject = state.status === 'finishing' ? 'the finish script' : 'the service';
  const message = `${subject} ${cannotBeRun(input)}`;
  draft.warn('unspawnable', path, message, whatFollows(draft, unit, input));
}

/** What follows a run that cannot be spawned; `undefined` for a finish script, and when nothing was to follow. */
function whatFollows(
  draft: Draft,
  unit: Unit,
  input: LifecycleInputOf<'unspawnable'>,
): string | undefined {
  if (unit.state.status !== 'starting') return undefined;
  const { state } = draft.outcome(unit, input);
  if (state.status === 'failed' && state.why === 'limit')
    return 'It is not tried again: the limit of its backoff is reached.';
  if (state.status !== 'backoff') return undefined;
  const meanwhile = unit.catchesAll === true ? '; what starts meanwhile has the host’s output' : '';
  return `It is tried again in ${lasting(state.deadline - draft.setting.now)}${meanwhile}.`;
}

/** Reports a crash loop, once for each row of deaths. */
export function reportCrashLoop(draft: Draft, before: Unit, exit: Exit): void {
  const { name } = before.spec;
  const now = draft.unit(name)?.state.deathsInRow;
  if (now !== crashLoop || before.state.deathsInRow === crashLoop) return;
  const message = `the service has died ${String(crashLoop)} times in a row; the last run ${describeExit(exit)}`;
  const remedy =
    'See what it prints. It is started again as its policies say; backoff.limit ends that.';
  draft.warn('crash-looping', name, message, remedy);
}

/** Reports one problem for several deaths of the catch-all logger in immediate succession. */
function reportCatchAllDeath(draft: Draft, { spec, state }: Unit, exit: Exit): void {
  if (state.status !== 'up' || !isReading(state, draft.setting.now)) return;
  const message = `the catch-all logger ${describeExit(exit)}; until it has been up for a second again, what starts has the host’s output`;
  const remedy =
    'See what it says on stderr, and whether it may write to its folder: loggingDirectory.';
  draft.warn('logging-failed', spec.name, message, remedy);
}

function reportLeftBehind(draft: Draft, { spec, state }: Unit): void {
  if (state.status !== 'starting') return;
  draft.warn(
    'left-behind',
    spec.name,
    'processes that an earlier run started still run beside the new one',
    'A service must stay in the foreground, and exec or wait for what it starts.',
  );
}

/** Reports that a deadline has passed: KILL follows. */
export function reportKill(draft: Draft, name: string, { state }: Unit): void {
  if (state.status === 'stopping' && state.kills === 0) {
    const waited = String(Math.round(draft.setting.now - state.since));
    draft.warn(
      'killed',
      name,
      `the service has not ended ${waited} ms after it was asked to; it is killed`,
    );
    draft.killed(name);
  }
  if (state.status === 'stopping' && state.kills === 1) {
    const subject = `pid ${String(state.run.pid)}`;
    draft.warn(
      'unkillable',
      name,
      `${subject} has not exited after SIGKILL; SIGKILL is sent again`,
    );
  }
  if (state.status === 'finishing' && state.kills === 0) {
    const waited = String(Math.round(draft.setting.now - state.since));
    draft.warn(
      'killed',
      `${name}/finish`,
      `the finish script has not ended after ${waited} ms; it is killed`,
    );
    draft.killed(`${name}/finish`);
  }
  if (state.status === 'finishing' && state.kills === 1)
    draft.warn(
      'unkillable',
      `${name}/finish`,
      'the finish script has not exited after SIGKILL; SIGKILL is sent again',
    );
}

/*
 * The rules that take the tree down: the services, their loggers, the finish stage, the catch-all logger, the last
 * clean-up.
 */
import { catchAllIn } from './catch-all.ts';
import type { Draft, Rule } from './draft.ts';
import { isResting } from './draft.ts';
import { deadlineAfter } from '../service/timeouts.ts';
import { failedScripts, haltScript, startNext } from './scripts.ts';
import type { TreeState } from './tree-state.ts';
import type { Unit } from './unit-map.ts';
import { isDescending, isOver } from './tree-state.ts';
import { loggerName, producerOf } from '../../model/tree.ts';

/** The rules, in the order in which they are tried. */
export const shutdownRules: readonly Rule[] = [
  haltScripts,
  stopServices,
  shortenStops,
  drainLoggers,
  forget,
  openFinish,
  runFinish,
  closeFinish,
  drainCatchAll,
  clear,
];

function haltScripts(draft: Draft): boolean {
  if (!isDescending(draft.state)) return false;
  const killTimeout = draft.state.grace;
  return haltScript(draft, 'init', killTimeout) || haltScript(draft, 'command', killTimeout);
}

/** Stops everything: asks the producers to stop. A logger stops when it has read everything (`drainLoggers`). */
function stopServices(draft: Draft): boolean {
  const { phase, init, units } = draft.state;
  if (!isDescending(draft.state) || !beforeStopping.has(phase) || init.status === 'started')
    return false;
  draft.cause = 'shutdown';
  if (draft.state.services.status === 'started') abandonStart(draft);
  draft.enter('stopping');
  for (const [name, unit] of units) {
    if (producerOf(name) === undefined && unit.catchesAll !== true) stopService(draft, name, unit);
  }
  return true;
}

const beforeStopping: ReadonlySet<string> = new Set([
  'loaded',
  'initializing',
  'starting',
  'running',
]);

function abandonStart(draft: Draft): void {
  const { awaited } = draft.state.units;
  for (const name of awaited) draft.mark(name, { awaited: false });
  draft.services({ status: 'failed', abandoned: awaited, deadline: null });
  draft.report({ type: 'stage', stage: 'services', status: 'failed' });
}

function stopService(draft: Draft, name: string, unit: Unit): void {
  if (isResting(unit)) draft.sweep(name);
  else askToStop(draft, name);
}

/** Asks a service to stop, with a deadline for its run and one, shared by all services, for its finish script. */
function askToStop(draft: Draft, name: string): void {
  const { grace } = draft.state;
  draft.feed(name, { type: 'stop', atMost: grace, finishDeadline: finishDeadline(draft, grace) });
}

function drain(draft: Draft, logger: string, killTimeout: number): void {
  draft.feed(logger, {
    type: 'drain',
    killTimeout,
    finishDeadline: finishDeadline(draft, killTimeout),
  });
}

/**
 * The deadline of the finish scripts of services of which the runs have so many milliseconds from now (0: no limit).
 */
function finishDeadline(draft: Draft, killTimeout: number): number | null {
  return deadlineAfter(killTimeout === 0 ? 0 : killTimeout + draft.killGrace, draft.setting.now);
}

/**
 * Applies a shorter grace period to services that are already stopping. A logger gets no more than that either, once no
 * process that holds its pipe is being ended.
 */
function shortenStops(draft: Draft): boolean {
  const { phase, grace } = draft.state;
  if (phase !== 'stopping' || grace === 0) return false;
  const latest = latestEnds(draft);
  // The services wait independently: a shorter wait of one changes nothing for the others, so one pass handles all of
  // them.
  const late = draft.concerned().filter((name) => {
    const unit = draft.unit(name);
    return unit !== undefined && unit.catchesAll !== true && takesLonger(unit, latest, draft);
  });
  for (const name of late) {
    draft.cause = 'shutdown';
    if (producerOf(name) === undefined) askToStop(draft, name);
    else drain(draft, name, grace);
  }
  return late.length > 0;
}

/** When a run and a finish script that are asked to end now get KILL at the latest; `null`: no limit. */
type LatestEnds = Readonly<Record<'stopping' | 'finishing', number | null>>;

function latestEnds(draft: Draft): LatestEnds {
  const { grace } = draft.state;
  return {
    stopping: deadlineAfter(grace, draft.setting.now),
    finishing: finishDeadline(draft, grace),
  };
}

/** Whether a service that was asked to stop earlier may take longer before the first KILL than if it were asked now. */
function takesLonger({ spec, state }: Unit, ends: LatestEnds, draft: Draft): boolean {
  if ((state.status !== 'stopping' && state.status !== 'finishing') || state.kills > 0)
    return false;
  const latest = ends[state.status];
  if (latest === null || (state.deadline !== null && state.deadline <= latest)) return false;
  const producer = producerOf(spec.name);
  if (producer === undefined) return true;
  if (draft.unit(producer)?.released !== true) return false;
  // A logger also has the time that the processes get which still hold its pipe.
  const isHeldUp = isSwept(draft.unit(producer));
  const more = isHeldUp ? draft.killGrace : 0;
  return state.deadline === null || state.deadline > latest + more;
}

/**
 * Closes the supervisor's end of the pipe when the producer has ended, so that the logger reads to end-of-file, and
 * waits for the logger to exit.
 */
function drainLoggers(draft: Draft): boolean {
  // The pipe of one producer affects its own logger only, so one pass handles all of them.
  const gone = draft.concerned().filter((name) => mayDrain(draft, name));
  for (const name of gone) drainLogger(draft, name);
  return gone.length > 0;
}

function mayDrain({ state: { phase, units } }: Draft, name: string): boolean {
  const unit = units.get(name);
  if (unit === undefined || unit.released || !isResting(unit)) return false;
  if (phase !== 'stopping' && !unit.leaving) return false;
  return !isSwept(unit) && units.has(loggerName(name));
}

function drainLogger(draft: Draft, producer: string): void {
  const unit = draft.unit(producer);
  if (unit === undefined) return;
  const logger = loggerName(producer);
  draft.cause = 'shutdown';
  draft.put(producer, { ...unit, released: true });
  draft.effect({ type: 'closePipe', pipe: producer });
  if (draft.state.phase === 'stopping') drainSwept(draft, producer, logger);
  else drain(draft, logger, draft.state.grace);
}

/**
 * First ends the daemonized processes that hold the other end of the pipe; the time that this takes is added to the
 * logger's (`shortenStops`).
 */
function drainSwept(draft: Draft, name: string, logger: string): void {
  const { grace } = draft.state;
  drain(draft, logger, grace === 0 ? 0 : grace + draft.killGrace);
  const unit = draft.unit(logger);
  if (unit !== undefined && !isResting(unit)) draft.sweep(name, 'writers');
}

/** Whether the leftovers of a service are being ended. */
function isSwept(unit: Unit | undefined): boolean {
  return unit !== undefined && unit.sweeps > 0;
}

/** Removes a service that is gone from `services.d` once it is down; its logger goes with it. */
function forget(draft: Draft): boolean {
  const { units } = draft.state;
  const gone = draft.concerned().filter((name) => {
    const unit = units.get(name);
    if (unit?.leaving !== true || !isResting(unit) || isSwept(unit)) return false;
    return !units.has(loggerName(name));
  });
  for (const name of gone) draft.drop(name);
  return gone.length > 0;
}

function openFinish(draft: Draft): boolean {
  const { phase, target, finish, command, services, units } = draft.state;
  if (
    command.running !== null ||
    phase !== 'stopping' ||
    target !== 'ended' ||
    finish.status !== 'pending'
  )
    return false;
  if (units.sums.sweeping > 0 || services.clearing) return false;
  if (units.sums.restless > 0) return false;
  if (!wasBegun(draft.state)) return skipFinish(draft);
  draft.cause = 'stage';
  draft.enter('finishing');
  draft.scripts('finish', { status: 'started' });
  draft.report({ type: 'stage', stage: 'finish', status: 'started' });
  return true;
}

/** Whether any stage has begun, or a service that was started by hand has run. */
function wasBegun({ init, services, skipsInit, units }: TreeState): boolean {
  if (skipsInit || init.status !== 'pending' || services.status !== 'pending') return true;
  return [...units.values()].some(({ state }) => state.lastExit !== null);
}

/** Completes the finish stage without running it: nothing has begun, so there is nothing to finish. */
function skipFinish(draft: Draft): boolean {
  draft.scripts('finish', { status: 'completed' });
  return true;
}

function runFinish(draft: Draft): boolean {
  return draft.state.finish.status === 'started' && startNext(draft, 'finish');
}

function closeFinish(draft: Draft): boolean {
  const { finish } = draft.state;
  if (finish.status !== 'started' || finish.running !== null) return false;
  const status = failedScripts(finish.results).length > 0 ? 'failed' : 'completed';
  draft.scripts('finish', { status });
  draft.report({ type: 'stage', stage: 'finish', status });
  return true;
}

/**
 * Lets the catch-all logger read to the end of its pipe, once everything else has ended. The leftovers of all other
 * processes, and daemonized processes, are ended now as well, since they hold the pipe open.
 */
function drainCatchAll(draft: Draft): boolean {
  const { finish, grace } = draft.state;
  const unit = catchAllIn(draft.state);
  if (!isOver(finish.status) || unit === undefined || unit.released || isResting(unit))
    return false;
  const { name } = unit.spec;
  draft.cause = 'shutdown';
  draft.put(name, { ...unit, released: true });
  draft.effect({ type: 'closePipe', pipe: name });
  draft.sweep(name, 'everything');
  drain(draft, name, grace === 0 ? 0 : grace + draft.killGrace);
  return true;
}

/**
 * The last clean-up before the end: every leftover of any process is ended, and the resources that the supervisor holds
 * are released.
 */
function clear(draft: Draft): boolean {
  const { finish, services, units } = draft.state;
  if (!isOver(finish.status) || services.clearing) return false;
  if (units.sums.restless > 0 || units.sums.sweeping > 0) return false;
  draft.services({ clearing: true });
  draft.effect({ type: 'clear', grace: draft.killGrace });
  return true;
}

/*
 * The rules of the way down: the services, their loggers, the finish stage, the catch-all logger, the last clean-up.
 */
import { catchAllIn, isAnyRestless } from './catch-all.ts';
import type { Draft, Rule } from './draft.ts';
import { rests } from './draft.ts';
import { after } from './patience.ts';
import { failures, haltScript, startNext } from './scripts.ts';
import type { TreeState, Unit } from './state.ts';
import { isDescending, isOver } from './state.ts';
import { loggerName, producerOf } from '../model/tree.ts';

/** The rules, in the order in which they are tried. */
export const descent: readonly Rule[] = [
  haltScripts,
  descend,
  hurry,
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
  const patience = draft.state.grace;
  return haltScript(draft, 'init', patience) || haltScript(draft, 'command', patience);
}

/** Everything goes down: producers are asked, loggers go when they have read all (`drainLoggers`). */
function descend(draft: Draft): boolean {
  const { phase, init, units } = draft.state;
  if (!isDescending(draft.state) || !beforeStopping.has(phase) || init.status === 'started')
    return false;
  draft.cause = 'shutdown';
  if (draft.state.services.status === 'started') abandonStart(draft);
  draft.enter('stopping');
  for (const [name, unit] of units) {
    if (producerOf(name) === undefined && unit.catchesAll !== true) bringDown(draft, name, unit);
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
  const { late, awaited } = draft.state.services;
  draft.services({ status: 'failed', awaited: [], late: [...late, ...awaited], deadline: null });
  draft.say({ type: 'stage', stage: 'services', status: 'failed' });
}

function bringDown(draft: Draft, name: string, unit: Unit): void {
  if (rests(unit)) draft.sweep(name);
  else askToStop(draft, name);
}

/** Time for its run, and then, together with that of all others, for its finish script. */
function askToStop(draft: Draft, name: string): void {
  const { grace } = draft.state;
  draft.feed(name, { type: 'stop', atMost: grace, finishBy: finishBy(draft, grace) });
}

function drain(draft: Draft, logger: string, patience: number): void {
  draft.feed(logger, { type: 'drain', patience, finishBy: finishBy(draft, patience) });
}

/** When the finish scripts of those must have ended whose runs have so many milliseconds from now (0: no limit). */
function finishBy(draft: Draft, patience: number): number | null {
  return after(patience === 0 ? 0 : patience + draft.killGrace, draft.setting.now);
}

/**
 * A shorter grace that was asked for meanwhile holds for those on their way down already; and a logger has no more than that
 * once nobody else is being ended for its sake.
 */
function hurry(draft: Draft): boolean {
  const { phase, grace } = draft.state;
  if (phase !== 'stopping' || grace === 0) return false;
  const latest = latestEnds(draft);
  // Each of them waits for its own end: shortening one wait changes nothing for the others, so all are handled at once.
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
  return { stopping: after(grace, draft.setting.now), finishing: finishBy(draft, grace) };
}

/** Whether a service that was asked to end may take longer before the first KILL than if it were asked now. */
function takesLonger({ spec, state }: Unit, ends: LatestEnds, draft: Draft): boolean {
  if ((state.status !== 'stopping' && state.status !== 'finishing') || state.kills > 0)
    return false;
  const latest = ends[state.status];
  if (latest === null || (state.deadline !== null && state.deadline <= latest)) return false;
  const producer = producerOf(spec.name);
  if (producer === undefined) return true;
  if (draft.unit(producer)?.released !== true) return false;
  // A logger also has the time that the processes get which still hold its pipe.
  const isHeldUp = draft.state.services.sweeping.has(producer);
  const more = isHeldUp ? draft.killGrace : 0;
  return state.deadline === null || state.deadline > latest + more;
}

/** The producer is gone: let go of the pipe, so that the logger finds end-of-file, and wait for it to get there. */
function drainLoggers(draft: Draft): boolean {
  // The pipe of one producer concerns its own logger alone, so all are handled at once.
  const gone = draft.concerned().filter((name) => mayDrain(draft, name));
  for (const name of gone) drainLogger(draft, name);
  return gone.length > 0;
}

function mayDrain({ state: { phase, units, services } }: Draft, name: string): boolean {
  const unit = units.get(name);
  if (unit === undefined || unit.released || !rests(unit)) return false;
  if (phase !== 'stopping' && !unit.leaving) return false;
  return !services.sweeping.has(name) && units.has(loggerName(name));
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

/** Who has run away with the other end of the pipe goes first: that time is not the logger's (`hurry`). */
function drainSwept(draft: Draft, name: string, logger: string): void {
  const { grace } = draft.state;
  drain(draft, logger, grace === 0 ? 0 : grace + draft.killGrace);
  const unit = draft.unit(logger);
  if (unit !== undefined && !rests(unit)) draft.sweep(name, 'writers');
}

/** A service that is gone from `services.d` is forgotten once it is down, its logger with it. */
function forget(draft: Draft): boolean {
  const { units, services } = draft.state;
  const gone = draft.concerned().filter((name) => {
    const unit = units.get(name);
    if (unit?.leaving !== true || !rests(unit) || services.sweeping.has(name)) return false;
    return !units.has(loggerName(name));
  });
  for (const name of gone) draft.drop(name);
  return gone.length > 0;
}

function openFinish(draft: Draft): boolean {
  const { phase, target, finish, command, services } = draft.state;
  if (
    command.running !== null ||
    phase !== 'stopping' ||
    target !== 'ended' ||
    finish.status !== 'pending'
  )
    return false;
  if (services.sweeping.size > 0 || services.clearing) return false;
  if (isAnyRestless(draft.state)) return false;
  if (!wasBegun(draft.state)) return skipFinish(draft);
  draft.cause = 'stage';
  draft.enter('finishing');
  draft.scripts('finish', { status: 'started' });
  draft.say({ type: 'stage', stage: 'finish', status: 'started' });
  return true;
}

/** Whether any stage was begun, or a service that was started by hand has run. */
function wasBegun({ init, services, skipsInit, units }: TreeState): boolean {
  if (skipsInit || init.status !== 'pending' || services.status !== 'pending') return true;
  return [...units.values()].some(({ state }) => state.lastExit !== null);
}

/** Nothing was ever begun, so there is nothing to finish. */
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
  const status = failures(finish.results).length > 0 ? 'failed' : 'completed';
  draft.scripts('finish', { status });
  draft.say({ type: 'stage', stage: 'finish', status });
  return true;
}

/**
 * Everything else has ended, so the catch-all logger reads to the end. What is left behind of others goes now, too, and who ran
 * away, since they hold the pipe open.
 */
function drainCatchAll(draft: Draft): boolean {
  const { finish, grace } = draft.state;
  const unit = catchAllIn(draft.state);
  if (!isOver(finish.status) || unit === undefined || unit.released || rests(unit)) return false;
  const { name } = unit.spec;
  draft.cause = 'shutdown';
  draft.put(name, { ...unit, released: true });
  draft.effect({ type: 'closePipe', pipe: name });
  draft.sweep(name, 'everything');
  drain(draft, name, grace === 0 ? 0 : grace + draft.killGrace);
  return true;
}

/** The last thing before the end: whatever any process left behind goes, and what was taken is given back. */
function clear(draft: Draft): boolean {
  const { finish, services } = draft.state;
  if (!isOver(finish.status) || services.clearing) return false;
  if (isAnyRestless(draft.state) || services.sweeping.size > 0) return false;
  draft.services({ clearing: true });
  draft.effect({ type: 'clear', grace: draft.killGrace });
  return true;
}

/*
 * The rules that take the tree up: the init stage, then the services stage.
 */
import { catchAllIn } from './catch-all.ts';
import type { Draft, Rule } from './draft.ts';
import { hasArrived } from './draft.ts';
import { isAtRest } from '../service/lifecycle.ts';
import type { ServiceState } from '../service/service-state.ts';
import { startFailure, startFailureOf } from '../service/start-failure.ts';
import { failedScripts, startNext } from './scripts.ts';
import type { Unit, UnitMap } from './unit-map.ts';
import { isDescending, isOver } from './tree-state.ts';
import { exitCodeOf } from '../../model/exit.ts';
import type { StartFailure } from '../../model/start-failure.ts';
import { exitCodeOfFailure } from '../../model/spawn-failure.ts';

/** The rules, in the order in which they are tried. */
export const startupRules: readonly Rule[] = [
  endForEssential,
  openCatchAll,
  openInit,
  copyRoot,
  prepareInit,
  runInit,
  closeInit,
  reread,
  openServices,
  recordStarted,
  closeServices,
  endForLate,
  runCommand,
];

/** Ends the supervisor when an essential service is down for good. */
function endForEssential(draft: Draft): boolean {
  if (isDescending(draft.state)) return false;
  for (const name of draft.moved) {
    const unit = draft.unit(name);
    if (unit === undefined || !unit.spec.essential) continue;
    const { state } = unit;
    const gone = state.status === 'failed' || (state.status === 'down' && state.why === 'ended');
    if (!gone) continue;
    draft.end({ reason: 'essential', exitCode: lastCodeOf(state), service: name });
    return true;
  }
  return false;
}

function lastCodeOf({ lastExit, spawnFailure }: ServiceState): number {
  if (spawnFailure !== null) return exitCodeOfFailure(spawnFailure);
  return lastExit === null ? 0 : exitCodeOf(lastExit);
}

/** Starts the catch-all logger before everything else. */
function openCatchAll(draft: Draft): boolean {
  const { target } = draft.state;
  return target !== 'loaded' && !isDescending(draft.state) && startCatchAll(draft);
}

/**
 * Starts the catch-all logger for the first time. Returns false if it was started before, or if there is none to start.
 */
export function startCatchAll(draft: Draft): boolean {
  const unit = catchAllIn(draft.state);
  const { catchAll } = draft.setting.options;
  if (unit === undefined || catchAll === undefined || unit.spec.down) return false;
  if (unit.state.status !== 'down' || unit.state.why !== 'untouched') return false;
  draft.effect({ type: 'openLog', directory: catchAll.directory });
  draft.feed(unit.spec.name, { type: 'start' });
  return true;
}

/**
 * Asks for the copy of the root before anything runs: everything runs from the copy, including the steps before the
 * first script.
 */
function copyRoot(draft: Draft): boolean {
  const { target, copied, tree } = draft.state;
  if (copied !== 'no' || target === 'loaded' || isDescending(draft.state)) return false;
  if (tree.root === undefined) return false;
  draft.state = { ...draft.state, copied: 'asked' };
  draft.effect({ type: 'copyRoot', root: tree.root });
  return true;
}

/**
 * Whether nothing can run yet: the copy of the root is not ready, or the catch-all logger, which reads the first
 * output, is still starting.
 */
function waitsForPreparation({ state }: Draft): boolean {
  return state.copied === 'asked' || catchAllIn(state)?.state.status === 'starting';
}

function openInit(draft: Draft): boolean {
  const { phase, target, skipsInit } = draft.state;
  if (phase !== 'loaded' || skipsInit) return false;
  if (target === 'loaded' || isDescending(draft.state)) return false;
  draft.enter('initializing');
  draft.scripts('init', { status: 'started' });
  draft.report({ type: 'stage', stage: 'init', status: 'started' });
  return true;
}

function prepareInit(draft: Draft): boolean {
  const { init, tree } = draft.state;
  if (init.status !== 'started' || init.prepared !== 'no' || waitsForPreparation(draft))
    return false;
  const nothing = tree.fixAttrs.length === 0 || isDescending(draft.state);
  draft.scripts('init', { prepared: nothing ? 'yes' : 'asked' });
  if (!nothing) draft.effect({ type: 'prepare', rules: tree.fixAttrs });
  return true;
}

function runInit(draft: Draft): boolean {
  const { init } = draft.state;
  if (init.status !== 'started' || init.prepared !== 'yes' || isDescending(draft.state))
    return false;
  return startNext(draft, 'init');
}

function closeInit(draft: Draft): boolean {
  const { init } = draft.state;
  if (init.status !== 'started' || init.prepared !== 'yes' || init.running !== null) return false;
  const failed =
    failedScripts(init.results).length > 0 || init.results.length < init.scripts.length;
  draft.scripts('init', { status: failed ? 'failed' : 'completed' });
  draft.report({ type: 'stage', stage: 'init', status: failed ? 'failed' : 'completed' });
  return true;
}

/** Reads `services.d` again before a service starts: init scripts write, link, rename and remove services. */
function reread(draft: Draft): boolean {
  const { phase, target, init, services, tree } = draft.state;
  if (phase !== 'initializing' || target !== 'services' || services.reread !== 'no') return false;
  if (!isOver(init.status)) return false;
  draft.services({ reread: tree.root === undefined ? 'yes' : 'asked' });
  if (tree.root !== undefined) draft.effect({ type: 'reread', root: tree.root });
  return true;
}

function openServices(draft: Draft): boolean {
  const { phase, target, init, services, units, skipsInit } = draft.state;
  if (target !== 'services' || services.status !== 'pending') return false;
  const afterInit = phase === 'initializing' && isOver(init.status) && services.reread === 'yes';
  const withoutInit = phase === 'loaded' && skipsInit && !waitsForPreparation(draft);
  if (!afterInit && !withoutInit) return false;
  draft.cause = 'stage';
  draft.enter('starting');
  const limit = draft.state.timeouts.readiness;
  const names = namesOf(units, (unit) => startsWithStage(unit));
  draft.services({
    status: 'started',
    startedAt: draft.setting.now,
    deadline: limit === 0 ? null : draft.setting.now + limit,
  });
  draft.report({ type: 'stage', stage: 'services', status: 'started' });
  for (const name of namesOf(units, (unit) => startsWithStage(unit) || isUnderWay(unit)))
    draft.mark(name, { awaited: true });
  for (const name of names) draft.feed(name, { type: 'start' });
  return true;
}

function namesOf(units: UnitMap, which: (unit: Unit) => boolean): string[] {
  return [...units].filter(([, unit]) => which(unit)).map(([name]) => name);
}

/**
 * Whether the stage starts a service. It leaves out a service that has a `down` file, that is gone from `services.d`,
 * or that the host has started or stopped before.
 */
export function startsWithStage({ spec, state, leaving, catchesAll }: Unit): boolean {
  const isUntouched = state.status === 'down' && state.why === 'untouched';
  return isUntouched && !leaving && !spec.down && catchesAll !== true;
}

/** Removes the services that have come up from the awaited ones, and records those that cannot come up for now. */
function recordStarted(draft: Draft): boolean {
  const { services, units } = draft.state;
  if (services.status !== 'started' || units.sums.awaited === 0) return false;
  const settled = draft.concerned().flatMap((name) => {
    const unit = units.get(name);
    const isSettled = unit?.awaited === true && (hasArrived(unit) || !isComing(unit));
    return isSettled ? [unit] : [];
  });
  for (const { spec, state } of settled) {
    draft.mark(spec.name, { awaited: false });
    const failure = startFailureOf(spec.name, state);
    if (failure !== undefined)
      draft.services({ failures: [...draft.state.services.failures, failure] });
  }
  return settled.length > 0;
}

/** Whether a service that the host started by hand is already coming up. */
function isUnderWay(unit: Unit): boolean {
  return unit.catchesAll !== true && isComing(unit);
}

/** Whether a service is coming up; one that the host has stopped meanwhile is not, nor one that cannot for now. */
function isComing({ spec, state }: Unit): boolean {
  if (isAtRest(state) || state.goal === 'down') return false;
  return startFailureOf(spec.name, state) === undefined;
}

function closeServices(draft: Draft): boolean {
  const { phase, services, units } = draft.state;
  if (phase !== 'starting' || services.status !== 'started' || isDescending(draft.state))
    return false;
  const timeIsUp = services.deadline !== null && services.deadline <= draft.setting.now;
  if (units.sums.awaited > 0 && !timeIsUp) return false;
  const late = units.awaited;
  for (const name of late) {
    const { readiness } = draft.state.timeouts;
    draft.warn(
      'not-ready',
      name,
      `the service is not up and ready after ${String(readiness)} ms; the start goes on without it`,
    );
  }
  const failures = [...services.failures, ...tooLate(draft, late)];
  for (const name of late) draft.mark(name, { awaited: false });
  const status = failures.length === 0 ? 'completed' : 'failed';
  draft.services({ status, failures, deadline: null });
  draft.report({ type: 'stage', stage: 'services', status });
  draft.enter('running');
  return true;
}

/** The services that are not up and ready when the limit of the stage has passed. */
function tooLate({ state: { units } }: Draft, late: readonly string[]): readonly StartFailure[] {
  return late.flatMap((name) => {
    const unit = units.get(name);
    return unit === undefined ? [] : [startFailure(name, unit.state, 'timeout')];
  });
}

/**
 * Ends the supervisor instead of running the command, when a service that the command waits for did not come up and a
 * failed start is to end everything (s6-overlay v2).
 */
function endForLate(draft: Draft): boolean {
  const { phase, command, services } = draft.state;
  if (phase !== 'running' || !commandWaits(draft) || draft.setting.options.onInitFailure !== 'stop')
    return false;
  const service = services.failures[0]?.name;
  const isPending = command.results.length < command.scripts.length && command.running === null;
  if (!isPending || service === undefined || isDescending(draft.state)) return false;
  draft.end({ reason: 'init-failed', exitCode: 1, service });
  return true;
}

/** Starts the host's command once the services run, or, if it waits for them, once they are ready. */
function runCommand(draft: Draft): boolean {
  const { phase, command } = draft.state;
  if (isDescending(draft.state) || command.scripts.length === 0) return false;
  const open = phase === 'running' || (phase === 'starting' && !commandWaits(draft) && run(draft));
  return open && startNext(draft, 'command');
}

function commandWaits({ state }: Draft): boolean {
  return state.commandWaits ?? state.waitForServices;
}

/** Whether every service that the stage has started has its process, or cannot have one. */
function run({ state: { units } }: Draft): boolean {
  return units.sums.spawning === 0;
}

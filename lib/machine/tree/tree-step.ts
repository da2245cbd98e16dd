/*
 * One step of the whole tree: the input goes to the service or script that it names, then the rules decide what else
 * must change.
 */
import { causeOf } from './cause.ts';
import { Draft } from './draft.ts';
import type { LifecycleInput } from '../service/service-state.ts';
import { startCatchAll, startsWithStage } from './startup-rules.ts';
import { reportLeftovers } from './leftover-reports.ts';
import { reportCrashLoop, reportKill, reportProblem } from './service-reports.ts';
import { settleTree } from './rules.ts';
import { shortenScript, killScript, scriptStep, signalCommand } from './scripts.ts';
import type { ScriptsState, MachineInput, TreeSetting, TreeState, TreeStep } from './tree-state.ts';
import { isDescending, reaches } from './tree-state.ts';
import type { Timeouts } from './tree-options.ts';
import { takeTree, runFromCopy, specChanged, unitsOf } from './units.ts';
import type { ScriptSpec, ServiceSpec, Tree } from '../../model/tree.ts';
import { verdictOf } from '../../model/verdict.ts';

/** The state of a tree that has received no input yet. */
export function newTree(tree: Tree, setting: TreeSetting): TreeState {
  return {
    phase: 'loaded',
    target: 'loaded',
    skipsInit: false,
    tree,
    copied: setting.options.readOnlyRoot === true && tree.root !== undefined ? 'no' : 'yes',
    init: pending(tree.init, 'no'),
    services: {
      status: 'pending',
      reread: 'no',
      failures: [],
      abandoned: [],
      startedAt: null,
      deadline: null,
      clearing: false,
    },
    finish: pending(tree.finish, 'yes'),
    command: pending([], 'yes'),
    commandWaits: null,
    waitForServices: setting.options.waitForServices ?? false,
    timeouts: setting.options.timeouts,
    units: unitsOf(tree, setting),
    grace: setting.options.timeouts.services,
    stopLimit: null,
    ending: null,
    killed: [],
    verdict: null,
  };
}

/** The state of the tree after an input, with the effects and the changes. */
export function treeStep(state: TreeState, input: MachineInput, setting: TreeSetting): TreeStep {
  if (state.phase === 'ended') return { state, effects: [], changes: [] };
  const draft = new Draft(state, causeOf(input), setting);
  receive(draft, input);
  settleTree(draft);
  return draft.finished();
}

/** The nearest deadline in the tree; `null` when there is none. */
export function nextDeadline(state: TreeState): number | null {
  let nearest = state.units.sums.deadline;
  const consider = (deadline: number | null | undefined): void => {
    if (deadline != null && (nearest === null || deadline < nearest)) nearest = deadline;
  };
  consider(state.services.deadline);
  consider(state.init.running?.deadline);
  consider(state.finish.running?.deadline);
  consider(state.command.running?.deadline);
  return nearest;
}

function receive(draft: Draft, input: MachineInput): void {
  if ('problems' in input) {
    for (const problem of input.problems) draft.report({ type: 'problem', problem });
  }
  if ('killed' in input) reportLeftovers(draft, input.killed);
  switch (input.type) {
    case 'advance':
      return advance(draft, input);
    case 'command':
      return takeCommand(draft, input);
    case 'signal':
      return signalCommand(draft, input.signal);
    case 'end':
      return draft.end(input.ending, input.grace);
    case 'shorten':
      return shortenAll(draft, input.within);
    case 'problem':
      return draft.report({ type: 'problem', problem: input.problem });
    case 'service':
      return receiveService(draft, input.service, input.input);
    case 'script':
      return scriptStep(draft, input.stage, input.input);
    case 'copied':
      return runFromCopy(draft, input.tree);
    case 'prepared':
      return draft.scripts('init', { prepared: 'yes' });
    case 'reread':
      return reread(draft, input);
    case 'refreshSpec':
      return; // the result of the reading is an input of its own
    case 'specChanged':
      return specChanged(draft, input.spec);
    case 'swept':
      return draft.swept(input.service);
    case 'cleared':
      return conclude(draft, input.exitCode);
    case 'deadline':
      return expire(draft);
  }
}

/** Takes the host's command. The first one stands. */
function takeCommand(
  draft: Draft,
  { command, waits }: Extract<MachineInput, { readonly type: 'command' }>,
): void {
  if (draft.state.command.scripts.length > 0) return;
  draft.state = { ...draft.state, commandWaits: waits ?? null };
  draft.scripts('command', { scripts: [{ name: 'command', run: { command } }] });
}

function advance(
  draft: Draft,
  { target, skipInit, grace }: Extract<MachineInput, { readonly type: 'advance' }>,
): void {
  const { state } = draft;
  const skipsInit = state.skipsInit || (skipInit === true && state.phase === 'loaded');
  draft.state = {
    ...state,
    skipsInit,
    grace: grace ?? state.grace,
    target: reaches(state.target, target) ? state.target : target,
  };
}

function reread(
  draft: Draft,
  { tree, timeouts, waitForServices }: Extract<MachineInput, { readonly type: 'reread' }>,
): void {
  const isAfterInit = draft.state.services.reread === 'asked';
  if (timeouts !== undefined && isAfterInit) limit(draft, timeouts);
  if (waitForServices !== undefined && isAfterInit)
    draft.state = { ...draft.state, waitForServices };
  if (tree !== null) takeTree(draft, tree);
  if (isAfterInit) draft.services({ reread: 'yes' });
}

/** Sets new time limits for everything that begins from now on. */
function limit(draft: Draft, timeouts: Timeouts): void {
  const { state } = draft;
  const grace = isDescending(state) ? state.grace : timeouts.services;
  draft.state = { ...state, timeouts, grace };
}

/** Bounds every wait on the way down, present and future ones, by so many milliseconds. */
function shortenAll(draft: Draft, within: number): void {
  const { state } = draft;
  const least = Math.min(within, state.stopLimit ?? Infinity);
  draft.state = { ...state, stopLimit: least };
  draft.effect({ type: 'shorten', grace: draft.killGrace });
  for (const stage of ['init', 'command', 'finish'] as const) shortenScript(draft, stage);
  for (const name of state.units.keys()) draft.feed(name, { type: 'shorten' });
}

/** Ends with the verdict. An exit code that a finish script has written overrides the verdict's. */
function conclude(draft: Draft, exitCode: number | undefined): void {
  const { ending, killed } = draft.state;
  const verdict = verdictOf(ending, killed);
  draft.state = {
    ...draft.state,
    verdict: exitCode === undefined ? verdict : { ...verdict, exitCode },
  };
  draft.enter('ended');
}

function receiveService(draft: Draft, name: string, input: LifecycleInput): void {
  const unit = draft.unit(name);
  if (unit === undefined) return;
  const comingUp = input.type === 'start' || input.type === 'once' || input.type === 'restart';
  if (comingUp && (reaches(draft.state.target, 'stopped') || unit.leaving)) return;
  if (comingUp && draft.state.services.status === 'pending') {
    startCatchAll(draft);
    startLogger(draft, unit.spec);
  }
  reportProblem(draft, unit, input);
  draft.feed(name, input);
  if (input.type === 'exited') reportCrashLoop(draft, unit, input.exit);
}

/** Starts the logger of a service that the host starts by hand before the services stage is open. */
function startLogger(draft: Draft, { logger }: ServiceSpec): void {
  const unit = logger === undefined ? undefined : draft.unit(logger.name);
  if (unit !== undefined && startsWithStage(unit)) draft.feed(unit.spec.name, { type: 'start' });
}

function expire(draft: Draft): void {
  const { now } = draft.setting;
  killScript(draft, 'init');
  killScript(draft, 'finish');
  killScript(draft, 'command');
  for (const { spec } of draft.state.units.due(now)) {
    const unit = draft.unit(spec.name);
    if (unit === undefined) continue;
    reportKill(draft, spec.name, unit);
    draft.feed(spec.name, { type: 'deadline' });
  }
}

function pending(scripts: readonly ScriptSpec[], prepared: ScriptsState['prepared']): ScriptsState {
  return { status: 'pending', prepared, scripts, results: [], running: null };
}

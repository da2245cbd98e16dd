/*
 * One step of the whole tree: the input goes to the service or script that it names, then the rules decide what else
 * must change.
 */
import { causeOf } from './cause.ts';
import { Draft } from './draft.ts';
import type { LifecycleInput, LifecycleInputOf, ServiceState } from '../service/service-state.ts';
import { isReading } from './catch-all.ts';
import { startCatchAll, startsWithStage } from './startup-rules.ts';
import { reportLeftovers } from './leftover-reports.ts';
import { settleTree } from './rules.ts';
import { shortenScript, killScript, scriptStep, signalCommand } from './scripts.ts';
import type {
  ScriptsState,
  MachineInput,
  TreeSetting,
  TreeState,
  TreeStep,
  Unit,
} from './tree-state.ts';
import { isDescending, reaches } from './tree-state.ts';
import type { Timeouts } from './tree-options.ts';
import { takeTree, runFromCopy, specChanged, unitsOf } from './units.ts';
import { lasting } from '../../model/duration.ts';
import type { Exit } from '../../model/exit.ts';
import { describeExit } from '../../model/exit.ts';
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
      awaited: [],
      late: [],
      deadline: null,
      sweeping: new Map(),
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
  let nearest: number | null = state.services.deadline;
  const consider = (deadline: number | null | undefined): void => {
    if (deadline != null && (nearest === null || deadline < nearest)) nearest = deadline;
  };
  consider(state.init.running?.deadline);
  consider(state.finish.running?.deadline);
  consider(state.command.running?.deadline);
  for (const { state: service } of state.units.values()) consider(deadlineOf(service));
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
  if (input.type === 'unspawnable') reportUnspawnable(draft, unit, input);
  if (input.type === 'spawned' && input.leftBehind === true) reportLeftBehind(draft, unit);
  if (input.type === 'exited' && unit.catchesAll === true)
    reportCatchAllDeath(draft, unit, input.exit);
  draft.feed(name, input);
}

/** Reports one problem for several deaths of the catch-all logger in immediate succession. */
function reportCatchAllDeath(draft: Draft, { spec, state }: Unit, exit: Exit): void {
  if (state.status !== 'up' || !isReading(state, draft.setting.now)) return;
  const message = `the catch-all logger ${describeExit(exit)}; until it has been up for a second again, what starts has the host’s output`;
  const remedy =
    'See what it says on stderr, and whether it may write to its folder: loggingDirectory.';
  draft.warn('logging-failed', spec.name, message, remedy);
}

/** Starts the logger of a service that the host starts by hand before the services stage is open. */
function startLogger(draft: Draft, { logger }: ServiceSpec): void {
  const unit = logger === undefined ? undefined : draft.unit(logger.name);
  if (unit !== undefined && startsWithStage(unit)) draft.feed(unit.spec.name, { type: 'start' });
}

function reportUnspawnable(draft: Draft, unit: Unit, input: LifecycleInputOf<'unspawnable'>): void {
  const { spec, state } = unit;
  const program = state.status === 'finishing' ? spec.finish : spec.run;
  const path = program !== undefined && 'script' in program ? program.script : spec.name;
  draft.warn('unspawnable', path, input.message, whatFollows(draft, unit, input));
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

function reportLeftBehind(draft: Draft, { spec, state }: Unit): void {
  if (state.status !== 'starting') return;
  draft.warn(
    'left-behind',
    spec.name,
    'processes that an earlier run started still run beside the new one',
    'A service must stay in the foreground, and exec or wait for what it starts.',
  );
}

function expire(draft: Draft): void {
  const { now } = draft.setting;
  killScript(draft, 'init');
  killScript(draft, 'finish');
  killScript(draft, 'command');
  for (const [name, unit] of draft.state.units) {
    const deadline = deadlineOf(unit.state);
    if (deadline === null || deadline > now) continue;
    reportKill(draft, name, unit);
    draft.feed(name, { type: 'deadline' });
  }
}

function reportKill(draft: Draft, name: string, { state }: Unit): void {
  if (state.status === 'stopping' && state.kills === 0) {
    const waited = String(Math.round(draft.setting.now - state.since));
    draft.warn('killed', name, `has not ended ${waited} ms after it was asked to; killed`);
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
    draft.warn('killed', `${name}/finish`, `has not ended after ${waited} ms; killed`);
    draft.killed(`${name}/finish`);
  }
  if (state.status === 'finishing' && state.kills === 1)
    draft.warn(
      'unkillable',
      `${name}/finish`,
      'has not exited after SIGKILL; SIGKILL is sent again',
    );
}

function pending(scripts: readonly ScriptSpec[], prepared: ScriptsState['prepared']): ScriptsState {
  return { status: 'pending', prepared, scripts, results: [], running: null };
}

function deadlineOf(state: ServiceState): number | null {
  return 'deadline' in state ? state.deadline : null;
}

/*
 * The two stages of scripts, init and finish: one script at a time, each to its end.
 */
import { catchAllEnd } from './catch-all.ts';
import { hostCommand, scriptCommand } from '../service/commands.ts';
import type { Draft } from './draft.ts';
import { deadlineAfter, limitFrom, killAgainAfter, earlier } from '../service/timeouts.ts';
import type {
  RunningScript,
  ScriptProcessInput,
  ScriptResult,
  ScriptStageName,
  TreeState,
} from './tree-state.ts';
import type { TreeOptions } from './tree-options.ts';
import type { Exit } from '../../model/exit.ts';
import { describeExit, exitCodeOf } from '../../model/exit.ts';
import type { Command } from '../../model/program.ts';
import type { ScriptSpec } from '../../model/tree.ts';
import { cannotBeRun, exitCodeOfFailure } from '../../model/spawn-failure.ts';
import type { EndReason } from '../../model/verdict.ts';

/** Starts the next script of a stage. Returns false if there is none. */
export function startNext(draft: Draft, stage: ScriptStageName): boolean {
  const { scripts, results, running } = draft.state[stage];
  const script = scripts[results.length];
  if (running !== null || script === undefined) return false;
  const { now } = draft.setting;
  const { stopLimit, timeouts } = draft.state;
  const limit = stage === 'command' ? 0 : timeouts[stage];
  draft.scripts(stage, {
    running: {
      script: script.name,
      startedAt: now,
      pid: null,
      halted: false,
      kills: 0,
      deadline: earlier(deadlineAfter(limit, now), limitFrom(stopLimit, now)),
    },
  });
  draft.effect({
    type: 'spawn',
    owner: { stage, script: script.name },
    role: 'script',
    command: commandOf(draft, stage, script),
  });
  return true;
}

function commandOf({ state, setting }: Draft, stage: ScriptStageName, script: ScriptSpec): Command {
  const { output, catchAll } = setting.options;
  const end = catchAllEnd(state, setting.now);
  if (stage !== 'command') return scriptCommand(script, output, end);
  return hostCommand(script, catchAll?.takesCommand === true ? end : undefined);
}

/** Applies an input to the running script of a stage. */
export function scriptStep(draft: Draft, stage: ScriptStageName, input: ScriptProcessInput): void {
  const { running } = draft.state[stage];
  if (running === null) return;
  switch (input.type) {
    case 'spawned':
      draft.scripts(stage, {
        running: { ...running, pid: input.pid, startedAt: draft.setting.now },
      });
      draft.report({
        type: 'script',
        stage,
        script: running.script,
        status: 'started',
        pid: input.pid,
      });
      if (running.halted) askToEnd(draft, stage, running);
      return;
    case 'unspawnable': {
      draft.report({ type: 'script', stage, script: running.script, status: 'unspawnable' });
      draft.warn(
        'unspawnable',
        pathOf(draft.state, stage, running.script),
        `${subjectOf(stage)} ${cannotBeRun(input)}`,
      );
      conclude(draft, stage, running, null, exitCodeOfFailure(input));
      return;
    }
    case 'exited':
      conclude(draft, stage, running, input.exit, exitCodeOf(input.exit));
  }
}

/**
 * Asks the running script to exit: TERM and CONT, then KILL at the deadline, which is not later than that of the
 * script's own limit.
 */
export function haltScript(draft: Draft, stage: ScriptStageName, killTimeout: number): boolean {
  const { running } = draft.state[stage];
  if (running === null) return false;
  const { now } = draft.setting;
  const byThen = earlier(deadlineAfter(killTimeout, now), limitFrom(draft.state.stopLimit, now));
  if (running.halted) return bringForward(draft, stage, running, byThen);
  const deadline = earlier(running.deadline, byThen);
  draft.scripts(stage, { running: { ...running, halted: true, deadline } });
  if (running.pid !== null) askToEnd(draft, stage, running);
  return true;
}

/** Bounds the running script's time by the limit that holds for everything now. */
export function shortenScript(draft: Draft, stage: ScriptStageName): void {
  const { running } = draft.state[stage];
  if (running === null) return;
  bringForward(draft, stage, running, limitFrom(draft.state.stopLimit, draft.setting.now));
}

/** Sends a signal to the host's command, if it runs. */
export function signalCommand(draft: Draft, signal: NodeJS.Signals): void {
  const { running } = draft.state.command;
  if (running?.pid == null) return;
  const owner = { stage: 'command', script: running.script } as const;
  draft.effect({ type: 'kill', owner, signal, scope: 'process' });
}

/**
 * Moves the deadline of a script forward that was asked to exit before, when a shorter kill timeout has been requested
 * since.
 */
function bringForward(
  draft: Draft,
  stage: ScriptStageName,
  running: RunningScript,
  byThen: number | null,
): boolean {
  const { deadline, kills } = running;
  if (byThen === null || kills > 0 || (deadline !== null && deadline <= byThen)) return false;
  draft.scripts(stage, { running: { ...running, deadline: byThen } });
  return true;
}

/** Sends KILL to the running script once its deadline has passed, and again until it has exited. */
export function killScript(draft: Draft, stage: ScriptStageName): void {
  const { running } = draft.state[stage];
  const { now } = draft.setting;
  if (running?.deadline == null || running.deadline > now) return;
  const owner = { stage, script: running.script };
  if (running.kills === 0) {
    const took = `${subjectOf(stage)} has not ended after ${String(Math.round(now - running.startedAt))} ms; it is killed`;
    draft.warn('killed', pathOf(draft.state, stage, running.script), took);
    draft.killed(running.script);
  }
  draft.effect({ type: 'kill', owner, signal: 'SIGKILL', scope: 'group' });
  const deadline = now + killAgainAfter;
  draft.scripts(stage, { running: { ...running, kills: running.kills + 1, deadline } });
}

/** The scripts of a stage that failed. */
export function failedScripts(results: readonly ScriptResult[]): readonly ScriptResult[] {
  return results.filter((result) => result.exitCode !== 0);
}

function askToEnd(draft: Draft, stage: ScriptStageName, { script }: RunningScript): void {
  const owner = { stage, script };
  draft.effect({ type: 'kill', owner, signal: 'SIGTERM', scope: 'process' });
  draft.effect({ type: 'kill', owner, signal: 'SIGCONT', scope: 'process' });
}

function conclude(
  draft: Draft,
  stage: ScriptStageName,
  running: RunningScript,
  exit: Exit | null,
  exitCode: number,
): void {
  const { script } = running;
  const duration = draft.setting.now - running.startedAt;
  const { results } = draft.state[stage];
  draft.scripts(stage, {
    running: null,
    results: [...results, { script, exit, exitCode, duration }],
  });
  if (exit !== null)
    draft.report({ type: 'script', stage, script, status: 'exited', exit, duration });
  if (stage === 'command') commandEnded(draft, exitCode);
  if (stage === 'init' && exitCode !== 0 && !running.halted)
    initFailed(draft, script, exit, exitCode);
}

/**
 * The command's own exit code stands, also when a signal or the host requested the end. During the stop, a code that a script has
 * written meanwhile stays.
 */
function commandEnded(draft: Draft, exitCode: number): void {
  draft.end({ reason: 'command', exitCode });
  const { ending } = draft.state;
  if (ending === null || !yieldsToCommand.has(ending.reason)) return;
  draft.effect({ type: 'recordExitCode', exitCode, replaces: false });
  draft.state = { ...draft.state, ending: { ...ending, exitCode } };
}

const yieldsToCommand: ReadonlySet<EndReason> = new Set(['stopped', 'signal']);

function initFailed(draft: Draft, script: string, exit: Exit | null, exitCode: number): void {
  const { onInitFailure } = draft.setting.options;
  const path = pathOf(draft.state, 'init', script);
  if (exit !== null)
    draft.warn(
      'script-failed',
      path,
      `${subjectOf('init')} ${describeExit(exit)}`,
      consequence[onInitFailure],
    );
  if (onInitFailure === 'stop') draft.end({ reason: 'init-failed', exitCode, script });
}

/** What follows the failure of an init script. */
const consequence = {
  continue: 'The start goes on (onInitFailure).',
  warn: 'The start goes on (onInitFailure).',
  stop: 'Everything is stopped (onInitFailure).',
} as const satisfies Record<TreeOptions['onInitFailure'], string>;

/** A script of a stage as the subject of a message. */
function subjectOf(stage: ScriptStageName): string {
  return stage === 'command' ? 'the command' : `the ${stage} script`;
}

/** The path of a script; its name if it is a command line. */
export function pathOf(state: TreeState, stage: ScriptStageName, name: string): string {
  const run = state[stage].scripts.find((script) => script.name === name)?.run;
  return run !== undefined && 'script' in run ? run.script : name;
}

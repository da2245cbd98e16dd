import { onAbort } from './abort.ts';
import type { SupervisorHandle } from './waits.ts';
import { OrderError } from '../errors.ts';
import { aliveIn } from '../machine/tree/alive.ts';
import { isDescending } from '../machine/tree/tree-state.ts';
import type { Ending, Verdict } from '../model/verdict.ts';
import { endedBySignal } from '../model/verdict.ts';
import type { Settings } from '../options/options.ts';
import type { Thread } from '../system/thread.ts';
import type { ComposedHost, HostTerminal, TerminalProbe } from '../host/host.ts';
import {
  defaultSignals,
  listenToSignals,
  passedOnSignals,
  requireSignals,
} from './host-signals.ts';
import type { RunOptions, SignalAction, SignalMap, WaitOptions } from '../options/wait-options.ts';

/** The parts of a supervisor that `runToEnd()` uses. */
export interface RunParts extends RunDefaults {
  readonly control: SupervisorHandle;
  /** Reads `services.d` again. */
  readonly rescan: () => Promise<unknown>;
}

/** The defaults of `runToEnd()` where its options are omitted. */
export interface RunDefaults {
  /** The thread of the supervisor. */
  readonly thread: Thread;
  /** Whether signals go to the command first. */
  readonly passSignalsOn: boolean;
  /** The terminal that the host shares with its command. */
  readonly terminal: HostTerminal;
  /** From now on, orphans that the process adopts count as processes of the tree. */
  readonly claimOrphans: () => void;
}

/** Milliseconds to which a second stop signal limits each remaining wait (this library). */
const shortenedTo = 1000;

/**
 * The defaults from the supervisor's settings. Enables the guard unless the settings forbid it, and always in a Worker thread: a
 * Worker runs no code when it is terminated or when the process exits, so nothing else would end its processes.
 */
export function runDefaultsOf(
  { passSignalsOn, guard: wanted }: Settings,
  { guard, adopted, terminal }: Pick<ComposedHost, 'guard' | 'adopted' | 'terminal'>,
  thread: Thread,
): RunDefaults {
  if (wanted || thread === 'worker') guard.enable();
  return {
    thread,
    passSignalsOn,
    terminal,
    claimOrphans: () => {
      adopted.claim();
    },
  };
}

/** Starts everything, waits until everything has ended, and returns the verdict. */
export async function runToEnd(options: RunOptions, parts: RunParts): Promise<Verdict> {
  const { control } = parts;
  const { command = [], signals = false, signal, waitForServices: waits, ...wait } = options;
  const map = mapOf(signals, parts);
  requireSignals(map, parts.thread);
  if (command.length > 0) refuseSecondCommand(control);
  control.prepare();
  parts.claimOrphans();
  const probe =
    isTypable(map) && command.length > 0 && parts.terminal.isShared()
      ? parts.terminal.probe()
      : undefined;
  const release = listenToSignals(map, signalHandler(parts, probe));
  const abort = (): void => {
    requestEnd(control, { reason: 'stopped', exitCode: 0 });
  };
  const ignoreAbort = onAbort(signal, abort);
  try {
    if (command.length > 0)
      control.input({ type: 'command', command, ...(waits !== undefined && { waits }) });
    control.input({ type: 'advance', target: 'services' });
    if (signal?.aborted === true) abort();
    return await untilEnded(control, wait);
  } finally {
    release();
    await probe?.end();
    ignoreAbort();
  }
}

/** Asks the supervisor to stop; the first reason applies. */
export function requestEnd(control: SupervisorHandle, ending: Ending, grace?: number): void {
  control.input({ type: 'end', ending, ...(grace !== undefined && { grace }) });
}

/** Resolves with the verdict when the supervisor has ended. */
export function untilEnded(control: SupervisorHandle, options: WaitOptions): Promise<Verdict> {
  return control.until(
    () => control.state.verdict ?? undefined,
    { what: 'The end', pending: () => aliveIn(control.state) },
    options,
  );
}

/** Whether any signal that a terminal can send has an effect. */
function isTypable(map: SignalMap): boolean {
  return [...typable].some((name) => (map[name] ?? 'ignore') !== 'ignore');
}

/** The signals that Ctrl-C and Ctrl-\\ send. */
const typable: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT']);

function mapOf(
  signals: NonNullable<RunOptions['signals']>,
  { passSignalsOn }: RunParts,
): SignalMap {
  if (signals === false) return {};
  if (signals !== true) return signals;
  return passSignalsOn ? passedOnSignals : defaultSignals;
}

/** Returns the handler of signals for one run; a second stop signal shortens the stop. */
function signalHandler({ control, rescan }: RunParts, probe: TerminalProbe | undefined) {
  let stopRequested = false;
  const act = (name: NodeJS.Signals, action: SignalAction | undefined): void => {
    switch (action) {
      case 'stop':
        if (stopRequested && isDescending(control.state))
          control.input({ type: 'shorten', within: shortenedTo });
        else requestEnd(control, endedBySignal(name));
        stopRequested = true;
        return;
      case 'rescan':
        if (!isDescending(control.state)) void rescan();
        return;
      case 'command':
        if (isForCommand(name, control)) {
          control.input({ type: 'signal', signal: name });
          stopRequested ||= exitSignals.has(name);
        } else act(name, defaultSignals[name]);
        return;
      case 'ignore':
      case undefined:
    }
  };
  return (name: NodeJS.Signals, action: SignalAction): void => {
    if (probe === undefined || !typable.has(name) || !isCommandAlive(control)) act(name, action);
    // A typed signal reaches the command directly; the command decides whether it exits, as a shell that waits for a program does not.
    else void probe.wasTyped().then((wasTyped) => wasTyped || act(name, action));
  };
}

/** The signals that ask the command to exit when they are passed on to it. */
const exitSignals: ReadonlySet<NodeJS.Signals> = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT']);

/** During a stop the command has been asked to exit already: a stop signal shortens the stop instead of going to the command. */
function isForCommand(name: NodeJS.Signals, control: SupervisorHandle): boolean {
  const hasEffect = defaultSignals[name] === undefined || !isDescending(control.state);
  return hasEffect && isCommandAlive(control);
}

function isCommandAlive({ state }: SupervisorHandle): boolean {
  return state.command.running?.pid != null;
}

function refuseSecondCommand({ state }: SupervisorHandle): void {
  if (state.command.scripts.length === 0) return;
  throw new OrderError('There is a command already: a supervisor runs one at most.');
}

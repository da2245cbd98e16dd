import { OptionsError } from '../errors.ts';
import type { Thread } from '../system/thread.ts';
import type { SignalAction, SignalMap } from '../options/wait-options.ts';
import type { SharedListener } from '../system/shared-listener.ts';
import { sharedProcessListener } from '../system/shared-listener.ts';

/** The action for each signal to the host under `signals: true` (s6-overlay v3; QUIT as in v2). */
export const defaultSignals: SignalMap = {
  SIGTERM: 'stop',
  SIGINT: 'stop',
  SIGQUIT: 'stop',
  SIGUSR1: 'stop',
  SIGUSR2: 'stop',
  SIGPWR: 'stop',
  SIGHUP: 'rescan',
};

/** The same under `S6_CMD_RECEIVE_SIGNALS`: every signal except HUP goes to the command while it runs (s6-overlay v3). */
export const passedOnSignals: SignalMap = {
  SIGTERM: 'command',
  SIGINT: 'command',
  SIGQUIT: 'command',
  SIGUSR1: 'command',
  SIGUSR2: 'command',
  SIGPWR: 'command',
  SIGWINCH: 'command',
  SIGHUP: 'rescan',
};

/**
 * Checks that this thread can handle signals.
 *
 * @throws OptionsError in a Worker thread, unless the map is empty.
 */
export function requireSignals(map: SignalMap, thread: Thread): void {
  if (thread === 'main' || Object.keys(map).length === 0) return;
  throw new OptionsError(
    'The option signals cannot be used in a Worker thread: Node gives signals to the main thread only. ' +
      'Handle them there (process.on), send the Worker a message, and call stop() in the Worker when it comes.',
  );
}

const listeners = new Map<NodeJS.Signals, SharedListener>();

/** Calls a function at each signal of this name; the returned function undoes that. */
function onSignal(signal: NodeJS.Signals, act: () => void): () => void {
  const known = listeners.get(signal) ?? sharedProcessListener(signal);
  listeners.set(signal, known);
  return known.add(act);
}

/** The longest delay of a timer, in milliseconds. */
const longestDelay = 2 ** 31 - 1;

/**
 * Listens for signals to the host; the returned function removes every listener. Until then a timer keeps the host alive: a
 * signal listener alone does not keep Node running, so it would exit when no process or other handle is left.
 */
export function listenToSignals(
  map: SignalMap,
  act: (signal: NodeJS.Signals, action: SignalAction) => void,
): () => void {
  const removals = Object.entries(map).map(([name, action]) => {
    const signal = name as NodeJS.Signals;
    return onSignal(signal, () => {
      act(signal, action);
    });
  });
  const hold = removals.length > 0 ? setInterval(() => undefined, longestDelay) : undefined;
  return () => {
    clearInterval(hold);
    for (const remove of removals) remove();
  };
}

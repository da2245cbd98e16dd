import { OptionsError } from '../errors.ts';
import type { Thread } from '../system/thread.ts';
import type { SignalAction, SignalMap } from '../options/wait-options.ts';

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
  const listeners = Object.entries(map).map(([name, action]) => {
    const signal = name as NodeJS.Signals;
    const listener = (): void => {
      act(signal, action);
    };
    process.on(signal, listener);
    return { signal, listener };
  });
  const hold = listeners.length > 0 ? setInterval(() => undefined, longestDelay) : undefined;
  return () => {
    clearInterval(hold);
    for (const { signal, listener } of listeners) process.off(signal, listener);
  };
}

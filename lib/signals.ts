import type { SignalAction, SignalMap } from './wait-options.ts';

/** What signals to the host do under `signals: true`. */
export const defaultSignals: SignalMap = {
  SIGTERM: 'stop',
  SIGINT: 'stop',
  SIGQUIT: 'stop',
  SIGHUP: 'rescan',
};

/** Listens to signals to the host; the function that it returns takes every listener off again. */
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
  return () => {
    for (const { signal, listener } of listeners) process.off(signal, listener);
  };
}

import { SharedListener } from '../system/shared-listener.ts';

const listeners = new WeakMap<AbortSignal, SharedListener>();

/** Calls a function when the signal aborts from now on; the returned function undoes that. */
export function onAbort(signal: AbortSignal | undefined, act: () => void): () => void {
  if (signal === undefined) return () => undefined;
  const known = listeners.get(signal) ?? listenerOf(signal);
  listeners.set(signal, known);
  return known.add(act);
}

function listenerOf(signal: AbortSignal): SharedListener {
  return new SharedListener((callAll) => {
    signal.addEventListener('abort', callAll);
    return () => {
      signal.removeEventListener('abort', callAll);
    };
  });
}

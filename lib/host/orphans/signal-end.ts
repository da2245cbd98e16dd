import { constants } from 'node:os';
import type { onExit as OnExit } from 'signal-exit';
import { SharedListener } from '../../system/shared-listener.ts';

let onExit: typeof OnExit | undefined;
let loading: Promise<void> | undefined;

/**
 * Loads signal-exit, which `atSignalEnd()` needs; returns `undefined` once it is loaded. It is loaded only where it is used: loading it defines a global, and its
 * hook listens to every signal that ends a process and replaces `process.emit` and `process.reallyExit`.
 */
export function loadSignalEnd(): Promise<void> | undefined {
  if (onExit !== undefined) return undefined;
  loading ??= import('signal-exit').then((loaded) => {
    ({ onExit } = loaded);
  });
  return loading;
}

const signalEnd = new SharedListener((callAll) => {
  const remove = onExit?.(
    (_code, signal) => {
      if (signal !== null) callAll();
    },
    { alwaysLast: true },
  );
  process.on('removeListener', standIn);
  return () => {
    process.off('removeListener', standIn);
    remove?.();
  };
});

/** Calls a function when a signal without a listener ends the process; the returned function undoes that. */
export function atSignalEnd(act: () => void): () => void {
  return signalEnd.add(act);
}

/**
 * Adds listeners in the place of one that has just been removed, until the signal that is being delivered has been handled.
 * signal-exit ends the process when it counts no listeners but its own, and the one that was called may be gone by then: Node
 * removes a listener of `once` before it calls it. There are two, since the host may have removed signal-exit's listener as
 * well (`removeAllListeners`). After the last listener nothing is added: signal-exit removes its own to let the signal end the
 * process.
 */
function standIn(event: string | symbol, removed: unknown): void {
  if (removed === handled || !isSignal(event)) return;
  const present = process.listeners(event);
  if (present.length === 0 || present.includes(handled)) return;
  process.on(event, handled).on(event, handled);
  process.nextTick(() => process.off(event, handled).off(event, handled));
}

function handled(): void {
  // The removed listener has handled the signal.
}

function isSignal(event: string | symbol): event is NodeJS.Signals {
  return Object.hasOwn(constants.signals, event);
}

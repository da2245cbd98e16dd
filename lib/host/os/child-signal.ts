const listeners = new Set<() => void>();

/**
 * Listens to SIGCHLD, which says that children have died, but not which; the returned function removes the listener. The
 * process has one listener for all supervisors: Node warns of a leak at more than ten.
 */
export function onChildSignal(listener: () => void): () => void {
  if (listeners.size === 0) process.on('SIGCHLD', callAll);
  listeners.add(listener);
  return () => {
    if (listeners.delete(listener) && listeners.size === 0) process.off('SIGCHLD', callAll);
  };
}

function callAll(): void {
  for (const listener of listeners) listener();
}

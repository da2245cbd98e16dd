const listeners = new Set<() => void>();

/**
 * Listens to SIGCHLD, which says that children have died, and not which; the function that it returns ends that. The process
 * has one listener for all, however many supervisors it has: of more than ten Node says that they look like a leak.
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

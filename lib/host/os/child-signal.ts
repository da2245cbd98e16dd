import { sharedProcessListener } from '../../system/shared-listener.ts';

const childSignal = sharedProcessListener('SIGCHLD');

/** Listens to SIGCHLD, which says that children have died, but not which; the returned function removes the listener. */
export function onChildSignal(listener: () => void): () => void {
  return childSignal.add(listener);
}

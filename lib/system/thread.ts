import { isMainThread } from 'node:worker_threads';

/**
 * The kind of thread that a supervisor runs in. A Worker thread gets none of the process's signals, SIGCHLD among them; it may be
 * terminated alone, while the process lives on; and no code of it runs when it is terminated or when the main thread exits.
 */
export type Thread = 'main' | 'worker';

/** The kind of the calling thread. */
export const thisThread: Thread = isMainThread ? 'main' : 'worker';

/** Whether the kernel kills every process of the tree when this thread ends: it is the main thread of process 1. */
export function isProcess1(thread: Thread = thisThread): boolean {
  return process.pid === 1 && thread === 'main';
}

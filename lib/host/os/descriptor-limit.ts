import { readFileSync } from 'node:fs';

/** The descriptors that stay free for everything else that a start opens for a moment. */
const spare = 4;

/** What the two processes at a log pipe need: each has an end of it for a moment, and up to two streams that the host reads. */
const forEach = 6;

/**
 * Whether descriptors remain for the processes of `pending` log pipes, by the number of the descriptor that was opened last: the
 * system gives the lowest that is free.
 */
export function leavesRoom(last: number, pending: number, limit = openFilesLimit()): boolean {
  return last + spare + pending * forEach < limit;
}

let known: number | undefined;

/** The limit of open files of this process; without `/proc`, and without a limit, `Infinity`. Node raises it when it starts. */
export function openFilesLimit(): number {
  known ??= readLimit();
  return known;
}

function readLimit(): number {
  try {
    const [, soft] =
      /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    return soft === undefined ? Infinity : Number(soft);
  } catch {
    return Infinity;
  }
}

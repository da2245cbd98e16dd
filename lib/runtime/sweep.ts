import { membersOf } from './process-table.ts';

/** Milliseconds after which what does not even die of KILL is given up. */
const giveUpAfter = 5000;

/** Milliseconds between two looks, at first and at most. */
const firstLook = 5;
const longestLook = 50;

/** Whether anybody of a process group is alive. */
export function isGroupAlive(group: number): boolean {
  if (!send(-group, 0)) return false;
  const members = membersOf(group);
  return members === undefined || members.length > 0;
}

/** Ends whatever is left of a process group and its session, politely at first, and says when it is gone. */
export function sweepGroup(group: number, grace: number, done: () => void): void {
  sweep(() => membersOf(group) ?? (send(-group, 0) ? [-group] : []), grace, done);
}

/** Ends the processes that `find` finds: TERM and CONT, after `grace` milliseconds KILL, and says when they are gone. */
export function sweep(find: () => readonly number[], grace: number, done: () => void): void {
  const begun = performance.now();
  let pause = firstLook;
  let killed = false;
  const first = find();
  if (first.length === 0) return done();
  for (const pid of first) {
    send(pid, 'SIGTERM');
    send(pid, 'SIGCONT');
  }
  const look = (): void => {
    const left = find();
    const waited = performance.now() - begun;
    if (left.length === 0 || waited > grace + giveUpAfter) return done();
    if (waited >= grace) {
      for (const pid of left) send(pid, 'SIGKILL');
      if (!killed) pause = firstLook;
      killed = true;
    }
    pause = Math.min(pause * 2, longestLook);
    setTimeout(look, killed ? pause : Math.min(pause, Math.max(1, grace - waited)));
  };
  if (grace === 0) look();
  else setTimeout(look, Math.min(pause, grace));
}

/** Sends a signal; false when nobody is there to take it. */
export function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

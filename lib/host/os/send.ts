/**
 * Sends a signal to a process, or to a process group by its negative id; 0 sends nothing. Returns whether the process or
 * group exists, even if it may not be signalled. Never throws.
 */
export function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether a process belongs to another account and may not be signalled. */
export function isForbidden(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

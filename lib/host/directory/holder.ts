import { readFileSync, readlinkSync } from 'node:fs';

/** The thread that holds a runtime directory: enough for another process to find out whether the thread is still alive. */
export interface Holder {
  readonly pid: number;
  /** The kernel's thread id: a Worker thread may end before its process. */
  readonly thread: number;
  /** The start time of the thread, in ticks since the boot. */
  readonly started: string;
  /** The pid namespace of `pid` and `thread`. */
  readonly namespace: string;
  /** The id of the boot from which `started` counts. */
  readonly boot: string;
}

/** The calling thread; without `/proc` only its pid is known. */
export function thisHolder(): Holder {
  const [pid, , thread] = linkOf('/proc/thread-self').split('/').map(Number);
  return {
    pid: pid ?? process.pid,
    thread: thread ?? 0,
    started: startOf(pid ?? 0, thread ?? 0) ?? '',
    namespace: linkOf('/proc/self/ns/pid'),
    boot: textOf('/proc/sys/kernel/random/boot_id'),
  };
}

/** Whether a holder is alive; `undefined` when this is unknown: it is in another pid namespace, or there is no `/proc`. */
export function isHolderAlive(holder: Holder): boolean | undefined {
  const here = thisHolder();
  if (holder.boot !== here.boot) return false;
  if (here.started === '' || holder.started === '') return undefined;
  if (holder.namespace !== here.namespace) return undefined;
  return startOf(holder.pid, holder.thread) === holder.started;
}

/** The start time of a living thread; `undefined` when there is no such thread. */
function startOf(pid: number, thread: number): string | undefined {
  const stat = textOf(`/proc/${String(pid)}/task/${String(thread)}/stat`);
  // The command name is in parentheses and may contain any character; the state is field 3, the start time field 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = ''] = fields;
  return state === '' || state === 'Z' || state === 'X' ? undefined : fields[19];
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return '';
  }
}

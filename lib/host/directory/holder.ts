import { readFileSync, readlinkSync } from 'node:fs';

/** The thread that holds a runtime directory, so that another process or a later one can tell whether it still lives. */
export interface Holder {
  readonly pid: number;
  /** The thread's number in the kernel, since a Worker thread may end before its process does. */
  readonly thread: number;
  /** When the thread was started, in ticks since the boot. */
  readonly started: string;
  /** The pid namespace that the numbers are of. */
  readonly namespace: string;
  /** The kernel's boot that `started` counts from. */
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

/** Whether a holder lives; `undefined` where that cannot be told: it is of another pid namespace, or there is no `/proc`. */
export function isHolderAlive(holder: Holder): boolean | undefined {
  const here = thisHolder();
  if (holder.boot !== here.boot) return false;
  if (here.started === '' || holder.started === '') return undefined;
  if (holder.namespace !== here.namespace) return undefined;
  return startOf(holder.pid, holder.thread) === holder.started;
}

/** When a living thread was started; `undefined` when there is none. */
function startOf(pid: number, thread: number): string | undefined {
  const stat = textOf(`/proc/${String(pid)}/task/${String(thread)}/stat`);
  // The name stands in parentheses and may have anything in it; the state is the third field, the start the 22nd.
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

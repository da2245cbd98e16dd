import type { CLibrary } from './c-library.ts';
import { firstLine, openCLibrary } from './c-library.ts';

/**
 * Functions of the C library that Node does not offer, called in this process at a cost of a microsecond or two.
 *
 * They need Linux and the optional package `koffi`; every caller works without them, too.
 */
export interface Native extends Waiting, Subreaping {}

/** Dead children: only those of the calling thread, never those of Worker threads. */
export interface Waiting {
  /** The first dead child that no code has waited for yet. It stays a zombie. */
  firstZombie(): number | undefined;
  /** Whether this is a dead child that no code has waited for yet. It stays a zombie. */
  isZombie(pid: number): boolean;
  /** Takes the exit status of a dead child, which removes it. Returns whether there was such a child. */
  reap(pid: number): boolean;
  /** As `reap`, but returns the status as `wait(2)` does; `undefined`: there is no such dead child. */
  statusOf(pid: number): number | undefined;
  /** The session of a process, zombies included. */
  sessionOf(pid: number): number | undefined;
}

/** Whether orphans among the descendants of this process are adopted by it instead of by process 1. */
export interface Subreaping {
  isSubreaper(): boolean;
  setSubreaper(on: boolean): void;
}

let access: { readonly native: Native } | { readonly why: string } | undefined;

/**
 * The native functions; `undefined` if they are not available. The first call loads `koffi`, which takes some 10
 * milliseconds. Never throws.
 */
export function loadNative(): Native | undefined {
  access ??= open();
  return 'native' in access ? access.native : undefined;
}

/** Why there are no native functions; `undefined` if there are. */
export function whyNoNative(): string | undefined {
  access ??= open();
  return 'why' in access ? access.why : undefined;
}

function open(): typeof access & object {
  const opened = openCLibrary();
  if ('why' in opened) return opened;
  try {
    return { native: { ...waiting(opened.library), ...subreaping(opened.library) } };
  } catch (error) {
    return { why: firstLine(error) };
  }
}

// As in <linux/wait.h>, on every architecture.
const P_ALL = 0;
const P_PID = 1;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x01000000;
const WNOTHREAD = 0x20000000; // __WNOTHREAD
const peek = WNOHANG | WEXITED | WNOWAIT | WNOTHREAD;

function waiting(library: CLibrary): Waiting {
  const waitid = library.func('int waitid(int idtype, uint32_t id, void *info, int options)') as (
    idtype: number,
    id: number,
    info: Buffer,
    options: number,
  ) => number;
  const waitpid = library.func('int waitpid(int pid, void *status, int options)') as (
    pid: number,
    status: Buffer,
    options: number,
  ) => number;
  const getsid = library.func('int getsid(int pid)') as (pid: number) => number;
  /** A siginfo_t starts with three numbers, aligned for a pointer, followed by the pid. */
  const info = Buffer.alloc(128);
  const pidAt = library.wide ? 16 : 12;
  const zombie = (idtype: number, id: number): number => {
    info.fill(0);
    return waitid(idtype, id, info, peek) === 0 ? info.readInt32LE(pidAt) : 0;
  };
  const status = Buffer.alloc(8);
  const statusOf = (pid: number): number | undefined =>
    // Zero and less would mean any child.
    pid > 0 && waitpid(pid, status, WNOHANG | WNOTHREAD) === pid
      ? status.readInt32LE(0)
      : undefined;
  return {
    firstZombie() {
      const pid = zombie(P_ALL, 0);
      return pid > 0 ? pid : undefined;
    },
    isZombie: (pid) => pid > 0 && zombie(P_PID, pid) === pid,
    reap: (pid) => statusOf(pid) !== undefined,
    statusOf,
    sessionOf(pid) {
      const session = getsid(pid);
      return session >= 0 ? session : undefined;
    },
  };
}

// As in <linux/prctl.h>.
const PR_SET_CHILD_SUBREAPER = 36;
const PR_GET_CHILD_SUBREAPER = 37;

function subreaping(library: CLibrary): Subreaping {
  const prctl = library.func('int prctl(int option, ...)') as (
    option: number,
    type: string,
    value: number | Buffer,
  ) => number;
  return {
    isSubreaper() {
      const answer = Buffer.alloc(4);
      return (
        prctl(PR_GET_CHILD_SUBREAPER, 'void *', answer) === 0 && answer.some((byte) => byte > 0)
      );
    },
    setSubreaper(on) {
      prctl(PR_SET_CHILD_SUBREAPER, 'unsigned long', on ? 1 : 0);
    },
  };
}

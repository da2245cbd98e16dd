import type { CLibrary } from './c-library.ts';
import { systemError } from './c-library.ts';

/** More bytes than any C library needs for its sets of signals, attributes or file actions (128, 336 and 80). */
const room = 1024;

// As in <spawn.h>, of glibc and musl.
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_SETSID = 0x80;

/** What is set up in a process before its program is executed. */
export interface Arrangement {
  /** The working directory; `undefined`: the host's. */
  readonly directory: string | undefined;
  /**
   * The descriptors that it gets, each with the host's descriptor that it is duplicated from, or `null` for `/dev/null`. No
   * source is the target of another source.
   */
  readonly descriptors: readonly (readonly [target: number, source: number | null])[];
}

type OfBytes = (bytes: Buffer) => number;
type OfTwo = (bytes: Buffer, others: Buffer) => number;

/**
 * The attributes of a process with or without a session of its own: every signal has its default action and none is blocked.
 * Node itself ignores PIPE and XFSZ, and blocks USR1.
 */
export function spawnAttributes(library: CLibrary): (leads: boolean) => Buffer {
  const func = (prototype: string): OfBytes => library.func(prototype) as OfBytes;
  const init = func('int posix_spawnattr_init(void *attributes)');
  const setDefault = library.func(
    'int posix_spawnattr_setsigdefault(void *attributes, void *signals)',
  ) as OfTwo;
  const setMask = library.func(
    'int posix_spawnattr_setsigmask(void *attributes, void *signals)',
  ) as OfTwo;
  const setFlags = library.func('int posix_spawnattr_setflags(void *attributes, short flags)') as (
    attributes: Buffer,
    flags: number,
  ) => number;
  const attributesFor = (flags: number): Buffer => {
    const attributes = Buffer.alloc(room);
    check(init(attributes));
    // Not by sigfillset: it omits the signals that the C library uses itself, and a child would then ignore those.
    check(setDefault(attributes, Buffer.alloc(room, 0xff)));
    check(setMask(attributes, Buffer.alloc(room)));
    check(setFlags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | flags));
    return attributes;
  };
  const [leading, following] = [attributesFor(POSIX_SPAWN_SETSID), attributesFor(0)];
  return (leads) => (leads ? leading : following);
}

/**
 * What a process does before its program is executed: it changes to its working directory and arranges its descriptors.
 * Descriptors that are close-on-exec and not among the arranged ones are closed then.
 */
export function fileActions(
  library: CLibrary,
): <T>(arrangement: Arrangement, use: (actions: Buffer) => T) => T {
  const init = library.func('int posix_spawn_file_actions_init(void *actions)') as OfBytes;
  const destroy = library.func('int posix_spawn_file_actions_destroy(void *actions)') as OfBytes;
  const addChdir = library.func(
    'int posix_spawn_file_actions_addchdir_np(void *actions, const char *path)',
  ) as (actions: Buffer, path: string) => number;
  const addDup2 = library.func(
    'int posix_spawn_file_actions_adddup2(void *actions, int descriptor, int target)',
  ) as (actions: Buffer, descriptor: number, target: number) => number;
  const addOpen = library.func(
    'int posix_spawn_file_actions_addopen(void *actions, int target, const char *path, int flags, uint32_t mode)',
  ) as (actions: Buffer, target: number, path: string, flags: number, mode: number) => number;
  const actions = Buffer.alloc(room);
  return ({ directory, descriptors }, use) => {
    check(init(actions));
    try {
      if (directory !== undefined) check(addChdir(actions, directory));
      for (const [target, source] of descriptors) {
        check(
          source === null
            ? addOpen(actions, target, '/dev/null', target === 0 ? readOnly : readWrite, 0)
            : addDup2(actions, source, target),
        );
      }
      return use(actions);
    } finally {
      destroy(actions);
    }
  };
}

const readOnly = 0;
const readWrite = 2;

/** These functions return their error instead of setting `errno`. */
function check(failure: number): void {
  if (failure !== 0) throw systemError(failure, 'posix_spawn');
}

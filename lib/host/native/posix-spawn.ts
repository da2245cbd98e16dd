import { constants } from 'node:fs';
import type { CLibrary, Refusal } from './c-library.ts';
import { firstLine, openCLibrary, systemError } from './c-library.ts';
import { refuseNul, stringsOf } from './c-strings.ts';
import type { Arrangement } from './spawn-attributes.ts';
import { fileActions, spawnAttributes } from './spawn-attributes.ts';
import { thisThread } from '../../system/thread.ts';

/** A program to execute, with everything that it gets. */
export interface PosixSpawnRequest extends Arrangement {
  /** The path of the program; a relative path is resolved in `directory`. */
  readonly path: string;
  /** Its arguments, with its own name first. */
  readonly words: readonly string[];
  /** The environment, each entry as `NAME=value`. */
  readonly variables: readonly string[];
  /** Whether it gets a session, and with it a process group, of its own. */
  readonly leads: boolean;
}

/** The system's functions for starting processes that Node does not offer. */
export interface PosixSpawn {
  /**
   * Starts a process in the manner of vfork: the size of the host does not matter. In the process all signals have their
   * default action, and none is blocked.
   *
   * @returns its pid. The caller must wait for it.
   * @throws the system's error, also that of the execution itself.
   */
  spawn(request: PosixSpawnRequest): number;
  /** Why a file cannot be executed, as the system's error; `undefined`: it can, or it is a folder. */
  whyNotExecutable(path: string): NodeJS.ErrnoException | undefined;
  /**
   * Makes a pipe and returns its read end and its write end. Children do not inherit them.
   *
   * @throws the system's error when descriptors run out.
   */
  pipe(): readonly [read: number, write: number];
  /**
   * Duplicates a descriptor to a number above `bound`. Children do not inherit it.
   *
   * @throws the system's error.
   */
  duplicateAbove(descriptor: number, bound: number): number;
  /** Makes reads and writes blocking again, for all processes that share the descriptor's open file description. */
  letBlock(descriptor: number): void;
}

let access: { readonly posix: PosixSpawn } | Refusal | undefined;

/**
 * Opens the functions, or returns why they are not available and the remedy: they need Linux, the optional package `koffi`,
 * and a C library that can set a child's session and working directory (glibc 2.29, musl 1.1.24, both of 2019). Never
 * throws.
 */
export function openPosixSpawn(): typeof access & object {
  access ??= open();
  return access;
}

function open(): typeof access & object {
  if (thisThread === 'worker') {
    const why = 'a Worker thread gets no SIGCHLD, and so no exit of a child';
    return { why, remedy: 'Do it in the main thread' };
  }
  const opened = openCLibrary();
  if ('why' in opened) return opened;
  const { library } = opened;
  try {
    return {
      posix: {
        spawn: spawnCall(library),
        ...descriptorCalls(library),
        ...executableCheck(library),
      },
    };
  } catch (error) {
    const why = `the C library is too old: ${firstLine(error)}`;
    return { why, remedy: 'Use a Linux of 2019 or later (glibc 2.29, musl 1.1.24)' };
  }
}

function spawnCall(library: CLibrary): PosixSpawn['spawn'] {
  const posixSpawn = library.func(
    'int posix_spawn(void *pid, const char *path, void *actions, void *attributes, void *words, void *variables)',
  ) as (
    pid: Buffer,
    path: string,
    actions: Buffer,
    attributes: Buffer,
    words: Buffer,
    variables: Buffer,
  ) => number;
  const attributesOf = spawnAttributes(library);
  const withActions = fileActions(library);
  const pid = Buffer.alloc(8);
  return ({ path, words, variables, directory, leads, descriptors }) => {
    refuseNul([path, directory ?? '']);
    const [argv, envp] = [stringsOf(library, words), stringsOf(library, variables)];
    const failure = withActions({ directory, descriptors }, (actions) =>
      posixSpawn(pid, path, actions, attributesOf(leads), argv, envp),
    );
    if (failure !== 0) throw systemError(failure, `spawn ${path}`);
    return pid.readInt32LE(0);
  };
}

// As in <asm-generic/fcntl.h> and <linux/fcntl.h>.
const F_GETFL = 3;
const F_SETFL = 4;
const F_DUPFD_CLOEXEC = 1030;
const O_CLOEXEC = 0o2000000;

function descriptorCalls(
  library: CLibrary,
): Pick<PosixSpawn, 'pipe' | 'duplicateAbove' | 'letBlock'> {
  const pipe2 = library.func('int pipe2(void *ends, int flags)') as (
    ends: Buffer,
    flags: number,
  ) => number;
  const fcntl = library.func('int fcntl(int descriptor, int command, ...)') as (
    descriptor: number,
    command: number,
    type: 'int',
    value: number,
  ) => number;
  const ends = Buffer.alloc(8);
  return {
    pipe() {
      if (pipe2(ends, O_CLOEXEC) !== 0) throw library.lastError('pipe2');
      return [ends.readInt32LE(0), ends.readInt32LE(4)];
    },
    duplicateAbove(descriptor, bound) {
      const duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 'int', bound + 1);
      if (duplicate < 0) throw library.lastError('fcntl');
      return duplicate;
    },
    letBlock(descriptor) {
      const flags = fcntl(descriptor, F_GETFL, 'int', 0);
      if (flags < 0 || (flags & constants.O_NONBLOCK) === 0) return;
      fcntl(descriptor, F_SETFL, 'int', flags & ~constants.O_NONBLOCK);
    },
  };
}

function executableCheck(library: CLibrary): Pick<PosixSpawn, 'whyNotExecutable'> {
  const mayAccess = library.func('int access(const char *path, int mode)') as (
    path: string,
    mode: number,
  ) => number;
  return {
    whyNotExecutable: (path) =>
      mayAccess(path, constants.X_OK) === 0 ? undefined : library.lastError('access'),
  };
}

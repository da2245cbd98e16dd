import { delimiter, resolve } from 'node:path';
import { SpawnDescriptors } from '../os/descriptor.ts';
import type { ExecPlan } from './exec-plan.ts';
import { nativeChildren } from '../orphans/native-children.ts';
import { nodeStart } from './start-node.ts';
import type { PosixSpawn, PosixSpawnRequest } from '../native/posix-spawn.ts';
import type { Descriptors } from '../os/descriptor.ts';
import type { Start } from './start-process.ts';

/**
 * Starts processes by `posix_spawn`, which takes a fraction of a millisecond however large the host is.
 *
 * It cannot change the account: a process with one of its own is started as Node does, and so is one that is to have a socket.
 */
export function nativeStart(posix: PosixSpawn): Start {
  return (launch, descriptors, listener) => {
    const { uid, gid } = launch.account;
    const isBeyondUs = uid !== undefined || gid !== undefined || descriptors.includes('socket');
    if (isBeyondUs) return nodeStart(launch, descriptors, listener);
    const lent = new SpawnDescriptors();
    try {
      const request = {
        words: [launch.file, ...launch.args],
        variables: Object.entries(launch.environment).map(([name, value]) => `${name}=${value}`),
        directory: launch.directory,
        leads: !launch.withHost,
        descriptors: arrange(descriptors, posix, lent),
      };
      const pid = nativeChildren.start(
        () => execute(launch, request, posix),
        (exit) => {
          listener.ended(exit);
        },
      );
      return { pid, socketAt: () => undefined };
    } finally {
      lent.closeAll();
    }
  };
}

/** What each descriptor is made of; whatever would be overwritten by another before its turn is moved out of the way. */
function arrange(
  descriptors: Descriptors,
  posix: PosixSpawn,
  lent: SpawnDescriptors,
): PosixSpawnRequest['descriptors'] {
  const last = descriptors.length - 1;
  const isTarget = (number: number): boolean =>
    number <= last && (number <= 2 || descriptors[number] !== 'ignore');
  return [...descriptors.entries()].flatMap(([target, what]): PosixSpawnRequest['descriptors'] => {
    if (typeof what !== 'number') {
      // Whatever is above 2 and nothing is closed by itself.
      if (what === 'ignore') return target > 2 ? [] : [[target, null]];
      if (target <= 2) posix.letBlock(target);
      return [[target, target]];
    }
    if (target <= 2) posix.letBlock(what);
    const isInTheWay = what !== target && isTarget(what);
    return [[target, isInTheWay ? lent.keep(posix.duplicateAbove(what, last)) : what]];
  });
}

type Rest = Omit<PosixSpawnRequest, 'path'>;

/** Where programs are looked up without a PATH, as in `execvp`. */
const defaultPath = '/bin:/usr/bin';

/** The errors after which `execvp` looks further along the PATH. */
const passedOver: ReadonlySet<string> = new Set(
  'EACCES ENOENT ENOTDIR ESTALE ENODEV ETIMEDOUT'.split(' '),
);

/** Executes a program as `execvp` does: on the PATH that the process is to have, and by `sh` if it has no format. */
function execute(
  { file, directory = '.', environment }: ExecPlan,
  rest: Rest,
  posix: PosixSpawn,
): number {
  if (file.includes('/') || file === '') return executeAt(file, rest, posix);
  let failure = Object.assign(new Error(`spawn ${file} ENOENT`), { code: 'ENOENT' });
  for (const folder of (environment['PATH'] ?? defaultPath).split(delimiter)) {
    const path = folder === '' ? file : `${folder}/${file}`;
    try {
      const reason = posix.whyNotExecutable(resolve(directory, path));
      if (reason === undefined) return executeAt(path, rest, posix);
      throw reason;
    } catch (error) {
      const { code = 'EIO' } = error as NodeJS.ErrnoException;
      if (!passedOver.has(code)) throw error;
      if (code === 'EACCES') failure = Object.assign(error as Error, { code });
    }
  }
  throw failure;
}

function executeAt(path: string, rest: Rest, posix: PosixSpawn): number {
  try {
    return posix.spawn({ ...rest, path });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOEXEC') throw error;
    const [, ...args] = rest.words;
    return posix.spawn({ ...rest, path: '/bin/sh', words: ['/bin/sh', path, ...args] });
  }
}

import { delimiter, resolve } from 'node:path';
import { SpawnDescriptors } from '../os/descriptor.ts';
import type { ExecPlan } from './exec-plan.ts';
import { inheritedDescriptors } from '../os/inherited-descriptors.ts';
import { executedBy } from './executed.ts';
import { nativeChildren } from '../orphans/native-children.ts';
import { nodeStart } from './start-node.ts';
import type { PosixSpawn, PosixSpawnRequest } from '../native/posix-spawn.ts';
import type { Descriptors } from '../os/descriptor.ts';
import type { Start } from './start-process.ts';

/**
 * Starts processes by `posix_spawn`, which takes a fraction of a millisecond however large the host is.
 *
 * It cannot change the account: a process with an account of its own is started by Node or by a program that does, and one with a
 * socket by Node.
 */
export function nativeStart(posix: PosixSpawn): Start {
  return (plan, descriptors, listener) => {
    const isForNode = plan.account.ids !== undefined || descriptors.includes('socket');
    if (isForNode) return nodeStart(plan, descriptors, listener);
    inheritedDescriptors.close();
    const executed = { ...plan, ...executedBy(plan) };
    const temporary = new SpawnDescriptors();
    try {
      const request = {
        words: [executed.file, ...executed.args],
        variables: Object.entries(plan.environment).map(([name, value]) => `${name}=${value}`),
        directory: plan.directory,
        leads: !plan.withHost,
        descriptors: arrange(descriptors, posix, temporary),
      };
      const pid = nativeChildren.start(
        () => execute(executed, request, posix),
        (exit) => {
          listener.ended(exit);
        },
      );
      return { pid, socketAt: () => undefined };
    } finally {
      temporary.closeAll();
    }
  };
}

/**
 * What each descriptor is duplicated from. A source that an earlier step would overwrite is first duplicated to a higher
 * number.
 */
function arrange(
  descriptors: Descriptors,
  posix: PosixSpawn,
  temporary: SpawnDescriptors,
): PosixSpawnRequest['descriptors'] {
  const last = descriptors.length - 1;
  const isTarget = (number: number): boolean =>
    number <= last && (number <= 2 || descriptors[number] !== 'ignore');
  return [...descriptors.entries()].flatMap(([target, what]): PosixSpawnRequest['descriptors'] => {
    if (typeof what !== 'number') {
      // A descriptor above 2 that is not listed is closed automatically.
      if (what === 'ignore') return target > 2 ? [] : [[target, null]];
      if (target <= 2) posix.letBlock(target);
      return [[target, target]];
    }
    if (target <= 2) posix.letBlock(what);
    const isInTheWay = what !== target && isTarget(what);
    return [[target, isInTheWay ? temporary.keep(posix.duplicateAbove(what, last)) : what]];
  });
}

type Rest = Omit<PosixSpawnRequest, 'path'>;

/** The PATH for processes that have none, as in `execvp`. */
const defaultPath = '/bin:/usr/bin';

/** The errors after which `execvp` continues with the next folder of PATH. */
const skippedErrors: ReadonlySet<string> = new Set(
  'EACCES ENOENT ENOTDIR ESTALE ENODEV ETIMEDOUT'.split(' '),
);

/** Executes a program as `execvp` does: along the PATH of the process, and by `sh` if the file has no known format. */
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
      if (!skippedErrors.has(code)) throw error;
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

import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { unlessInCI } from '../skipping.ts';

/** How a container is set up. */
export interface Walls {
  /** A folder that is mounted read-only. */
  readonly readOnly?: string | undefined;
  /** Whether everything in it runs as the account `nobody`. */
  readonly asNobody: boolean;
  /** Whether it has a `/run` of its own, empty, for every account to write to. */
  readonly ownRun: boolean;
  /** Programs and folders that it does not have, by their paths. */
  readonly without: readonly string[];
}

/** The account `nobody`, by number: it needs no entry in any file. */
const nobody = '65534';

/** Mounts the folder $0 read-only, for this mount namespace alone, and goes on with the command line. */
const mountReadOnly = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"';

/** Closes `/run` of the machine, so that a private runtime directory is in `TMPDIR`, where the tests look for what is left. */
const closeRun = 'mount --bind /run /run && mount -o remount,bind,ro /run && exec "$@"';

/** Mounts an empty folder in the place of `/run`. */
const mountRun = 'mount -t tmpfs -o mode=1777 tmpfs /run && exec "$@"';

/** Puts `/dev/null`, which nobody can execute, in the place of a program, and an empty folder in the place of a folder. */
const hide =
  'if [ -d "$0" ]; then mount -t tmpfs tmpfs "$0"; else mount --bind /dev/null "$0"; fi && exec "$@"';

/**
 * The command line that runs a program as PID 1 of namespaces of its own, for pids and for mounts. All of them end when
 * who starts it does, however that comes about.
 */
export function inNamespace(
  program: readonly string[],
  { readOnly, asNobody, ownRun, without }: Walls,
): string[] {
  return [
    ...['setpriv', '--pdeathsig', 'KILL'],
    ...(ownRun ? [] : ['unshare', '--mount', 'sh', '-c', closeRun, 'sh']),
    ...['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'],
    ...(ownRun ? ['sh', '-c', mountRun, 'sh'] : []),
    ...without.flatMap((path) => ['sh', '-c', hide, path]),
    ...(readOnly === undefined ? [] : ['sh', '-c', mountReadOnly, readOnly]),
    // A change of account undoes --kill-child, which is the same thing.
    ...(asNobody ? ['setpriv', '--reuid', nobody, '--regid', nobody, '--clear-groups'] : []),
    ...(asNobody ? ['--pdeathsig', 'KILL'] : []),
    ...program,
  ];
}

/**
 * How PID 1 of the namespace ended, by what `unshare` says: the code is passed on, and so is a signal, but that util-linux
 * up to 2.38 fails when it was KILL and ends with 1. Nothing else can end PID 1 by a signal from outside.
 */
export function endInside(
  code: number | null,
  signal: NodeJS.Signals | null,
  stderr: readonly string[],
): { code: number | null; signal: NodeJS.Signals | null } {
  const killed = code === 1 && stderr.at(-1)?.includes('sigprocmask unblock failed') === true;
  return killed ? { code: null, signal: 'SIGKILL' } : { code, signal };
}

/** Nothing but the namespaces themselves. */
const plainWalls: Walls = { asNobody: false, ownRun: false, without: [] };

/** Why no container can be made here; `false`: it can, or must. */
export const noContainers = unlessInCI(reasonToSkip());

/** Why nothing can be run as `nobody` here; `false`: it can. */
export const noNobody = noContainers === false ? reasonAgainstNobody() : noContainers;

function reasonToSkip(): string | false {
  if (process.platform !== 'linux') return 'only Linux has PID namespaces';
  if (process.getuid?.() !== 0) return 'only root can make a PID namespace';
  const [program = '', ...args] = inNamespace(['true'], plainWalls);
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status === 0) return false;
  return `no PID namespace can be made here: ${error?.message ?? stderr.trim()}`;
}

function reasonAgainstNobody(): string | false {
  const [program = '', ...args] = inNamespace([process.execPath, '--version'], {
    ...plainWalls,
    asNobody: true,
  });
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status === 0) return false;
  return `nobody cannot run ${process.execPath}: ${error?.message ?? stderr.trim()}`;
}

/** Why a test that needs these programs cannot be run here; `false`: they are all on the PATH of a container. */
export function missing(...programs: readonly string[]): string | false {
  if (noContainers !== false) return noContainers;
  const absent = programs.filter((program) => !isThere(program));
  return absent.length === 0 ? false : `not installed here: ${absent.join(', ')}`;
}

/** The PATH of every container, as images have it. */
export const containerPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function isThere(program: string): boolean {
  return containerPath.split(':').some((folder) => {
    try {
      accessSync(`${folder}/${program}`, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

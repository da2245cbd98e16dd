import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { makeTemporary, removeTemporary } from './temporary.ts';
import { onlyRootCan, unlessInCI } from '../skipping.ts';

/** How a container is set up. */
export interface Walls {
  /** A folder that is mounted read-only. */
  readonly readOnly?: string | undefined;
  /** Whether everything in it runs as the account `nobody`. */
  readonly asNobody: boolean;
  /** Whether it has a private `/run`, empty, which every account may write to. */
  readonly ownRun: boolean;
  /** Whether it has a view of the root that it can write to without a change to the machine, and a private `/run`. */
  readonly ownRoot?: boolean;
  /** The paths of programs and folders that are hidden from it. */
  readonly without: readonly string[];
}

/** The uid of the account `nobody`, which needs no entry in any file. */
const nobody = '65534';

/** Mounts the folder $0 read-only, for this mount namespace alone, and executes the command line. */
const mountReadOnly = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"';

/** Makes the machine's `/run` read-only, so that a private runtime directory is in `TMPDIR`, where the tests look for leftovers. */
const closeRun = 'mount --bind /run /run && mount -o remount,bind,ro /run && exec "$@"';

/**
 * Mounts an empty folder over `/run`, and makes the rest read-only but for the folder of the container: no link that process 1 makes in
 * the runtime directory of s6-overlay may get into the machine.
 */
const mountRun =
  'mount -t tmpfs -o mode=1777 tmpfs /run && mount --bind "$PWD" "$PWD" && cd "$PWD" && mount -o remount,bind,ro / && exec "$@"';

/** Changes the root to a view of it with a writable layer in memory. The folder of the container is the same in it. */
const changeRoot = [
  'mkdir layers && mount -t tmpfs tmpfs layers && mkdir layers/upper layers/work layers/view',
  'mount -t overlay overlay -o "lowerdir=/,upperdir=$PWD/layers/upper,workdir=$PWD/layers/work" layers/view',
  'above=$(dirname "$PWD") && mkdir -p "layers/view$above" && mount --bind "$above" "layers/view$above"',
  'mount -t tmpfs tmpfs layers/view/run && mount --rbind /proc layers/view/proc && mount --rbind /dev layers/view/dev',
  `exec chroot layers/view sh -c 'cd "$0" && exec "$@"' "$PWD" "$@"`,
].join(' && ');

/** Mounts `/dev/null`, which cannot be executed, over a program, and an empty folder over a folder. */
const hide =
  'if [ -d "$0" ]; then mount -t tmpfs tmpfs "$0"; else mount --bind /dev/null "$0"; fi && exec "$@"';

/**
 * The command line that runs a program as PID 1 of new namespaces for pids and for mounts. All processes in them end when the
 * process that runs the command line ends, for any reason.
 */
export function inNamespace(
  program: readonly string[],
  { readOnly, asNobody, ownRun, ownRoot = false, without }: Walls,
): string[] {
  return [
    ...['setpriv', '--pdeathsig', 'KILL'],
    ...(ownRun || ownRoot ? [] : ['unshare', '--mount', 'sh', '-c', closeRun, 'sh']),
    ...['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'],
    ...(ownRun ? ['sh', '-c', mountRun, 'sh'] : []),
    ...(ownRoot ? ['sh', '-c', changeRoot, 'sh'] : []),
    ...without.flatMap((path) => ['sh', '-c', hide, path]),
    ...(readOnly === undefined ? [] : ['sh', '-c', mountReadOnly, readOnly]),
    // A change of account cancels the parent-death signal of --kill-child, so it is set again.
    ...(asNobody ? ['setpriv', '--reuid', nobody, '--regid', nobody, '--clear-groups'] : []),
    ...(asNobody ? ['--pdeathsig', 'KILL'] : []),
    ...program,
  ];
}

/**
 * How PID 1 of the namespace ended, by the end of `unshare`, which passes on the exit code or the signal. But util-linux up to
 * 2.38 fails when the signal was KILL, and exits with 1. No other signal from outside can end PID 1 of a namespace.
 */
export function endInside(
  code: number | null,
  signal: NodeJS.Signals | null,
  stderr: readonly string[],
): { code: number | null; signal: NodeJS.Signals | null } {
  const killed = code === 1 && stderr.at(-1)?.includes('sigprocmask unblock failed') === true;
  return killed ? { code: null, signal: 'SIGKILL' } : { code, signal };
}

/** The namespaces alone, with nothing hidden or mounted. */
const plainWalls: Walls = { asNobody: false, ownRun: false, without: [] };

/** The reason why no container can be made here; `false` if one can be made. */
export const noContainers = unlessInCI(reasonToSkip());

/** The reason why nothing can be run as `nobody` here; `false` if it can. */
export const noNobody = noContainers === false ? unlessInCI(reasonAgainstNobody()) : noContainers;

function reasonToSkip(): string | false {
  if (process.platform !== 'linux') return 'only Linux has PID namespaces';
  if (process.getuid?.() !== 0) return `${onlyRootCan} make a PID namespace`;
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

/** The reason why no container can have a root of its own here; `false` if one can. */
export function noOwnRoot(): string | false {
  if (noContainers !== false) return noContainers;
  const folder = makeTemporary();
  const [program = '', ...args] = inNamespace(['true'], { ...plainWalls, ownRoot: true });
  const { status, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  removeTemporary(folder);
  return unlessInCI(
    status !== 0 && `no overlay can be mounted here: ${error?.message ?? stderr.trim()}`,
  );
}

/** The reason why a test that needs these programs cannot run here; `false` if all are on the PATH of a container. */
export function missing(...programs: readonly string[]): string | false {
  if (noContainers !== false) return noContainers;
  const absent = programs.filter((program) => !isThere(program));
  return unlessInCI(absent.length > 0 && `not installed here: ${absent.join(', ')}`);
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

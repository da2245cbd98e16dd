import type { GuardLoss } from './guard-process.ts';
import { GuardProcess } from './guard-process.ts';
import { markerOf } from '../variables/environment-readings.ts';
import type { LiveProcessKind, LiveProcesses, LiveProcessesWatcher } from './live-processes.ts';
import type { RuntimeDirectory } from '../directory/runtime-directory.ts';
import type { Thread } from '../../system/thread.ts';
import { isProcess1 } from '../../system/thread.ts';
import { problem } from '../../model/problem.ts';
import type { Problem } from '../../model/problem.ts';

/** What a guard needs. */
export interface GuardSource {
  readonly runtimeDirectory: RuntimeDirectory;
  /** Called when a guard is lost or cannot be started; never in the same turn as a call to the guard. */
  readonly onProblem: (problem: Problem) => void;
  /** The guard's shell. Default: `/bin/sh`. */
  readonly shell?: string;
  /** The thread that is guarded. Default: this one. */
  readonly thread?: Thread;
}

/** Milliseconds until a lost guard is replaced, for each loss in a row. After the last, no guard is started any more. */
const delays = [0, 1000, 2000, 4000, 8000];

/** Milliseconds after which a guard's loss counts as the first one again. */
const longLife = 60_000;

/** Errors after which a further attempt is pointless. */
const permanentErrors: ReadonlySet<string> = new Set(['ENOENT', 'EACCES', 'ENOEXEC', 'ENOTDIR']);

/**
 * Ends every process of the tree when the host is gone, for whatever reason, KILL included, or when the supervisor's Worker
 * thread is gone: the process groups and the daemons that carry the marker. Removes the runtime directory if it is private.
 * Takes a second: TERM, and KILL half a second later.
 *
 * The guard is a separate shell that knows the groups, since a killed process can do nothing any more. It is started when it
 * is enabled and the first spawn is about to happen. Some microseconds lie between a spawn and the line that reports it; if
 * the host is killed there, the guard does not know the child's group and finds the child by its marker.
 *
 * The main thread of process 1 needs none: the kernel kills every process when process 1 ends.
 *
 * Children of a Worker thread that was terminated are then dead, and stay zombies until the process ends: the process is
 * their parent, and Node waits for a child only in the thread that started it.
 */
export class Guard implements LiveProcessesWatcher {
  readonly #source: GuardSource;
  #living: LiveProcesses | undefined;
  #givenUp: () => void = () => undefined;
  #isEnabled = false;
  #isNeeded = false;
  #isClosed = false;
  #process: GuardProcess | undefined;
  #startedAt = 0;
  /** Losses in a row, each within `longLife`. */
  #losses = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: GuardSource) {
    this.#source = source;
  }

  /** Whether the guard is to run. */
  get isEnabled(): boolean {
    return this.#isEnabled;
  }

  /** Starts the guard now, or before the first child. */
  enable(): void {
    this.#isEnabled = true;
    if (this.#isNeeded) this.prepare();
  }

  /** Guards these processes. `givenUp` is called when no guard runs and none is started any more. */
  protect(living: LiveProcesses, givenUp: () => void): void {
    this.#living = living;
    this.#givenUp = givenUp;
    living.watch(this);
  }

  /** Called before each spawn: starts the guard if it is not running yet. */
  prepare(): void {
    this.#isNeeded = true;
    if (!this.#isEnabled || this.#startedAt > 0 || isProcess1(this.#source.thread)) return;
    this.#start();
  }

  changed(id: number, kind: LiveProcessKind | 'gone'): void {
    this.#process?.write(line(id, kind));
  }

  /** Makes the guard exit without ending anything. Resolves when it is gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#process?.leave();
    this.#process = undefined;
  }

  #start(): void {
    if (this.#isClosed) return;
    this.#startedAt = performance.now();
    try {
      this.#process = new GuardProcess(this.#orders(), (loss) => {
        this.#replace(loss);
      });
    } catch (error) {
      const { code = 'EIO', message } = error as NodeJS.ErrnoException;
      this.#timer = setTimeout(() => {
        this.#replace({ pid: undefined, code, message });
      }).unref();
      return;
    }
    const entries = [...(this.#living?.entries() ?? [])];
    if (entries.length > 0) this.#process.write(entries.map((one) => line(...one)).join(''));
  }

  #orders(): { shell: string; marker: string; folder: string } {
    const { shell = '/bin/sh', runtimeDirectory } = this.#source;
    return {
      shell,
      marker: markerOf(runtimeDirectory) ?? '',
      folder: runtimeDirectory.isPrivate ? runtimeDirectory.path : '',
    };
  }

  #replace(loss: GuardLoss): void {
    this.#process = undefined;
    if (performance.now() - this.#startedAt > longLife) this.#losses = 0;
    const isPermanent = loss.pid === undefined && permanentErrors.has(loss.code);
    const delay = isPermanent ? undefined : delays[this.#losses];
    this.#losses += 1;
    if (delay === undefined) this.#givenUp();
    else if (delay === 0) this.#start();
    else this.#timer = setTimeout(() => this.#start(), delay).unref();
    this.#source.onProblem(lossProblem(this.#source.shell ?? '/bin/sh', loss, delay));
  }
}

function line(id: number, kind: LiveProcessKind | 'gone'): string {
  return `${kind} ${String(id)}\n`;
}

function lossProblem(shell: string, loss: GuardLoss, delay: number | undefined): Problem {
  const what =
    loss.pid === undefined
      ? `the guard cannot be started: ${loss.message}`
      : `the guard, process ${String(loss.pid)}, has ended (${loss.how})`;
  return problem('guard-lost', shell, `${what}; ${consequence(delay)}`, {
    remedy:
      loss.pid === undefined
        ? 'Provide a shell at this path, and room for one more process.'
        : 'Do not kill the process stagekeeper-guard: it exits by itself when this one ends.',
  });
}

function consequence(delay: number | undefined): string {
  const unguarded = 'the services live on if this process is killed';
  if (delay === undefined) return `no other guard is started, and ${unguarded}.`;
  if (delay === 0) return 'another guard replaces it at once.';
  return `another guard replaces it in ${String(delay / 1000)} s, and until then ${unguarded}.`;
}

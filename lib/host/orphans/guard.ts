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
  /** Hears of a guard that is lost or cannot be had; never before the turn in which something is asked of us is over. */
  readonly told: (problem: Problem) => void;
  /** The shell that guards. Default: `/bin/sh`. */
  readonly shell?: string;
  /** The thread whose end it watches for. Default: this one. */
  readonly thread?: Thread;
}

/** Milliseconds until a lost guard is replaced, one loss after the other. After the last of them none is started any more. */
const delays = [0, 1000, 2000, 4000, 8000];

/** Milliseconds that a guard must have lived for the losses before it to be forgotten. */
const longLife = 60_000;

/** What there is no sense in trying again after. */
const hopeless: ReadonlySet<string> = new Set(['ENOENT', 'EACCES', 'ENOEXEC', 'ENOTDIR']);

/**
 * Ends every process of the tree when the host is gone, by whatever it went, KILL included, or when the Worker thread of the
 * supervisor is: the process groups, daemons that carry the marker, and the runtime directory if it is private. Within a
 * second: TERM, and KILL half a second later.
 *
 * It is a shell of its own that knows the groups, since nobody in a killed process can do anything any more. It is started
 * when it is enabled and the first child is about to be; between a child's birth and the line that tells of it lie some
 * microseconds in which a killed host leaves a child that the guard does not know by its group: it finds it by its marker.
 *
 * The main thread of process 1 needs none: the kernel kills every process when it ends.
 *
 * What was started from a Worker thread that has been terminated is dead then, and a zombie until the process ends: its parent
 * is the process, and Node waits for a child in the thread that started it only.
 */
export class Guard implements LiveProcessesWatcher {
  readonly #source: GuardSource;
  #living: LiveProcesses | undefined;
  #isEnabled = false;
  #isNeeded = false;
  #isClosed = false;
  #process: GuardProcess | undefined;
  #startedAt = 0;
  /** Guards lost in quick succession. */
  #losses = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: GuardSource) {
    this.#source = source;
  }

  /** Lets it guard from now on, or from the first child on. */
  enable(): void {
    this.#isEnabled = true;
    if (this.#isNeeded) this.prepare();
  }

  /** Who is to be guarded. */
  protect(living: LiveProcesses): void {
    this.#living = living;
    living.watch(this);
  }

  /** A process is about to be started: lets the guard be there before it. */
  prepare(): void {
    this.#isNeeded = true;
    if (!this.#isEnabled || this.#startedAt > 0 || isProcess1(this.#source.thread)) return;
    this.#start();
  }

  changed(id: number, kind: LiveProcessKind | 'gone'): void {
    this.#process?.write(line(id, kind));
  }

  /** Lets it go without doing anything. Resolves when nothing of it is left. */
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
    const everybody = [...(this.#living?.entries() ?? [])];
    if (everybody.length > 0) this.#process.write(everybody.map((one) => line(...one)).join(''));
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
    const isHopeless = loss.pid === undefined && hopeless.has(loss.code);
    const delay = isHopeless ? undefined : delays[this.#losses];
    this.#losses += 1;
    if (delay === 0) this.#start();
    else if (delay !== undefined) this.#timer = setTimeout(() => this.#start(), delay).unref();
    this.#source.told(lossProblem(this.#source.shell ?? '/bin/sh', loss, delay));
  }
}

function line(id: number, kind: LiveProcessKind | 'gone'): string {
  return `${kind} ${String(id)}\n`;
}

function lossProblem(shell: string, loss: GuardLoss, delay: number | undefined): Problem {
  const what =
    loss.pid === undefined
      ? `the guard cannot be started: ${loss.message}`
      : `the guard, process ${String(loss.pid)}, has come to its end (${loss.how})`;
  return problem('guard-lost', shell, `${what}; ${consequence(delay)}`, {
    remedy:
      loss.pid === undefined
        ? 'Provide a shell at this path, and room for one more process.'
        : 'Let the process stagekeeper-guard live: it goes by itself when this one ends.',
  });
}

function consequence(delay: number | undefined): string {
  const unguarded = 'the services live on if this process is killed';
  if (delay === undefined) return `no other one is started, and ${unguarded}.`;
  if (delay === 0) return 'another one takes its place at once.';
  return `another one takes its place in ${String(delay / 1000)} s, and until then ${unguarded}.`;
}

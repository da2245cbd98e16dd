import type { ContractRig } from './contract-rig.ts';
import type { Behaviour } from '../simulation/behaviour.ts';
import type { Exit } from '../../model/exit.ts';
import type { Leftover } from '../../model/leftover.ts';
import type { Command } from '../../model/program.ts';
import type { Child } from '../../engine/spawner.ts';
import type { SpawnFailure } from '../../model/spawn-failure.ts';

/** A child, and the reports of the spawner about it. */
export interface Watched {
  readonly child: Child;
  /** The reports in short form, in order: `spawned`, `announced`, `stdout: text`, `exited 0`, `exited SIGTERM`, `unspawnable ENOENT`. */
  readonly reports: readonly string[];
  readonly pid: number | undefined;
  readonly exit: Exit | undefined;
  readonly leftBehind: boolean | undefined;
  readonly failure: SpawnFailure | undefined;
}

/** Runs one case: it starts processes, and ends those that are left. */
export class Bench {
  readonly rig: ContractRig;
  /** The names of the spawned processes, in order. */
  readonly order: string[] = [];
  readonly #all: Watched[] = [];

  constructor(rig: ContractRig) {
    this.rig = rig;
  }

  /** Requests a process with this behaviour. */
  start(name: string, behaviour: Behaviour = {}, more: Partial<Command> = {}): Watched {
    const reports: string[] = [];
    const seen: { -readonly [field in keyof Omit<Watched, 'child'>]: Watched[field] } = {
      reports: reports,
      pid: undefined,
      exit: undefined,
      leftBehind: undefined,
      failure: undefined,
    };
    const child = this.rig.spawner.spawn(this.rig.command(name, behaviour, more), {
      spawned: (pid) => {
        reports.push('spawned');
        seen.pid = pid;
        this.order.push(name);
      },
      unspawnable: (failure) => {
        reports.push(`unspawnable ${failure.code}`);
        seen.failure = failure;
      },
      announced: () => void reports.push('announced'),
      printed: (stream, line) => void reports.push(`${stream}: ${line}`),
      exited: (exit, leftBehind) => {
        reports.push(`exited ${String(exit.code ?? exit.signal)}`);
        Object.assign(seen, { exit, leftBehind });
      },
    });
    const watched = Object.assign(seen, { child });
    this.#all.push(watched);
    return watched;
  }

  /** Requests a process and waits until it is ready to announce its readiness, so that all its traps are set. */
  async startReady(
    name: string,
    behaviour: Behaviour = {},
    more: Partial<Command> = {},
  ): Promise<Watched> {
    const watched = this.start(name, { ...behaviour, ready: true }, { notificationFd: 3, ...more });
    await this.reported(watched, 'announced');
    return watched;
  }

  /** Waits until the spawner has made this report. */
  reported(watched: Watched, what: string): Promise<void> {
    return this.rig.until(() => watched.reports.includes(what), `'${what}'`);
  }

  /** Waits until the process has exited. */
  ended(watched: Watched): Promise<void> {
    return this.rig.until(() => watched.exit !== undefined, 'the exit');
  }

  settle(): Promise<void> {
    return this.rig.settle();
  }

  /** Ends every living process, and closes the spawner. */
  async clear(): Promise<void> {
    await this.rig.until(
      () => this.#all.every((one) => one.pid !== undefined || isOver(one)),
      'every spawn',
    );
    for (const one of this.#all) if (!isOver(one)) one.child.kill('SIGKILL', 'group');
    await this.rig.until(() => this.#all.every(isOver), 'every exit');
    let swept = 0;
    for (const { child } of this.#all) child.sweep(0, () => (swept += 1));
    await this.rig.until(() => swept === this.#all.length, 'the end of every sweep');
    await this.sweepRunaways(0);
    await this.close();
  }

  /** Ends the daemonized processes within the time of `until`. Returns those that needed KILL. */
  async sweepRunaways(grace: number): Promise<readonly Leftover[]> {
    const { spawner } = this.rig;
    if (spawner.sweep === undefined) return [];
    const ended: Leftover[][] = [];
    spawner.sweep(grace, (killed) => ended.push([...killed]));
    await this.rig.until(() => ended.length > 0, 'the end of the daemonized processes');
    return ended.flat();
  }

  /** Closes the spawner within the time of `until`. */
  async close(): Promise<void> {
    let isSettled = false;
    const settled = (): void => {
      isSettled = true;
    };
    const closing = this.rig.spawner.close();
    void closing.then(settled, settled);
    await this.rig.until(() => isSettled, 'the end of the spawner');
    await closing;
  }
}

function isOver({ exit, failure }: Watched): boolean {
  return exit !== undefined || failure !== undefined;
}

import type { Socket } from 'node:net';
import { AdoptedOrphans } from '../orphans/adopted-orphans.ts';
import { canOpenAgain } from '../os/descriptor.ts';
import { EnvironmentReadings, markerOf } from '../variables/environment-readings.ts';
import type { Variables } from '../variables/environment-readings.ts';
import { Fifos } from '../pipes/fifos.ts';
import type { Guard } from '../orphans/guard.ts';
import { HostStreams } from '../pipes/host-streams.ts';
import { ReadPipes } from '../pipes/read-pipes.ts';
import { ExitHook } from '../orphans/exit-hook.ts';
import type { ExecPlan, ExecPlanSource } from './exec-plan.ts';
import { planExec } from './exec-plan.ts';
import { LiveProcesses } from '../orphans/live-processes.ts';
import { LogPipes } from '../pipes/log-pipes.ts';
import { NodeChild } from './node-child.ts';
import { nodeStart } from './start-node.ts';
import { nativeStart } from './start-native.ts';
import { PacedReaders } from '../pipes/paced-readers.ts';
import type { PipeEnds, PipeMaker } from '../pipes/pipe-ends.ts';
import { endWriters } from '../orphans/pipe-writers.ts';
import { makePipe } from '../pipes/pipe-ends.ts';
import type { PosixSpawn } from '../native/posix-spawn.ts';
import { ProcessTable } from '../os/process-table.ts';
import type { Reaper } from '../orphans/reaper.ts';
import { endDaemonized } from '../orphans/daemonized.ts';
import { explainFailure } from './spawn-failure.ts';
import type { Child, ChildListener, SpawnFailure, Spawner } from '../../engine/spawner.ts';
import type { Start } from './start-process.ts';
import { runAll } from '../os/run-all.ts';
import { provideShims } from '../script-interface/shims.ts';
import type { PendingSpawn } from './spawn-queue.ts';
import { SpawnQueue } from './spawn-queue.ts';
import { Stdio } from './stdio.ts';
import type { Leftover } from '../../model/leftover.ts';
import type { Problem } from '../../model/problem.ts';
import type { Command } from '../../model/program.ts';

/** What a spawner of real processes needs. */
export interface SpawnerSource extends ExecPlanSource {
  /** Ends the processes when this one is killed. Default: nobody does. A guard is for one spawner. */
  readonly guard?: Guard | undefined;
  /** Who reaps orphans meanwhile. Default: nobody. */
  readonly reaper?: Reaper | undefined;
  /** The orphans that are ended with the rest, if they are claimed. Default: none is. */
  readonly adopted?: AdoptedOrphans | undefined;
  /** The system's own functions, to start processes and make pipes by. Default: as Node does, with FIFOs. */
  readonly posix?: PosixSpawn | undefined;
  /** The same for the host's own command alone, looked for when it starts. Default: as everything else. */
  readonly posixForCommand?: (() => PosixSpawn | undefined) | undefined;
  /** What makes log pipes where there is no `posix`. Default: nothing. */
  readonly pipeMaker?: PipeMaker | undefined;
  /** Hears what is wrong with the output of children. Default: nothing does. */
  readonly told?: ((problem: Problem) => void) | undefined;
}

/**
 * A spawner of real processes, each with a session and a process group of its own, as under s6.
 *
 * A spawn as Node does it keeps the host's loop for about a millisecond, in a large host for many, and a native one for a fraction
 * of one. The first one of a turn happens at once, further ones one a turn,
 * so that the host breathes while hundreds of services start.
 */
export function nodeSpawner(source: SpawnerSource): Spawner {
  return new NodeSpawner(source);
}

/** A child that waits for its turn, with its descriptors. */
interface Asked extends PendingSpawn {
  readonly child: NodeChild;
  readonly wiring: Stdio;
  /** The moment, for its environment. */
  readonly moment: number;
}

class NodeSpawner implements Spawner {
  readonly #source: SpawnerSource;
  readonly #readings: EnvironmentReadings;
  readonly #fifos: Fifos;
  readonly #pipes: LogPipes;
  readonly #inlets: ReadPipes;
  readonly #readers = new PacedReaders();
  readonly #heldBack = new Set<NodeChild>();
  readonly #host: HostStreams;
  readonly #lastResort: ExitHook;
  readonly #way: Start;
  readonly #table = new ProcessTable();
  readonly #living = new LiveProcesses();
  readonly #adopted: AdoptedOrphans;
  readonly #waiting = new SpawnQueue<Asked>((asked) => {
    this.#enqueue(asked);
  });
  readonly #queue: Asked[] = [];
  #turn: NodeJS.Immediate | undefined;
  #closed: Promise<void> | undefined;

  constructor(source: SpawnerSource) {
    this.#source = source;
    this.#adopted = source.adopted ?? new AdoptedOrphans();
    this.#readings = new EnvironmentReadings(source.environment, source.runtimeDirectory);
    this.#fifos = new Fifos(source.runtimeDirectory);
    const { posix, pipeMaker = () => undefined, told = () => undefined } = source;
    const make = posix && ((): PipeEnds => makePipe(posix));
    // A pipe that several processes open needs a name where there is no other way to it.
    const maker: PipeMaker = () => (canOpenAgain() ? (make ?? pipeMaker()) : undefined);
    this.#pipes = new LogPipes(this.#fifos, maker);
    this.#host = new HostStreams({
      fifos: this.#fifos,
      maker,
      told,
      relays: () => {
        this.#lastResort.hold();
      },
    });
    this.#inlets = new ReadPipes(this.#fifos, make);
    this.#way = posix === undefined ? nodeStart : nativeStart(posix);
    source.guard?.protect(this.#living);
    this.#lastResort = new ExitHook(this.#living, () => {
      this.#host.flush();
      source.runtimeDirectory.remove();
    });
    this.#living.watch(this.#lastResort);
  }

  spawn(command: Command, listener: ChildListener): Child {
    const parts = {
      table: this.#table,
      living: this.#living,
      readers: this.#readers,
      heldBack: this.#heldBack,
    };
    if (this.#closed !== undefined) {
      const refused = new NodeChild(command, listener, { ...parts, over: () => undefined });
      refused.fail(closed);
      return refused;
    }
    this.#adopted.begin();
    this.#source.guard?.prepare();
    this.#source.reaper?.begin();
    const ends = { pipes: this.#pipes, inlets: this.#inlets, host: this.#host };
    const wiring = new Stdio(command, ends);
    const over = wiring.release.bind(wiring);
    const child = new NodeChild(command, listener, { ...parts, over });
    const moment = this.#readings.ask();
    const asked = { child, wiring, moment, shares: wiring.pipes };
    this.#waiting.enter(asked, wiring.missing(), (error) => {
      child.fail(failure('its log pipe cannot be made', error));
    });
    return child;
  }

  closePipe(pipe: string): void {
    this.#pipes.release(pipe);
  }

  sweep(grace: number, done: (killed: readonly Leftover[]) => void, pipe?: string): void {
    void this.#sweep(grace, done, pipe);
  }

  reportExits(): void {
    for (const child of this.#heldBack) child.reportExit();
  }

  close(grace = 0): Promise<void> {
    this.#closed ??= this.#close(grace);
    return this.#closed;
  }

  async #close(grace: number): Promise<void> {
    clearImmediate(this.#turn);
    for (const asked of [...this.#waiting.clear(), ...this.#queue.splice(0)]) {
      asked.child.fail(closed);
    }
    await runAll([
      () => this.#fifos.settled(),
      () => {
        this.#adopted.end();
      },
      () => this.#source.reaper?.end(),
      () => this.#readers.close(),
      () => this.#inlets.close(),
      () => this.#host.close(grace),
      () => {
        this.#pipes.close();
      },
      () => {
        this.#living.forgetLeaderless();
        this.#lastResort.release();
      },
      () => this.#source.guard?.close(),
    ]);
  }

  async #sweep(
    grace: number,
    done: (killed: readonly Leftover[]) => void,
    pipe?: string,
  ): Promise<void> {
    // Who cannot be found cannot be ended.
    done(await this.#endRunaways(grace, pipe).catch(() => []));
  }

  async #endRunaways(grace: number, pipe?: string): Promise<readonly Leftover[]> {
    const { runtimeDirectory } = this.#source;
    const marker = markerOf(runtimeDirectory);
    const [table, living, adopted] = [this.#table, this.#living, this.#adopted];
    // Nobody can have run away if nothing was ever started.
    if (!runtimeDirectory.inUse || (marker === undefined && !adopted.counts)) return [];
    const source = { marker, table, living, adopted };
    if (pipe === undefined) return endDaemonized(grace, source);
    const known = this.#pipes.find(pipe);
    return known === undefined ? [] : endWriters(known, grace, source);
  }

  #enqueue(asked: Asked): void {
    this.#queue.push(asked);
    if (this.#turn === undefined) this.#next();
  }

  #next(): void {
    this.#turn = undefined;
    const asked = this.#queue.shift();
    if (asked === undefined) return;
    this.#turn = setImmediate(() => {
      this.#next();
    });
    this.#start(asked);
  }

  /** Makes what every process is to find, if it is not there yet, and returns its variables; or what cannot be made. */
  #provide(moment: number): { readonly variables: Variables } | SpawnFailure {
    const { premises, runtimeDirectory } = this.#source;
    let thing = 'the runtime directory is';
    try {
      // First of all: what is another supervisor's is not touched.
      premises?.provide();
      thing = 'the container environment is';
      const variables = this.#readings.since(moment);
      thing = 'the stand-ins for programs of s6 are';
      provideShims(runtimeDirectory);
      return { variables };
    } catch (error) {
      return failure(`${thing} not to be had`, error);
    }
  }

  /** Node does not tell the end by a real-time signal, and the exit code of the host's own command is the container's. */
  #wayOf({ foreground = false }: Command): Start {
    const posix = foreground ? this.#source.posixForCommand?.() : undefined;
    return posix === undefined ? this.#way : nativeStart(posix);
  }

  #start(asked: Asked): void {
    const { child } = asked;
    const provided = this.#provide(asked.moment);
    if ('code' in provided) return child.fail(provided);
    const launch = planExec(child.command, this.#source, provided.variables);
    if ('code' in launch) return child.fail(launch);
    const begun = begin(asked, launch, this.#wayOf(child.command));
    if ('code' in begun) return child.fail(begun);
    if (begun.pid !== undefined) child.follow(begun.pid, begun.streams, launch.withHost);
  }
}

interface Begun {
  /** `undefined`: it cannot be run, which the child is told by itself. */
  readonly pid: number | undefined;
  readonly streams: ReadonlyMap<number, Socket>;
}

function begin({ child, wiring }: Asked, launch: ExecPlan, start: Start): Begun | SpawnFailure {
  try {
    const connection = wiring.connect();
    try {
      const started = start(launch, connection.descriptors, {
        ended: (exit) => {
          child.end(exit);
        },
        failed: (error) => {
          child.fail(explainFailure(error, child.command, launch));
        },
      });
      return { pid: started.pid, streams: wiring.streamsOf(connection, started) };
    } finally {
      connection.lent.closeAll();
    }
  } catch (error) {
    return explainFailure(error, child.command, launch);
  }
}

function failure(what: string, error: unknown): SpawnFailure {
  const { code = 'EIO', message } = error as NodeJS.ErrnoException;
  return { code, message: `${what}: ${message.replace(/\.$/, '')}.` };
}

const closed: SpawnFailure = { code: 'ECANCELED', message: 'everything is at its end.' };

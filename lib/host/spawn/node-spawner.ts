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
import { explainFailure, failureOf } from './spawn-failure.ts';
import type { Child, ChildListener, Spawner } from '../../engine/spawner.ts';
import type { SpawnFailure } from '../../model/spawn-failure.ts';
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
  /** Ends the processes when this one is killed. Default: none. A guard serves one spawner. */
  readonly guard?: Guard | undefined;
  /** Reaps orphans while the spawner is open. Default: none. */
  readonly reaper?: Reaper | undefined;
  /** The orphans that are ended with the tree, if they are claimed. Default: none are. */
  readonly adopted?: AdoptedOrphans | undefined;
  /** The system's functions for starting processes and making pipes. Default: Node's spawn, with FIFOs. */
  readonly posix?: PosixSpawn | undefined;
  /** As `posix`, for the host's command alone; called when it starts. Default: as for other processes. */
  readonly posixForCommand?: (() => PosixSpawn | undefined) | undefined;
  /** Makes log pipes if there is no `posix`. Default: FIFOs are used. */
  readonly pipeMaker?: PipeMaker | undefined;
  /** Called with problems of the output of children. Default: they are dropped. */
  readonly onProblem?: ((problem: Problem) => void) | undefined;
}

/**
 * A spawner of real processes, each with a session and a process group of its own, as under s6.
 *
 * A spawn by Node blocks the event loop for about a millisecond, for many in a large host; a native one takes a fraction of
 * a millisecond. The first spawn of a turn happens at once, each further one in a turn of its own, so that the event loop
 * stays responsive while hundreds of services start.
 */
export function nodeSpawner(source: SpawnerSource): Spawner {
  return new NodeSpawner(source);
}

/** A child that waits for its spawn, with its descriptors. */
interface SpawnRequest extends PendingSpawn {
  readonly child: NodeChild;
  readonly stdio: Stdio;
  /** The time of the request: the environment must be at least as new. */
  readonly moment: number;
}

class NodeSpawner implements Spawner {
  readonly #source: SpawnerSource;
  readonly #readings: EnvironmentReadings;
  readonly #fifos: Fifos;
  readonly #pipes: LogPipes;
  readonly #readPipes: ReadPipes;
  readonly #readers = new PacedReaders();
  readonly #heldBack = new Set<NodeChild>();
  readonly #hostStreams: HostStreams;
  readonly #exitHook: ExitHook;
  readonly #startProcess: Start;
  readonly #table = new ProcessTable();
  readonly #living = new LiveProcesses();
  readonly #adopted: AdoptedOrphans;
  readonly #waiting = new SpawnQueue<SpawnRequest>((request) => {
    this.#enqueue(request);
  });
  readonly #queue: SpawnRequest[] = [];
  #turn: NodeJS.Immediate | undefined;
  #closed: Promise<void> | undefined;

  constructor(source: SpawnerSource) {
    this.#source = source;
    this.#adopted = source.adopted ?? new AdoptedOrphans();
    this.#readings = new EnvironmentReadings(source.environment, source.runtimeDirectory);
    this.#fifos = new Fifos(source.runtimeDirectory);
    const { posix, pipeMaker = () => undefined, onProblem = () => undefined } = source;
    const make = posix && ((): PipeEnds => makePipe(posix));
    // Without `/proc`, a pipe that several processes open needs a name.
    const maker: PipeMaker = () => (canOpenAgain() ? (make ?? pipeMaker()) : undefined);
    this.#pipes = new LogPipes(this.#fifos, maker);
    this.#hostStreams = new HostStreams({
      fifos: this.#fifos,
      maker,
      onProblem,
      onFirstRelay: () => {
        this.#exitHook.hold();
      },
    });
    this.#readPipes = new ReadPipes(this.#fifos, make);
    this.#startProcess = posix === undefined ? nodeStart : nativeStart(posix);
    const andThen = (): void => {
      this.#hostStreams.flush();
      source.runtimeDirectory.remove();
    };
    this.#exitHook = new ExitHook({ living: this.#living, guard: source.guard, andThen });
  }

  spawn(command: Command, listener: ChildListener): Child {
    const parts = {
      table: this.#table,
      living: this.#living,
      readers: this.#readers,
      heldBack: this.#heldBack,
    };
    if (this.#closed !== undefined) {
      const refused = new NodeChild(command, listener, { ...parts, onEnd: () => undefined });
      refused.fail(closed);
      return refused;
    }
    this.#adopted.begin();
    const prepared = this.#exitHook.prepare();
    this.#source.reaper?.begin();
    const ends = { pipes: this.#pipes, readPipes: this.#readPipes, host: this.#hostStreams };
    const stdio = new Stdio(command, ends);
    const onEnd = stdio.release.bind(stdio);
    const child = new NodeChild(command, listener, { ...parts, onEnd });
    const request = { child, stdio, moment: this.#readings.ask(), shares: stdio.pipes };
    const missing = stdio.missing();
    const awaited = prepared === undefined ? missing : Promise.all([prepared, missing]);
    this.#waiting.enter(request, awaited, (error) => {
      child.fail(failureOf('its log pipe cannot be made', error));
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
    for (const request of [...this.#waiting.clear(), ...this.#queue.splice(0)]) {
      request.child.fail(closed);
    }
    await runAll([
      () => this.#fifos.settled(),
      () => {
        this.#adopted.end();
      },
      () => this.#source.reaper?.end(),
      () => this.#readers.close(),
      () => this.#readPipes.close(),
      () => this.#hostStreams.close(grace),
      () => {
        this.#pipes.close();
      },
      () => {
        this.#living.forgetLeaderless();
        this.#exitHook.release();
      },
      () => this.#source.guard?.close(),
    ]);
  }

  async #sweep(
    grace: number,
    done: (killed: readonly Leftover[]) => void,
    pipe?: string,
  ): Promise<void> {
    // Processes that cannot be found cannot be ended.
    done(await this.#endDaemonized(grace, pipe).catch(() => []));
  }

  async #endDaemonized(grace: number, pipe?: string): Promise<readonly Leftover[]> {
    const { runtimeDirectory } = this.#source;
    const marker = markerOf(runtimeDirectory);
    const [table, living, adopted] = [this.#table, this.#living, this.#adopted];
    // If nothing was ever started, no process can have daemonized.
    if (!runtimeDirectory.inUse || (marker === undefined && !adopted.counts)) return [];
    const source = { marker, table, living, adopted };
    if (pipe === undefined) return endDaemonized(grace, source);
    const known = this.#pipes.find(pipe);
    return known === undefined ? [] : endWriters(known, grace, source);
  }

  #enqueue(request: SpawnRequest): void {
    this.#queue.push(request);
    if (this.#turn === undefined) this.#next();
  }

  #next(): void {
    this.#turn = undefined;
    const request = this.#queue.shift();
    if (request === undefined) return;
    this.#turn = setImmediate(() => {
      this.#next();
    });
    this.#start(request);
  }

  /** Makes what every process needs, if it is missing, and returns the variables; or the failure. */
  #provide(moment: number): { readonly variables: Variables } | SpawnFailure {
    const { scriptInterface, runtimeDirectory } = this.#source;
    let subject = 'the runtime directory is';
    try {
      // First, so that the files of another supervisor stay untouched.
      scriptInterface?.provide();
      subject = 'the container environment is';
      const variables = this.#readings.since(moment);
      subject = 'the shims for programs of s6 are';
      provideShims(runtimeDirectory);
      return { variables };
    } catch (error) {
      return failureOf(`${subject} not available`, error);
    }
  }

  /** Node does not report a death by a real-time signal, and the exit code of the host's command is the container's. */
  #startOf({ foreground = false }: Command): Start {
    const posix = foreground ? this.#source.posixForCommand?.() : undefined;
    return posix === undefined ? this.#startProcess : nativeStart(posix);
  }

  #start(request: SpawnRequest): void {
    const { child } = request;
    const provided = this.#provide(request.moment);
    if ('code' in provided) return child.fail(provided);
    const plan = planExec(child.command, this.#source, provided.variables);
    if ('code' in plan) return child.fail(plan);
    const started = begin(request, plan, this.#startOf(child.command));
    if ('code' in started) return child.fail(started);
    if (started.pid !== undefined) child.follow(started.pid, started.streams, plan.withHost);
  }
}

interface StartedChild {
  /** `undefined`: it cannot be run; the child is notified separately. */
  readonly pid: number | undefined;
  readonly streams: ReadonlyMap<number, Socket>;
}

function begin(
  { child, stdio }: SpawnRequest,
  plan: ExecPlan,
  start: Start,
): StartedChild | SpawnFailure {
  try {
    const connection = stdio.connect();
    try {
      const started = start(plan, connection.descriptors, {
        ended: (exit) => {
          child.end(exit);
        },
        failed: (error) => {
          child.fail(explainFailure(error, child.command, plan));
        },
      });
      return { pid: started.pid, streams: stdio.streamsOf(connection, started) };
    } finally {
      connection.temporary.closeAll();
    }
  } catch (error) {
    return explainFailure(error, child.command, plan);
  }
}

const closed: SpawnFailure = { code: 'ECANCELED', message: 'the supervisor has ended.' };

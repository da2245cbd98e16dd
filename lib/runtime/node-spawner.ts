import type { ChildProcess, StdioOptions } from 'node:child_process';
import type { Socket } from 'node:net';
import spawn from 'cross-spawn';
import { Fifos } from './fifos.ts';
import { Inlets } from './inlets.ts';
import { LastResort } from './last-resort.ts';
import type { Launch, LaunchSource } from './launch.ts';
import { markerOf, prepareLaunch } from './launch.ts';
import { LogPipes } from './log-pipes.ts';
import { NodeChild } from './node-child.ts';
import { ProcessTable } from './process-table.ts';
import { endRunaways } from './runaways.ts';
import { explainFailure } from './spawn-failure.ts';
import type { Child, ChildListener, SpawnFailure, Spawner } from './spawner.ts';
import { provideStandIns } from './stand-ins.ts';
import type { Guest } from './waiting-room.ts';
import { WaitingRoom } from './waiting-room.ts';
import { Wiring } from './wiring.ts';
import type { Command } from '../model/program.ts';

/**
 * A spawner of real processes, each with a session and a process group of its own, as under s6.
 *
 * A spawn keeps the host's loop for about a millisecond. The first one of a turn happens at once, further ones one a turn,
 * so that the host breathes while hundreds of services start.
 */
export function nodeSpawner(source: LaunchSource): Spawner {
  return new NodeSpawner(source);
}

/** A child that waits for its turn, with its descriptors. */
interface Asked extends Guest {
  readonly child: NodeChild;
  readonly wiring: Wiring;
}

class NodeSpawner implements Spawner {
  readonly #source: LaunchSource;
  readonly #fifos: Fifos;
  readonly #pipes: LogPipes;
  readonly #inlets: Inlets;
  readonly #table = new ProcessTable();
  readonly #lastResort: LastResort;
  readonly #waiting = new WaitingRoom<Asked>((asked) => {
    this.#enqueue(asked);
  });
  readonly #queue: Asked[] = [];
  #turn: NodeJS.Immediate | undefined;
  #closed: Promise<void> | undefined;

  constructor(source: LaunchSource) {
    this.#source = source;
    this.#fifos = new Fifos(source.runtimeDirectory);
    this.#pipes = new LogPipes(this.#fifos);
    this.#inlets = new Inlets(this.#fifos);
    this.#lastResort = new LastResort(() => void source.runtimeDirectory.remove());
  }

  spawn(command: Command, listener: ChildListener): Child {
    const parts = { table: this.#table, lastResort: this.#lastResort };
    if (this.#closed !== undefined) {
      const refused = new NodeChild(command, listener, { ...parts, over: () => undefined });
      refused.fail(closed);
      return refused;
    }
    const wiring = new Wiring(command, this.#pipes, this.#inlets);
    const over = wiring.release.bind(wiring);
    const child = new NodeChild(command, listener, { ...parts, over });
    const asked = { child, wiring, shares: wiring.pipes };
    this.#waiting.enter(asked, wiring.missing(), (error) => {
      fail(asked, 'its log pipe cannot be made', error);
    });
    return child;
  }

  closePipe(pipe: string): void {
    this.#pipes.release(pipe);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    clearImmediate(this.#turn);
    for (const asked of [...this.#waiting.clear(), ...this.#queue.splice(0)]) {
      asked.child.fail(closed);
    }
    const { name, value } = markerOf(this.#source);
    // Nobody can have run away if nothing was ever started; and what we carry ourselves marks more than our own children.
    const isOurs = this.#source.runtimeDirectory.inUse && process.env[name] !== value;
    if (isOurs) await endRunaways(`${name}=${value}`, this.#table);
    await this.#fifos.settled();
    await this.#inlets.close();
    this.#pipes.close();
    this.#lastResort.forgetLeaderless();
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

  #start(asked: Asked): void {
    const { child } = asked;
    try {
      this.#source.environment.materialize();
    } catch (error) {
      return fail(asked, 'the container environment is not to be had', error);
    }
    try {
      provideStandIns(this.#source.runtimeDirectory);
    } catch (error) {
      return fail(asked, 'the stand-ins for programs of s6 are not to be had', error);
    }
    const launch = prepareLaunch(child.command, this.#source);
    if ('code' in launch) return child.fail(launch);
    const started = execute(asked, launch);
    if ('code' in started) return child.fail(started);
    const { process, streams } = started;
    if (process.pid !== undefined) return child.follow(process, process.pid, streams);
    // What cannot be executed has no pid, and an `error` that follows; never an `exit`.
    process.once('error', (error) => {
      child.fail(explainFailure(error, child.command, launch));
    });
  }
}

interface Started {
  readonly process: ChildProcess;
  readonly streams: ReadonlyMap<number, Socket>;
}

function execute({ child, wiring }: Asked, launch: Launch): Started | SpawnFailure {
  try {
    const connection = wiring.connect();
    try {
      const process = spawnProcess(launch, connection.stdio);
      return { process, streams: wiring.streamsOf(connection, process) };
    } finally {
      connection.lent.closeAll();
    }
  } catch (error) {
    return explainFailure(error, child.command, launch);
  }
}

function spawnProcess(
  { file, args, directory, environment, account: { uid, gid } }: Launch,
  stdio: StdioOptions,
): ChildProcess {
  return spawn(file, [...args], {
    env: { ...environment },
    stdio,
    detached: true,
    shell: false,
    ...(directory !== undefined && { cwd: directory }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  });
}

function fail(asked: Asked, what: string, error: unknown): void {
  const { code = 'EIO', message } = error as NodeJS.ErrnoException;
  asked.child.fail({ code, message: `${what}: ${message.replace(/\.$/, '')}.` });
}

const closed: SpawnFailure = { code: 'ECANCELED', message: 'everything is at its end.' };

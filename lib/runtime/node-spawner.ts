import { closeSync } from 'node:fs';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import spawn from 'cross-spawn';
import { LastResort } from './last-resort.ts';
import type { Launch, LaunchSource } from './launch.ts';
import { prepareLaunch, runtimeVariable } from './launch.ts';
import { LogPipes } from './log-pipe.ts';
import { NodeChild } from './node-child.ts';
import { carriersOf } from './process-table.ts';
import type { Child, ChildListener, SpawnFailure, Spawner } from './spawner.ts';
import { sweep } from './sweep.ts';
import type { Command, Output, PipeEnd } from '../model/program.ts';

/** Milliseconds between TERM and KILL for runaways, when everything else is over. */
const runawayGrace = 500;

/**
 * Real processes, each with a session and a process group of its own.
 *
 * A spawn blocks the host's loop for about a millisecond. The first one of a turn happens at once, further ones one a turn,
 * so that the host breathes while hundreds of services start.
 */
export class NodeSpawner implements Spawner {
  readonly #source: LaunchSource;
  readonly #pipes: LogPipes;
  readonly #lastResort = new LastResort();
  readonly #children = new Set<NodeChild>();
  readonly #queue: NodeChild[] = [];
  #turn: NodeJS.Immediate | undefined;

  constructor(source: LaunchSource) {
    this.#source = source;
    this.#pipes = new LogPipes(source.runtimeDirectory);
  }

  spawn(command: Command, listener: ChildListener): Child {
    const child = new NodeChild(command, listener, (ended) => {
      this.#children.delete(ended);
      if (ended.pid !== undefined) this.#lastResort.delete(ended.pid);
    });
    this.#children.add(child);
    const missing = pipesOf(command).filter(({ pipe, side }) => !this.#pipes.has(pipe, side));
    if (missing.length === 0) this.#enqueue(child);
    else
      void this.#spawnWithPipes(
        child,
        missing.map(({ pipe }) => pipe),
      );
    return child;
  }

  closePipe(pipe: string): void {
    this.#pipes.release(pipe);
  }

  async close(): Promise<void> {
    clearImmediate(this.#turn);
    this.#turn = undefined;
    if (this.#source.runtimeDirectory.exists) await this.#endRunaways();
    for (const child of this.#children) child.release();
    this.#pipes.close();
  }

  async #spawnWithPipes(child: NodeChild, pipes: readonly string[]): Promise<void> {
    try {
      await Promise.all(pipes.map((pipe) => this.#pipes.open(pipe)));
    } catch (error) {
      const message = `${child.command.name} cannot be run: no log pipe: ${(error as Error).message}`;
      child.fail({ code: (error as NodeJS.ErrnoException).code ?? 'EIO', message });
      return;
    }
    this.#enqueue(child);
  }

  #enqueue(child: NodeChild): void {
    this.#queue.push(child);
    if (this.#turn === undefined) this.#next();
  }

  #next(): void {
    this.#turn = undefined;
    const child = this.#queue.shift();
    if (child === undefined) return;
    this.#turn = setImmediate(() => {
      this.#next();
    });
    this.#start(child);
  }

  #start(child: NodeChild): void {
    const lent: number[] = [];
    try {
      this.#source.environment.materialize();
      const launch = prepareLaunch(child.command, this.#source);
      const started = this.#execute(launch, this.#stdioOf(child.command, lent));
      if (started.pid !== undefined) this.#lastResort.add(started.pid);
      child.follow(started);
    } catch (error) {
      child.fail(asFailure(child.command, error));
    } finally {
      for (const descriptor of lent) closeSync(descriptor);
    }
  }

  #execute(
    { file, args, directory, environment, uid, gid }: Launch,
    stdio: StdioOptions,
  ): ChildProcess {
    return spawn(file, [...args], {
      cwd: directory,
      env: environment,
      stdio,
      detached: true,
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
    });
  }

  #stdioOf(command: Command, lent: number[]): StdioOptions {
    const lend = ({ pipe }: PipeEnd, side: 'read' | 'write'): number => {
      const descriptor = this.#pipes.lend(pipe, side);
      lent.push(descriptor);
      return descriptor;
    };
    const { stdin, stdout, stderr, notificationFd } = command;
    const stdio: (number | 'ignore' | 'inherit' | 'pipe' | undefined)[] = [
      typeof stdin === 'object' ? lend(stdin, 'read') : stdin === 'empty' ? 'ignore' : stdin,
      typeof stdout === 'object' ? lend(stdout, 'write') : kinds[stdout],
      kinds[stderr],
    ];
    if (notificationFd !== undefined) {
      while (stdio.length < notificationFd) stdio.push('ignore');
      stdio[notificationFd] = 'pipe';
    }
    return stdio;
  }

  /** Processes that left their session are known by their environment; whatever is still there now has no one any more. */
  #endRunaways(): Promise<void> {
    const setting = `${runtimeVariable}=${this.#source.runtimeDirectory.path}`;
    return new Promise((resolve) => {
      sweep(() => carriersOf(setting), runawayGrace, resolve);
    });
  }
}

const kinds: Readonly<Record<Output, 'inherit' | 'pipe' | 'ignore'>> = {
  inherit: 'inherit',
  lines: 'pipe',
  ignore: 'ignore',
};

function pipesOf({ stdin, stdout }: Command): readonly { pipe: string; side: 'read' | 'write' }[] {
  const ends: { pipe: string; side: 'read' | 'write' }[] = [];
  if (typeof stdin === 'object') ends.push({ pipe: stdin.pipe, side: 'read' });
  if (typeof stdout === 'object') ends.push({ pipe: stdout.pipe, side: 'write' });
  return ends;
}

function asFailure(command: Command, error: unknown): SpawnFailure {
  if (!(error instanceof Error)) return error as SpawnFailure;
  const { code } = error as NodeJS.ErrnoException;
  return { code: code ?? 'EINVAL', message: `${command.name} cannot be run: ${error.message}` };
}

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Environment } from '../../lib/host/variables/environment.ts';
import type { Guard } from '../../lib/host/orphans/guard.ts';
import { nodeSpawner } from '../../lib/host/spawn/node-spawner.ts';
import type { PipeMaker } from '../../lib/host/pipes/pipe-ends.ts';
import { RuntimeDirectory } from '../../lib/host/directory/runtime-directory.ts';
import type { Child, ChildListener, Spawner } from '../../lib/engine/spawner.ts';
import type { SpawnFailure } from '../../lib/model/spawn-failure.ts';
import type { Exit } from '../../lib/model/exit.ts';
import type { Leftover } from '../../lib/model/leftover.ts';
import type { Command } from '../../lib/model/program.ts';
import { childrenOf, openDescriptors, openedSince, read, until } from '../processes.ts';
import { posixOf, wayOf } from './ways.ts';

/** Ends the daemonized processes; resolves with those that had to be killed. */
export function sweepDaemonized(spawner: Spawner, grace: number): Promise<readonly Leftover[]> {
  return new Promise((resolve) => {
    spawner.sweep?.(grace, resolve);
  });
}

/** A spawner of real processes in a folder of its own; it must leave nothing behind at the end of the test. */
export interface Rig {
  readonly folder: string;
  readonly runtime: RuntimeDirectory;
  readonly environment: Environment;
  readonly spawner: Spawner;
  /** Starts a shell script, with the fields of `command` instead of the defaults. */
  sh(script: string, command?: Partial<Command>): Life;
  start(command: Partial<Command> & Pick<Command, 'program'>): Life;
  /** Writes a file and returns its path. */
  file(name: string, content: string | Uint8Array, mode?: number): string;
}

export interface RigOptions {
  readonly keepEnvironment?: boolean;
  readonly runtimeDirectory?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly guard?: (runtimeDirectory: RuntimeDirectory) => Guard;
  /** Makes log pipes where Node starts the processes. Default: FIFOs are used. */
  readonly pipeMaker?: PipeMaker;
}

export async function rig(t: TestContext, options: RigOptions = {}): Promise<Rig> {
  const before = { descriptors: openDescriptors(), children: childrenOf(process.pid) };
  const folder = await mkdtemp(join(tmpdir(), 'stagekeeper-test-'));
  const runtime = new RuntimeDirectory(options.runtimeDirectory ?? join(folder, 'runtime'));
  const environment = new Environment(runtime, { ...process.env, ...options.variables });
  const { keepEnvironment = true } = options;
  const guard = options.guard?.(runtime);
  const posix = posixOf(wayOf(t));
  const surroundings = { environment, runtimeDirectory: runtime, keepEnvironment };
  const { pipeMaker } = options;
  const spawner = nodeSpawner({ ...surroundings, guard, posix, ...(pipeMaker && { pipeMaker }) });
  const lives: Life[] = [];
  t.after(async () => {
    for (const life of lives) life.kill('SIGKILL', 'group');
    for (const life of lives) await life.over.catch(() => undefined);
    await sweepDaemonized(spawner, 0);
    await spawner.close();
    assert.deepEqual(runtime.remove(), []);
    await rm(folder, { recursive: true });
    assert.deepEqual(openedSince(before.descriptors), [], 'no descriptor is left');
    assert.deepEqual(childrenOf(process.pid), before.children, 'no child is left');
  });
  const start: Rig['start'] = (command) => {
    const life = new Life(spawner, { ...plain, ...command });
    lives.push(life);
    return life;
  };
  return {
    folder,
    runtime,
    environment,
    spawner,
    start,
    sh: (script, command) => start({ program: { command: ['sh', '-c', script] }, ...command }),
    file(name, content, mode = 0o755) {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      chmodSync(path, mode);
      return path;
    },
  };
}

/** The default fields of a command. */
export const plain = {
  name: 'it',
  calledBy: 'name',
  args: [],
  stdin: 'empty',
  stdout: 'lines',
  stderr: 'lines',
} as const satisfies Partial<Command>;

/** Shell code that waits until the test has made this file. */
export function waitFor(file: string): string {
  return `until test -e ${file}; do sleep 0.02; done`;
}

/** Whether a process sleeps: a process that only writes then waits for space in a pipe. */
export function sleeps(pid: number | undefined): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat.charAt(stat.lastIndexOf(')') + 2) === 'S';
}

/** Milliseconds after which a child that still lives fails the test. */
const longestLife = 20_000;

/** The number of processes that were spawned here. */
let spawns = 0;

/** A child, and all reports about it. */
export class Life implements Child {
  /** The reports in order and in short: `spawned`, `announced`, `stdout: text`, `exited 0`, `unspawnable ENOENT`. */
  readonly told: string[] = [];
  /** Resolves when no further report follows: with the exit, or with `undefined` if it could not be run. */
  readonly over: Promise<Exit | undefined>;
  pid: number | undefined;
  /** Its position in the order of spawns: pids can repeat. */
  place: number | undefined;
  exit: Exit | undefined;
  leftBehind: boolean | undefined;
  failure: SpawnFailure | undefined;
  readonly command: Command;
  readonly #child: Child;

  constructor(spawner: Spawner, command: Command) {
    this.command = command;
    let finish: (exit: Exit | undefined) => void = () => undefined;
    this.over = new Promise((resolve, reject) => {
      const late = (): void => {
        reject(new Error(`no end within ${longestLife} ms; told: ${this.told.slice(-20).join()}`));
      };
      const timer = setTimeout(late, longestLife);
      finish = (exit) => {
        clearTimeout(timer);
        resolve(exit);
      };
    });
    this.over.catch(() => undefined); // tests need not wait for every exit
    const listener: ChildListener = {
      spawned: (pid) => {
        this.pid = pid;
        this.place = spawns += 1;
        this.told.push('spawned');
      },
      unspawnable: (failure) => {
        this.failure = failure;
        this.told.push(`unspawnable ${failure.code}`);
        finish(undefined);
      },
      announced: () => void this.told.push('announced'),
      printed: (stream, line) => void this.told.push(`${stream}: ${line}`),
      exited: (exit, leftBehind) => {
        this.exit = exit;
        this.leftBehind = leftBehind;
        this.told.push(`exited ${String(exit.code ?? exit.signal)}`);
        finish(exit);
      },
    };
    this.#child = spawner.spawn(command, listener);
  }

  /** The lines of its stdout. */
  get lines(): readonly string[] {
    return this.told.filter((one) => one.startsWith('stdout: ')).map((one) => one.slice(8));
  }

  kill(signal: NodeJS.Signals, scope: 'process' | 'group' = 'process'): void {
    this.#child.kill(signal, scope);
  }

  lingers(): boolean {
    return this.#child.lingers();
  }

  sweep(grace: number, done: (killed: readonly Leftover[]) => void): void {
    this.#child.sweep(grace, done);
  }

  /** Sweeps the leftovers; resolves with those that had to be killed. */
  swept(grace: number): Promise<readonly Leftover[]> {
    return new Promise((resolve) => {
      this.#child.sweep(grace, resolve);
    });
  }

  /** Resolves with the first report that begins with this text. */
  async tells(what: string): Promise<string> {
    const find = (): string | undefined => this.told.find((one) => one.startsWith(what));
    await until(() => find() !== undefined, `'${what}' of ${JSON.stringify(this.told.slice(-20))}`);
    return find() ?? '';
  }
}

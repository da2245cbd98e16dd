/*
 * The rig for tests in containers: a tree, and a host that is PID 1 of a new PID namespace, as in an image.
 *
 *   await using box = await container({
 *     tree: { 'services.d/web/run': sh('echo web runs', 'exec sleep 600') },
 *     env: { S6_SERVICES_GRACETIME: '500' },
 *   });
 *   await box.until('web runs');              // a line that a process has printed
 *   await box.until(phase('running'));        // an event
 *   box.kill('SIGTERM');                      // to PID 1, from outside, as `docker stop` does
 *   const end = await box.ended;              // what the container's runtime sees, and what PID 1 has recorded
 *   assert.equal(end.code, 143);
 *
 * What a container is:
 * - PID 1 is `init.ts`, or another `host`, bundled with lib into one file: it loads `root`, calls `supervisor.run()` and
 *   writes its records (`records.ts`). With `init` another program is PID 1, and starts the host. Another host than `init.ts`
 *   reads its plan and writes records in the same way, `running` among them, which `container()` waits for; `more` holds
 *   further data for it.
 * - Its environment is that of an image: a PATH, `TMPDIR`, the variables of `env`, `$WORK`, a folder that every account may
 *   write to, for the files that a test reads (`box.read('name')`), and `$NEVER`, a FIFO that no process writes to (`stay`).
 *   Nothing comes from the environment of the tests. The umask is 022.
 * - stdout and stderr are files, so that no output is lost however the container ends. `nobody` can open them as
 *   `/dev/stdout`, too.
 * - It has its own session. It dies with the process of the tests, however that ends (`setpriv --pdeathsig`).
 *
 * Every wait is bounded: `until` by 20 s, a container by `limit`; the error has the events and the output so far.
 * `until` rejects at once when the container has ended. `await using` kills what is left and removes the folder,
 * at the end of its block: so write `return await box.ended`, never without the `await`.
 *
 * A file of tests is a table, `inContainers('topic', { 'title': async () => { ... } })`: it is skipped, with the reason, where
 * no namespace can be made (but under CI it fails), and its tests run two at a time, since a container takes half a second of
 * one core. A test with further needs: `'title': { skip: missing('s6-log'), test: async () => { ... } }`, or `skip: noNobody`.
 */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { TestContext } from 'node:test';
import type {
  LifecycleEvent,
  Phase,
  Problem,
  RunOptions,
  ServiceStatus,
  SupervisorOptions,
  Verdict,
} from '../../lib/index.ts';
import type { TreeFiles } from '../../lib/testing/index.ts';
import { writeTree } from '../../lib/testing/index.ts';
import { inShort } from '../in-short.ts';
import { childrenOf, isAtRest, read, until } from '../processes.ts';
import { bundle } from './bundle.ts';
import type { ContainedProcess } from './contained.ts';
import { processesAround } from './contained.ts';
import { containerPath, endInside, inNamespace, noContainers } from './namespace.ts';
import { LineFile } from './line-file.ts';
import { RecordFile } from './record-file.ts';
import type { Plan } from './records.ts';
import { makeTemporary, removeTemporary } from './temporary.ts';

export { missing, noNobody } from './namespace.ts';

// As in images, whatever the umask of the tests is: the account nobody must be able to read what is written here.
process.umask(0o022);

/** The options of a container. */
export interface ContainerOptions {
  /** The files of the root. */
  readonly tree: TreeFiles;
  /** The command of the image. Default: none. */
  readonly command?: readonly string[];
  /** The options of the supervisor that JSON can hold. Default: none. */
  readonly options?: Omit<SupervisorOptions, 'clock' | 'spawner'> & {
    readonly spawner?: 'native' | 'node';
  };
  /** The options of `run()` besides the command. Default: `{ signals: true }`. */
  readonly run?: Omit<RunOptions, 'signal' | 'command'>;
  /** Variables besides those that every container has. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the root is mounted read-only. Default: false. */
  readonly readOnlyRoot?: boolean;
  /** The account of every process. Default: root. */
  readonly user?: 'nobody';
  /** Whether it has a private `/run`, empty. Default: false. */
  readonly ownRun?: boolean;
  /** Whether it has a view of the root that it can write to, and a private `/run`. Default: false. */
  readonly ownRoot?: boolean;
  /** The paths of programs and folders that are hidden from it. Default: none. */
  readonly without?: readonly string[];
  /** The words of the program that is PID 1 and starts the host; the words of the host follow. Default: the host is PID 1. */
  readonly init?: readonly string[];
  /** The host. Default: `init.ts`. */
  readonly host?: URL;
  /** Further data for that host, as JSON. */
  readonly more?: unknown;
  /** Milliseconds that the container may live once it is up; after them it is killed, and `ended` rejects. Default: 60 s. */
  readonly limit?: number;
}

/** How a container ended. */
export interface ContainerEnd {
  /** The exit code of PID 1, as a container's runtime sees it; `null` when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The verdict; the last one, if the host has run the tree several times. */
  readonly verdict: Verdict | undefined;
  readonly verdicts: readonly Verdict[];
  /** The problems that were found while the tree was loaded. */
  readonly warnings: readonly Problem[];
  readonly events: readonly LifecycleEvent[];
  /** An error that PID 1 does not handle, such as a TreeError. */
  readonly failure: string | undefined;
  /** The lines that were printed. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** The processes besides PID 1 and the host just before the host exited, zombies included; `undefined` when it was killed. */
  readonly left: readonly ContainedProcess[] | undefined;
  /** The files that are left in the container's `TMPDIR`. */
  readonly files: readonly string[];
}

/**
 * Starts a container. Resolves when its host has loaded the tree and listens to signals, or when the container has ended.
 *
 * @throws Error when neither happens in time.
 */
export async function container(options: ContainerOptions): Promise<Container> {
  const folder = makeTemporary();
  await writeTree(join(folder, 'root'), options.tree);
  const box = new Container(folder, options);
  try {
    await box.running(options.limit ?? 60_000);
    return box;
  } catch (error) {
    await box[Symbol.asyncDispose]();
    throw error;
  }
}

type TestBody = (t: TestContext) => Promise<void>;

/** A test, with the reason to skip it, if there is one. */
type ContainerTest = TestBody | { skip: string | false; test: TestBody };

/** Makes a suite of tests in containers. The keys of `tests` are the titles. */
export function inContainers(topic: string, tests: Readonly<Record<string, ContainerTest>>): void {
  void suite(topic, { skip: noContainers, concurrency: 2 }, () => {
    for (const [title, given] of Object.entries(tests)) {
      const { skip, test: run } =
        typeof given === 'function' ? { skip: false, test: given } : given;
      test(title, { skip, timeout: 120_000 }, run);
    }
  });
}

type EventTest = (event: LifecycleEvent) => boolean;

/** A running container. */
export class Container implements AsyncDisposable {
  /** The root of the tree. */
  readonly root: string;
  /** Resolves when PID 1 has ended, and with it every process of the namespace. */
  readonly ended: Promise<ContainerEnd>;
  readonly #folder: string;
  readonly #records: RecordFile;
  readonly #stdout: LineFile;
  readonly #stderr: LineFile;
  /** `unshare`; its only child is PID 1. */
  readonly #unshare: ChildProcess;
  #hasEnded = false;
  #timer: NodeJS.Timeout | undefined;
  #limitError: Error | undefined;

  /** Starts it; `container()` waits until it runs. */
  constructor(folder: string, options: ContainerOptions) {
    this.#folder = folder;
    this.root = join(folder, 'root');
    this.#records = new RecordFile(join(folder, 'records'));
    this.#stdout = new LineFile(join(folder, 'stdout'));
    this.#stderr = new LineFile(join(folder, 'stderr'));
    this.#unshare = this.#spawn(options);
    this.ended = this.#watch();
    this.ended.catch(() => undefined); // a test may not wait for the end
  }

  /** The pid of PID 1 outside of the container. */
  get pid(): number {
    const pid = this.#hasEnded ? undefined : childrenOf(this.#unshare.pid ?? 0)[0];
    if (pid === undefined) throw new Error(`the container has ended; ${this.#soFar()}`);
    return pid;
  }

  /** The pid of the host outside of the container: that of PID 1, or of the process that PID 1 has started. */
  get host(): number {
    const node = this.processes().find(({ name }) => name === 'node');
    if (node === undefined) throw new Error(`there is no host; ${this.#soFar()}`);
    return node.outside;
  }

  /** The names of the files in the container's `TMPDIR`. */
  get files(): readonly string[] {
    return readdirSync(join(this.#folder, 'tmp'));
  }

  /** The events so far. */
  get events(): readonly LifecycleEvent[] {
    return this.#records.all('event');
  }

  /** The lines that have been printed so far, on either stream. */
  get lines(): readonly string[] {
    return [...this.#stdout.lines, ...this.#stderr.lines];
  }

  /** Resolves once the host listens to signals, or the container has ended. From then on it may live for `limit` milliseconds. */
  async running(limit: number): Promise<void> {
    const isUp = (): boolean => this.#hasEnded || this.#records.all('running').length > 0;
    await until(isUp, 'the start of a container', waitTimeout);
    if (this.#hasEnded) return void (await this.ended);
    this.#timer = setTimeout(() => {
      this.#limitError = new Error(`no end within ${String(limit)} ms; ${this.#soFar()}`);
      this.#killAll();
    }, limit);
  }

  /**
   * Resolves once this line has been printed, or an event has matched, so many times, and every process inside sleeps. A shell
   * that has just printed may not have set its next trap yet, and one that is about to read handles a signal only after it has
   * read something.
   *
   * @throws Error when that does not happen in time, or the container ends without it.
   */
  async until(what: string | EventTest, times = 1): Promise<void> {
    const wanted = typeof what === 'string' ? `the line '${what}'` : `the event ${what.name}`;
    const count = (): number =>
      typeof what === 'string'
        ? this.lines.filter((line) => line === what).length
        : this.events.filter(what).length;
    const isMet = (): boolean => {
      const over = this.#hasEnded; // read before the lines, so that the last ones count
      if (count() >= times) return true;
      if (over) throw new Error(`the container has ended without ${wanted}`);
      return false;
    };
    try {
      await until(isMet, wanted, waitTimeout);
    } catch (error) {
      throw new Error(`${String(error)}; ${this.#soFar()}`, { cause: error });
    }
    await until(() => this.#isAtRest(), 'rest', 500).catch(() => undefined); // some processes never sleep
  }

  /** Sends a signal to PID 1, from outside. */
  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** The processes inside, sorted by their pids there, PID 1 and zombies included. */
  processes(): readonly ContainedProcess[] {
    return this.#hasEnded ? [] : processesAround(this.pid);
  }

  /** The text of a file in `$WORK`; the empty string when there is none. */
  read(name: string): string {
    return read(join(this.#folder, 'work', name));
  }

  /** Makes an empty file in `$WORK`, for scripts that wait for it. */
  leave(name: string): void {
    writeFileSync(join(this.#folder, 'work', name), '');
  }

  /** Writes files in the root. */
  write(files: TreeFiles): Promise<void> {
    return writeTree(this.root, files);
  }

  /** Removes a file or folder from the root. */
  remove(path: string): Promise<void> {
    return rm(join(this.root, path), { recursive: true });
  }

  /** Kills what is left, and removes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#killAll();
    await this.ended.catch(() => undefined);
    removeTemporary(this.#folder);
  }

  /** Whether every process but the host sleeps. */
  #isAtRest(): boolean {
    return (
      this.#hasEnded ||
      this.processes().every(({ name, outside }) => name === 'node' || isAtRest(outside))
    );
  }

  #spawn(options: ContainerOptions): ChildProcess {
    for (const name of ['tmp', 'work']) makeOpenFolder(join(this.#folder, name));
    closeSync(openForAll(this.#records.path));
    const output = [this.#stdout, this.#stderr].map(({ path }) => openForAll(path));
    const host = bundle(options.host ?? new URL('init.ts', import.meta.url));
    const program = [...(options.init ?? []), process.execPath, host, this.#writePlan(options)];
    const [file = '', ...args] = inNamespace(program, {
      readOnly: options.readOnlyRoot === true ? this.root : undefined,
      asNobody: options.user === 'nobody',
      ownRun: options.ownRun ?? false,
      ownRoot: options.ownRoot ?? false,
      without: options.without ?? [],
    });
    const given = {
      PATH: containerPath,
      TMPDIR: join(this.#folder, 'tmp'),
      WORK: join(this.#folder, 'work'),
      NEVER: join(this.#folder, 'never'),
    };
    execFileSync('mkfifo', ['-m', '666', given.NEVER]);
    const child = spawn(file, args, {
      cwd: this.#folder,
      env: { ...given, ...options.env },
      stdio: ['ignore', ...output],
      detached: true,
    });
    for (const descriptor of output) closeSync(descriptor);
    return child;
  }

  #writePlan({ options = {}, run = { signals: true }, command, more }: ContainerOptions): string {
    const path = join(this.#folder, 'plan.json');
    const plan: Plan = {
      root: this.root,
      options,
      run: { ...run, ...(command !== undefined && { command }) },
      more,
      records: this.#records.path,
    };
    writeFileSync(path, JSON.stringify(plan));
    return path;
  }

  #watch(): Promise<ContainerEnd> {
    return new Promise((resolve, reject) => {
      const close = (): void => {
        clearTimeout(this.#timer);
        this.#hasEnded = true;
      };
      this.#unshare.once('error', (error) => {
        close();
        reject(error);
      });
      this.#unshare.once('exit', (code, signal) => {
        close();
        if (this.#limitError === undefined) resolve(this.#end(code, signal));
        else reject(this.#limitError);
      });
    });
  }

  #end(code: number | null, signal: NodeJS.Signals | null): ContainerEnd {
    const verdicts = this.#records.all('verdict');
    return {
      ...endInside(code, signal, this.#stderr.lines),
      verdict: verdicts.at(-1),
      verdicts,
      warnings: this.#records.all('warning'),
      events: this.events,
      failure: this.#records.all('failure')[0],
      stdout: this.#stdout.lines,
      stderr: this.#stderr.lines,
      left: this.#records.all('left')[0],
      files: this.files,
    };
  }

  /** Kills PID 1, and with it every process inside; or `unshare`, if PID 1 does not exist yet. */
  #killAll(): void {
    if (this.#hasEnded) return;
    const pid = childrenOf(this.#unshare.pid ?? 0)[0];
    if (pid === undefined) this.#unshare.kill('SIGKILL');
    else send(pid, 'SIGKILL');
  }

  #soFar(): string {
    return [
      `events: ${inShort(this.events).join(', ')}`,
      `printed: ${this.lines.join(' | ')}`,
      ...this.#records.all('failure'),
    ].join('; ');
  }
}

/** Milliseconds that each wait may take: enough for a busy machine and for the longest delay of s6. */
const waitTimeout = 20_000;

/** Sends a signal to a process that may have exited meanwhile. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // has exited
  }
}

/** A folder that every account may write to. */
function makeOpenFolder(path: string): void {
  mkdirSync(path);
  chmodSync(path, 0o1777);
}

/** Opens a new file to append to; every account may open it. */
function openForAll(path: string): number {
  const descriptor = openSync(path, 'a');
  chmodSync(path, 0o666);
  return descriptor;
}

/** Matches the event that the supervisor has come to this phase. */
export function phase(to: Phase): EventTest {
  return named(`the phase '${to}'`, (event) => event.type === 'phase' && event.to === to);
}

/** Matches the event that a service has come to this state, or has announced its readiness. */
export function service(name: string, to: ServiceStatus | 'ready'): EventTest {
  return named(`'${name}' ${to}`, (event) =>
    to === 'ready'
      ? event.type === 'ready' && event.service === name
      : event.type === 'service' && event.service === name && event.to === to,
  );
}

function named(name: string, test: EventTest): EventTest {
  return Object.defineProperty(test, 'name', { value: name });
}

/** Shell code that waits for signals for ever, without a child. */
export const stay = 'while :; do read -r _ <&9; done 9<>"$NEVER"';

/** A shell script. */
export function sh(...lines: readonly string[]): string {
  return ['#!/bin/sh', ...lines, ''].join('\n');
}

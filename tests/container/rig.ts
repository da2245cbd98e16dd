/*
 * The rig for tests in containers: a tree, and a host that is PID 1 of a PID namespace of its own, as in an image.
 *
 *   await using box = await container({
 *     tree: { 'services.d/web/run': sh('echo web runs', 'exec sleep 600') },
 *     env: { S6_SERVICES_GRACETIME: '500' },
 *   });
 *   await box.until('web runs');              // a line that somebody has printed
 *   await box.until(phase('running'));        // an event
 *   box.kill('SIGTERM');                      // to PID 1, from outside, as `docker stop` does
 *   const end = await box.ended;              // what the container's runtime sees, and what PID 1 has written down
 *   assert.equal(end.code, 143);
 *
 * What a container is:
 * - PID 1 is `init.ts`, or another `host`, bundled with lib into one file: it loads `root`, calls `supervisor.run()` and
 *   writes its records (`records.ts`). With `init` another program is PID 1, and starts the host. A host of one's own reads its plan and writes records in the same way, `running`
 *   among them, which `container()` waits for; whatever it is to know beyond the plan, give it in `more`.
 * - Its environment is what an image has: a PATH, `TMPDIR`, what `env` says, `$WORK`, a folder that every account may write
 *   to, for what scripts leave to the test (`box.read('name')`), and `$NEVER`, a pipe that nobody writes to (`stay`).
 *   Nothing comes from the environment of the tests. The umask is 022.
 * - stdout and stderr are files, so that nothing is lost whenever the container ends. They can be opened as
 *   `/dev/stdout`, by `nobody`, too.
 * - Its session is its own. It dies with the process of the tests, however that ends (`setpriv --pdeathsig`).
 *
 * Every wait is bounded: `until` by 20 s, a life by `limit`; the error that comes then tells what has happened so far.
 * `until` gives up at once when the container has ended. `await using` kills what is left and removes the folder,
 * at the end of its block: `return await box.ended`, never without the `await`.
 *
 * A file of tests is a table, `inContainers('topic', { 'title': async () => { ... } })`: it is skipped, with the reason, where
 * no namespace can be made (but under CI it fails), and its tests run two at a time, since a container takes half a second of one core. A test
 * that needs more says so: `'title': { skip: missing('s6-log'), test: async () => { ... } }`, or `skip: noNobody`.
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

// As in images, whoever runs the tests: nobody has to read what is written here.
process.umask(0o022);

/** What a container is made of. */
export interface ContainerOptions {
  /** The files of the root. */
  readonly tree: TreeFiles;
  /** The command of the image. Default: none. */
  readonly command?: readonly string[];
  /** The options of the supervisor, as far as JSON can say them. Default: none. */
  readonly options?: Omit<SupervisorOptions, 'clock' | 'spawner'> & {
    readonly spawner?: 'native' | 'node';
  };
  /** How the life is run, beside the command. Default: signals are the supervisor's. */
  readonly run?: Omit<RunOptions, 'signal' | 'command'>;
  /** The environment, beside what every container has. Default: nothing. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the root is mounted read-only. Default: false. */
  readonly readOnlyRoot?: boolean;
  /** The account that everything runs as. Default: root. */
  readonly user?: 'nobody';
  /** Whether it has a `/run` of its own, empty. Default: false. */
  readonly ownRun?: boolean;
  /** Programs and folders that it does not have, by their paths. Default: none. */
  readonly without?: readonly string[];
  /** The words of the program that is PID 1 and starts the host, whose words follow, below it. Default: the host is PID 1. */
  readonly init?: readonly string[];
  /** The host. Default: `init.ts`. */
  readonly host?: URL;
  /** Whatever that host is to know beyond the tree and the options, as JSON. */
  readonly more?: unknown;
  /** Milliseconds that the container may live once it is up; then it is killed, and `ended` rejects. Default: 60 s. */
  readonly limit?: number;
}

/** How a container ended. */
export interface ContainerEnd {
  /** The exit code of PID 1, as a container's runtime sees it; `null` when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The verdict of the life; of the last one, if the host has led more. */
  readonly verdict: Verdict | undefined;
  readonly verdicts: readonly Verdict[];
  /** The problems that the tree was loaded with. */
  readonly warnings: readonly Problem[];
  readonly events: readonly LifecycleEvent[];
  /** What PID 1 could not cope with, such as a TreeError. */
  readonly failure: string | undefined;
  /** The lines that were printed. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** The processes beside PID 1 and the host just before that exited, zombies included; `undefined` when it was killed. */
  readonly left: readonly ContainedProcess[] | undefined;
  /** What has been left in the container's `TMPDIR`. */
  readonly files: readonly string[];
}

/**
 * Starts a container. Resolves when its PID 1 has loaded the tree and hears signals; or has ended already.
 *
 * @throws Error when it has done neither in time.
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

/** A test, and why it must be left out, if it must. */
type ContainerTest = TestBody | { skip: string | false; test: TestBody };

/** Makes a suite of tests in containers, by title. */
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

/** A tree that lives in a PID namespace. */
export class Container implements AsyncDisposable {
  /** The root of the tree. */
  readonly root: string;
  /** Resolves when PID 1 has ended, and everything in the namespace with it. */
  readonly ended: Promise<ContainerEnd>;
  readonly #folder: string;
  readonly #records: RecordFile;
  readonly #stdout: LineFile;
  readonly #stderr: LineFile;
  /** `unshare`, whose only child is PID 1. */
  readonly #unshare: ChildProcess;
  #over = false;
  #timer: NodeJS.Timeout | undefined;
  #late: Error | undefined;

  /** Starts it; `container()` waits until it runs. */
  constructor(folder: string, options: ContainerOptions) {
    this.#folder = folder;
    this.root = join(folder, 'root');
    this.#records = new RecordFile(join(folder, 'records'));
    this.#stdout = new LineFile(join(folder, 'stdout'));
    this.#stderr = new LineFile(join(folder, 'stderr'));
    this.#unshare = this.#spawn(options);
    this.ended = this.#watch();
    this.ended.catch(() => undefined); // for those whose end nobody waits for
  }

  /** The pid of PID 1, out here. */
  get pid(): number {
    const pid = this.#over ? undefined : childrenOf(this.#unshare.pid ?? 0)[0];
    if (pid === undefined) throw new Error(`the container has ended; ${this.#story()}`);
    return pid;
  }

  /** The pid of the host, out here: PID 1, or what that has started. */
  get host(): number {
    const node = this.processes().find(({ name }) => name === 'node');
    if (node === undefined) throw new Error(`there is no host; ${this.#story()}`);
    return node.outside;
  }

  /** What is in the container's `TMPDIR`. */
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

  /** Resolves once PID 1 hears signals, or has ended already; from then on it may live for so many milliseconds. */
  async running(limit: number): Promise<void> {
    const come = (): boolean => this.#over || this.#records.all('running').length > 0;
    await until(come, 'the start of a container', patience);
    if (this.#over) return void (await this.ended);
    this.#timer = setTimeout(() => {
      this.#late = new Error(`no end within ${String(limit)} ms; ${this.#story()}`);
      this.#killAll();
    }, limit);
  }

  /**
   * Resolves once somebody has printed this line, or an event is what is looked for, so many times; and whoever runs inside
   * has come to wait for something. A shell that has spoken may not have set its next trap yet, and one that is about to read
   * hears of a signal only when it has read something.
   *
   * @throws Error when that does not come in time, or the container ends without it.
   */
  async until(what: string | EventTest, times = 1): Promise<void> {
    const wanted = typeof what === 'string' ? `the line '${what}'` : `the event ${what.name}`;
    const count = (): number =>
      typeof what === 'string'
        ? this.lines.filter((line) => line === what).length
        : this.events.filter(what).length;
    const come = (): boolean => {
      const over = this.#over; // asked before looking, so that the last words count
      if (count() >= times) return true;
      if (over) throw new Error(`the container has ended without ${wanted}`);
      return false;
    };
    try {
      await until(come, wanted, patience);
    } catch (error) {
      throw new Error(`${String(error)}; ${this.#story()}`, { cause: error });
    }
    await until(() => this.#isAtRest(), 'rest', 500).catch(() => undefined); // some are never at rest
  }

  /** Sends a signal to PID 1, from outside. */
  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** The processes inside by their pids there, PID 1 and zombies included. */
  processes(): readonly ContainedProcess[] {
    return this.#over ? [] : processesAround(this.pid);
  }

  /** What scripts have left in `$WORK` under this name; the empty string when there is nothing. */
  read(name: string): string {
    return read(join(this.#folder, 'work', name));
  }

  /** Leaves an empty file in `$WORK`, for scripts that wait for it. */
  leave(name: string): void {
    writeFileSync(join(this.#folder, 'work', name), '');
  }

  /** Writes files in the root. */
  write(files: TreeFiles): Promise<void> {
    return writeTree(this.root, files);
  }

  /** Removes something from the root. */
  remove(path: string): Promise<void> {
    return rm(join(this.root, path), { recursive: true });
  }

  /** Kills what is left, and removes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#killAll();
    await this.ended.catch(() => undefined);
    removeTemporary(this.#folder);
  }

  /** Whether nobody but the host is at work. */
  #isAtRest(): boolean {
    return (
      this.#over ||
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
        this.#over = true;
      };
      this.#unshare.once('error', (error) => {
        close();
        reject(error);
      });
      this.#unshare.once('exit', (code, signal) => {
        close();
        if (this.#late === undefined) resolve(this.#end(code, signal));
        else reject(this.#late);
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

  /** Kills PID 1, and with it all that is inside; or `unshare`, if it has not come to that yet. */
  #killAll(): void {
    if (this.#over) return;
    const pid = childrenOf(this.#unshare.pid ?? 0)[0];
    if (pid === undefined) this.#unshare.kill('SIGKILL');
    else send(pid, 'SIGKILL');
  }

  #story(): string {
    return [
      `events: ${inShort(this.events).join(', ')}`,
      `printed: ${this.lines.join(' | ')}`,
      ...this.#records.all('failure'),
    ].join('; ');
  }
}

/** Milliseconds until what must come has come: time enough for a busy machine, and for the longest delay of s6. */
const patience = 20_000;

/** Sends a signal to a process that may be gone meanwhile. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone
  }
}

/** A folder that every account may write to. */
function makeOpenFolder(path: string): void {
  mkdirSync(path);
  chmodSync(path, 0o1777);
}

/** Opens a new file to append to, which every account may open again. */
function openForAll(path: string): number {
  const descriptor = openSync(path, 'a');
  chmodSync(path, 0o666);
  return descriptor;
}

/** An event: the supervisor has come to this phase. */
export function phase(to: Phase): EventTest {
  return named(`the phase '${to}'`, (event) => event.type === 'phase' && event.to === to);
}

/** An event: a service has come to this state, or has announced its readiness. */
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

/** Words of shell that wait for signals, for ever and without a child. */
export const stay = 'while :; do read -r _ <&9; done 9<>"$NEVER"';

/** A shell script. */
export function sh(...lines: readonly string[]): string {
  return ['#!/bin/sh', ...lines, ''].join('\n');
}

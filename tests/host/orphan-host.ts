/*
 * Hosts that adopt orphans, each a scene. They print the results as JSON.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import Module from 'node:module';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { AdoptedOrphans } from '../../lib/host/orphans/adopted-orphans.ts';
import { Environment } from '../../lib/host/variables/environment.ts';
import type { Problem } from '../../lib/model/problem.ts';
import type { Native } from '../../lib/host/native/native.ts';
import { loadNative, whyNoNative } from '../../lib/host/native/native.ts';
import { nodeSpawner } from '../../lib/host/spawn/node-spawner.ts';
import { Reaper } from '../../lib/host/orphans/reaper.ts';
import { RuntimeDirectory } from '../../lib/host/directory/runtime-directory.ts';
import { childrenOf, isAlive, read, until } from '../processes.ts';
import { Life, plain, sweepDaemonized } from './rig.ts';
import { posixOf, wayOfHost } from './ways.ts';

const [, , scene = '', ...options] = process.argv;
const reaped: number[] = [];
const problems: Problem[] = [];

/** The real functions, with a record of what is reaped. */
function recorded(): Native {
  const native = loadNative();
  if (native === undefined) throw new Error(whyNoNative());
  const reap = (pid: number): boolean => native.reap(pid) && reaped.push(pid) > 0;
  return { ...native, reap };
}

const runtimeDirectory = new RuntimeDirectory();
const environment = new Environment(runtimeDirectory, process.env);
const reaper = new Reaper({
  onProblem: (problem) => problems.push(problem),
  ...(scene !== 'without-koffi' && { native: recorded }),
});
const adopted = new AdoptedOrphans();
const posix = posixOf(wayOfHost());
const spawner = nodeSpawner({
  environment,
  runtimeDirectory,
  keepEnvironment: true,
  reaper,
  adopted,
  posix,
});

/** A service, in a session of its own. */
function service(script: string): Life {
  const program = { command: ['sh', '-c', script] };
  return new Life(spawner, { ...plain, stdout: 'ignore', stderr: 'ignore', program });
}

/** A child of the host, in the host's session. */
function sh(script: string): ChildProcess {
  return spawn('sh', ['-c', script], { stdio: 'ignore' });
}

const five = (script: string): string => Array.from({ length: 5 }, () => script).join('; ');

/** Each entry leaves five orphans. */
const orphaners: readonly ((() => Life) | (() => ChildProcess))[] = [
  () => service(five('(sleep 0.1 &)')),
  () => sh(`${five('(sleep 0.1 &)')}; exit`),
  () => sh(`${five('(setsid sleep 0.1 &)')}; exit`),
  () => sh(five("setsid sh -c '(sleep 0.1 &)'")),
];

/** Direct children of the host, and the list of those that ended with a wrong code. */
class Children {
  readonly pids: (number | undefined)[] = [];
  readonly wrong: string[] = [];
  awaited = 0;

  add(code: number, before = ''): void {
    const child = sh(`${before} ${code === 137 ? 'kill -9 $$' : `exit ${code}`}`);
    this.pids.push(child.pid);
    this.awaited += 1;
    child.once('exit', (exit, signal) => {
      this.awaited -= 1;
      const found = signal === 'SIGKILL' ? 137 : exit;
      if (found !== code) this.wrong.push(`${code}: ${exit} ${signal}`);
    });
  }
}

/** The largest number of checks at which an orphan was still a zombie: twenty are a second, if the machine is not too busy. */
function watchZombies(children: Children): { longest(): number } {
  const looks = new Map<number, number>();
  setInterval(() => {
    for (const pid of ownChildren()) {
      if (children.pids.includes(pid) || isAlive(pid)) continue;
      looks.set(pid, 1 + (looks.get(pid) ?? 0));
    }
  }, 50).unref();
  return { longest: () => Math.max(...looks.values()) };
}

function ownChildren(): readonly number[] {
  const list = readFileSync('/proc/thread-self/children', 'utf8');
  return list.split(' ').filter(Boolean).map(Number);
}

function report(more: object): void {
  const listeners = process.listenerCount('SIGCHLD');
  process.stdout.write(`${JSON.stringify({ pid: process.pid, listeners, ...more })}\n`);
}

async function end(): Promise<void> {
  await sweepDaemonized(spawner, 500);
  await spawner.close();
  environment.release();
  runtimeDirectory.remove();
}

const scenes: Readonly<Record<string, () => Promise<void>>> = {
  /** Five hundred children of the host, the first of them started before the reaper, and five hundred orphans. */
  async storm() {
    const before = ownChildren();
    const children = new Children();
    for (let code = 0; code < 40; code += 1) children.add(code, `sleep 0.${code % 7}${code % 3};`);
    const zombies = watchZombies(children);
    const lives: Life[] = [];
    for (let round = 0; round < 100; round += 1) {
      const made = orphaners[round % orphaners.length]?.();
      if (made instanceof Life) lives.push(made);
      for (let child = 0; child < 5; child += 1) {
        await turn();
        if (children.pids.length < 500) children.add((round * 5 + child) % 256);
      }
    }
    await until(() => children.awaited === 0, 'the end of all children');
    for (const life of lives) await life.over;
    await until(() => ownChildren().length <= before.length, 'the end of all orphans');
    await end();
    report({
      children: children.pids.length,
      wrong: children.wrong,
      orphans: reaped.length,
      stolen: reaped.filter((pid) => children.pids.includes(pid)),
      failed: lives.filter(({ exit }) => exit?.code !== 0).length,
      longest: zombies.longest(),
    });
  },

  /** The children of a blocked Worker die while other children and orphans die; another Worker ends before its child. */
  async worker() {
    const script = `
      const { spawn } = require('node:child_process');
      const { parentPort } = require('node:worker_threads');
      const children = [1, 2, 3, 4, 5].map((code) => spawn('sh', ['-c', 'exit ' + code]));
      const codes = children.map((child) => new Promise((resolve) => child.once('exit', resolve)));
      parentPort.postMessage(children.map((child) => child.pid));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
      Promise.all(codes).then((codes) => parentPort.postMessage(codes));
    `;
    await service('exit 0').over;
    const messages: number[][] = [];
    new Worker(script, { eval: true }).on('message', (message: number[]) => messages.push(message));
    await until(() => messages.length === 1, 'its children');
    await until(
      () => messages[0]?.every((pid) => !isAlive(pid)) === true,
      'the end of its children',
    );
    const late = performance.now() + 10_000;
    while (messages.length < 2 && performance.now() < late) {
      await service('(sleep 0.05 &)').over;
      sh('(sleep 0.05 &)');
    }
    const [pids = [], codes] = messages;
    const left = await childOfEndedWorker();
    await until(() => reaped.includes(left), 'the end of the child of a Worker that has ended');
    await end();
    report({ codes, stolen: pids.filter((pid) => reaped.includes(pid)), orphans: reaped.length });
  },

  /**
   * Orphans without the marker, children of the host, and a process in the session of such a child; claimed with the option
   * `claimed`.
   */
  async strangers() {
    const earlier = spawn('sleep', ['600'], { stdio: 'ignore', detached: true });
    if (options.includes('claimed')) adopted.claim();
    const life = service('setsid env -i sleep 601 & setsid env -i sh -c "sleep 602 & wait" & exit');
    const own = spawn('sh', ['-c', '(sleep 603 &); exec sleep 604'], {
      stdio: 'ignore',
      detached: true,
    });
    await life.over;
    await until(() => sleepers().length === 5, 'all of them');
    await sweepDaemonized(spawner, 5000);
    const left = sleepers();
    for (const { pid } of allSleepers()) process.kill(pid, 'SIGKILL');
    await Promise.all([earlier, own].map((child) => once(child, 'close')));
    await end();
    report({ left });
  },

  /** koffi is missing. */
  async 'without-koffi'() {
    hideKoffi();
    sh('(sleep 0.1 &)');
    await service('(sleep 0.1 &)').over;
    await until(() => problems.length > 0, 'the problem');
    const early = process.listenerCount('SIGCHLD');
    for (let more = 0; more < 3; more += 1) await service('(sleep 0.1 &)').over;
    await until(() => ownChildren().filter((pid) => !isAlive(pid)).length === 5, 'more zombies');
    const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
    await end();
    report({ problems, early, timers });
  },
};

/** The command lines of all descendants that sleep. */
function sleepers(): readonly string[] {
  return allSleepers().map(({ words }) => words);
}

function allSleepers(): readonly { readonly pid: number; readonly words: string }[] {
  const below = (pid: number): readonly number[] => [pid, ...childrenOf(pid).flatMap(below)];
  return below(process.pid)
    .map((pid) => ({ pid, words: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() }))
    .filter(({ words }) => /^sleep 60\d$/.test(words))
    .toSorted((a, b) => a.words.localeCompare(b.words));
}

async function childOfEndedWorker(): Promise<number> {
  const script = `
    const { spawn } = require('node:child_process');
    require('node:worker_threads').parentPort.postMessage(spawn('sleep', ['600']).pid);
    setInterval(() => undefined, 1000);
  `;
  const worker = new Worker(script, { eval: true });
  const pid = await new Promise<number>((resolve) => worker.once('message', resolve));
  await worker.terminate();
  // The main thread inherits the children of a thread that has ended.
  await until(() => ownChildren().includes(pid), 'the child');
  process.kill(pid, 'SIGKILL');
  return pid;
}

function hideKoffi(): void {
  const load = Reflect.get(Module, '_load') as (...words: unknown[]) => unknown;
  Reflect.set(Module, '_load', (request: unknown, ...more: unknown[]) => {
    if (request === 'koffi') throw new Error("Cannot find module 'koffi'\nRequire stack: ...");
    return load.call(Module, request, ...more);
  });
}

if (options.includes('subreaper')) loadNative()?.setSubreaper(true);
await scenes[scene]?.();

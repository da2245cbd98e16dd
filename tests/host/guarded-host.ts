/*
 * Hosts with a guard, each a scene. They print the pids of what they have started, and are then killed by the test or end by
 * themselves. RUNTIME in their environment is a runtime directory that the host provides, GUARD_SHELL the guard's shell.
 */
import { spawn } from 'node:child_process';
import { Environment } from '../../lib/host/variables/environment.ts';
import { Guard } from '../../lib/host/orphans/guard.ts';
import { nodeSpawner } from '../../lib/host/spawn/node-spawner.ts';
import { RuntimeDirectory } from '../../lib/host/directory/runtime-directory.ts';
import { guardsOf, until } from '../processes.ts';
import { Life, plain, sweepDaemonized } from './rig.ts';

const runtimeDirectory = new RuntimeDirectory(process.env['RUNTIME']);
const environment = new Environment(runtimeDirectory, process.env);
const guard = new Guard({
  runtimeDirectory,
  onProblem: ({ code }) => {
    say(`problem ${code}`);
  },
  ...(process.env['GUARD_SHELL'] !== undefined && { shell: process.env['GUARD_SHELL'] }),
});
const spawner = nodeSpawner({ environment, runtimeDirectory, keepEnvironment: true, guard });

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A script that announces its readiness, and how many pids it prints. */
interface Script {
  readonly text: string;
  readonly pids: number;
}

/** Starts a script, and prints its pid and the pids that it prints. */
async function start({ text, pids }: Script): Promise<Life> {
  const program = { command: ['sh', '-c', text] };
  const output = { stdout: 'lines', stderr: 'ignore', notificationFd: 3 } as const;
  const life = new Life(spawner, { ...plain, ...output, program });
  await life.tells('announced');
  await until(() => life.lines.length === pids, 'the pids');
  say(`pids ${[life.pid, ...life.lines].join(' ')}`);
  return life;
}

/** Announces readiness, and exits only when it is signalled. */
const stay = 'echo >&3; while :; do sleep 0.1; done';

const meek = { text: 'echo >&3; exec sleep 600', pids: 0 };
const stubborn = { text: `trap '' TERM; ${stay}`, pids: 0 };
const family = { text: 'sleep 600 & echo $!; sleep 600 & echo $!; echo >&3; wait', pids: 2 };
const stubbornChild = { text: `(trap '' TERM; ${stay}) & echo $!; wait`, pids: 1 };
const daemon = { text: 'setsid sleep 600 & echo $!; echo >&3; exec sleep 600', pids: 1 };
const stubbornDaemon = {
  text: `(setsid sh -c "trap '' TERM; echo \\$\\$; ${stay}" &); exec sleep 600`,
  pids: 1,
};

async function startTen(): Promise<void> {
  const scripts = [meek, meek, meek, stubborn, stubborn, family, family, stubbornChild];
  for (const script of [...scripts, daemon, stubbornDaemon]) await start(script);
  await sayGuard();
}

async function sayGuard(): Promise<number> {
  await until(() => guardsOf(process.pid).length === 1, 'the guard');
  const [pid = 0] = guardsOf(process.pid);
  say(`guard ${pid} runtime ${runtimeDirectory.path}`);
  return pid;
}

function stayAlive(): void {
  say('ready');
  setInterval(() => undefined, 1000);
}

const scenes: Readonly<Record<string, () => Promise<void>>> = {
  async ten() {
    guard.enable();
    await startTen();
    stayAlive();
  },

  async late() {
    await start(meek);
    await start(family);
    say(`guards before: ${guardsOf(process.pid).length}`);
    guard.enable();
    await sayGuard();
    stayAlive();
  },

  async exit() {
    guard.enable();
    await startTen();
    // oxlint-disable-next-line unicorn/no-process-exit -- the scene is a host that does this
    process.exit(3);
  },

  /** The guard cannot be started, which the host learns after the first spawn. */
  async unguarded() {
    guard.enable();
    await start(stubborn);
    say(`runtime ${runtimeDirectory.path}`);
    await until(() => process.listenerCount('SIGTERM') > 0, 'the last resort');
    stayAlive();
  },

  /** An orderly end; a process with the marker must survive, since the host carries the marker, too. */
  async stop() {
    guard.enable();
    const life = await start(meek);
    await sayGuard();
    process.env['STAGEKEEPER_RUNTIME'] = runtimeDirectory.path;
    const free = spawn('sleep', ['600'], { stdio: 'ignore', detached: true });
    free.unref();
    say(`free ${free.pid}`);
    life.kill('SIGTERM', 'group');
    await life.over;
    await sweepDaemonized(spawner, 500);
    await spawner.close();
    say(`guards after: ${guardsOf(process.pid).length}`);
    environment.release();
    runtimeDirectory.remove();
  },

  /** Nothing is left to do, and nothing stops the supervisor. */
  async drained() {
    guard.enable();
    const life = await start(meek);
    await sayGuard();
    life.kill('SIGTERM', 'group');
    await life.over;
    say('over');
  },

  async lost() {
    guard.enable();
    await start(meek);
    await start(family);
    const first = await sayGuard();
    process.kill(first, 'SIGKILL');
    await until(() => guardsOf(process.pid).some((pid) => pid !== first), 'another guard');
    await start(stubborn);
    stayAlive();
  },

  async 'process-1'() {
    guard.enable();
    await start(meek);
    say(`host ${process.pid}, guards ${guardsOf(process.pid).length}`);
    // oxlint-disable-next-line unicorn/no-process-exit -- see above
    process.exit(0);
  },
};

await scenes[process.argv[2] ?? '']?.();

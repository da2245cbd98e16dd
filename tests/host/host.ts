/*
 * Hosts for the tests, each a scene: a host does things here that a test cannot do in its own process.
 */
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Environment } from '../../lib/host/variables/environment.ts';
import { nodeSpawner } from '../../lib/host/spawn/node-spawner.ts';
import { RuntimeDirectory } from '../../lib/host/directory/runtime-directory.ts';
import { read, until } from '../processes.ts';
import { Life, plain, sleeps, waitFor, sweepDaemonized } from './rig.ts';
import { posixOf, wayOfHost } from './ways.ts';

const runtimeDirectory = new RuntimeDirectory();
const environment = new Environment(runtimeDirectory, process.env);
const posix = posixOf(wayOfHost());
const spawner = nodeSpawner({ environment, runtimeDirectory, keepEnvironment: true, posix });

function sh(script: string, more: Partial<Life['command']> = {}): Life {
  const program = { command: ['sh', '-c', script] };
  return new Life(spawner, { ...plain, stdout: 'ignore', stderr: 'ignore', program, ...more });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function exit(code: number): void {
  // oxlint-disable-next-line unicorn/no-process-exit -- the scene is a host that does this
  process.exit(code);
}

/** A child that ignores TERM and has a child itself. */
async function sayChild(): Promise<Life> {
  const life = sh(`trap '' TERM; sleep 600 & echo >&3; wait`, { notificationFd: 3 });
  await life.tells('announced');
  say(`child ${life.pid} runtime ${runtimeDirectory.path}`);
  return life;
}

async function end(): Promise<void> {
  await sweepDaemonized(spawner, 500);
  await spawner.close();
  environment.release();
  runtimeDirectory.remove();
}

const scenes: Readonly<Record<string, () => Promise<void>>> = {
  async exit() {
    await sayChild();
    exit(3);
  },

  async throw() {
    await sayChild();
    throw new Error('out of order');
  },

  async wait() {
    await sayChild();
    say('ready');
    setInterval(() => undefined, 1000);
  },

  async listen() {
    const life = await sayChild();
    process.on('SIGTERM', () => {
      say(`received, child ${life.exit === undefined ? 'lives' : 'is dead'}`);
      exit(0);
    });
    say('ready');
    setInterval(() => undefined, 1000);
  },

  /** The child is dead, and has left another process behind. */
  async leave() {
    const life = sh('sleep 600 & echo $! >&3', { notificationFd: 3 });
    await life.over;
    say(`child ${life.pid} runtime ${runtimeDirectory.path}`);
    exit(0);
  },

  /** The listeners before the first child, with a child, and after it. */
  async listeners() {
    const emit = process.emit;
    const count = (): string =>
      `${process.listenerCount('SIGTERM')} ${process.listenerCount('SIGINT')} ${process.emit === emit ? 'own' : 'other'} emit`;
    say(`before: ${count()}`);
    const life = await sayChild();
    say(`with: ${process.listenerCount('SIGTERM')}`);
    life.kill('SIGKILL', 'group');
    await life.over;
    await life.swept(0); // the group may die a moment after its leader
    say(`after: ${count()}`);
    await end();
  },

  /** The signals and the umask that a child gets. */
  async surroundings() {
    const life = sh('grep -E "^Sig(Blk|Ign)" /proc/self/status; umask', { stdout: 'lines' });
    await life.over;
    say(life.lines.join(' '));
    await end();
  },

  async 'too-many-open-files'() {
    await sh('exit 0', { stdout: { pipe: 'web' } }).over;
    const taken: number[] = [];
    try {
      for (;;) taken.push(openSync('/dev/null', 'r'));
    } catch {
      closeSync(taken.pop() ?? -1);
    }
    const life = sh('exit 0', { stdout: { pipe: 'web' }, name: 'web' });
    await life.over;
    for (const descriptor of taken) closeSync(descriptor);
    say(`${life.told.join()} ${life.failure?.message}`);
    const next = sh('exit 0', { stdout: { pipe: 'web' }, name: 'web' });
    await next.over;
    say(`then: ${next.told.at(-1)}`);
    await end();
  },

  /**
   * The output of the host is a pipe. It shares the pipe with a program that writes more than the pipe holds, and with a
   * Node program that starts later. The test reads only when the pipe is full.
   */
  async output() {
    const gates = process.env['GATES'] ?? '';
    const loop =
      'i=0; while [ $i -lt 5000 ]; do i=$((i + 1)); echo "line $i of many" || exit 9; done';
    const writer = sh(`${waitFor(`${gates}/write`)}; echo $$ > ${gates}/writing; ${loop}`, {
      stdout: 'inherit',
      stderr: 'inherit',
    });
    const script =
      'process.stdout.write("from node\\n"); setInterval(() => {}, 1000); fs.writeSync(3, "\\n")';
    const node = sh('', {
      program: { command: [process.execPath, '-e', script] },
      stdout: 'inherit',
      notificationFd: 3,
    });
    await node.tells('announced');
    writeFileSync(join(gates, 'write'), '');
    await until(() => read(join(gates, 'writing')) !== '', 'the writer');
    await until(() => writer.exit !== undefined || sleeps(Number(writer.pid)), 'a full pipe');
    writeFileSync(join(gates, 'read'), '');
    await writer.over;
    node.kill('SIGKILL');
    await node.over;
    say(`writer ${writer.told.at(-1)}`);
    await end();
  },
};

await scenes[process.argv[2] ?? '']?.();

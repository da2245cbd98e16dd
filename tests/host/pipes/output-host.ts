/*
 * Hosts for the tests of where output goes. What a test has given a host as its own streams is what is tried, so it reports what
 * it has to say by files in the folder `GATES`.
 */
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, Worker } from 'node:worker_threads';
import { Supervisor } from '../../../lib/index.ts';
import type { SupervisorOptions } from '../../../lib/index.ts';
import type { TreeInput } from '../../../lib/loader/define.ts';
import { Environment } from '../../../lib/host/variables/environment.ts';
import { nodeSpawner } from '../../../lib/host/spawn/node-spawner.ts';
import { RuntimeDirectory } from '../../../lib/host/directory/runtime-directory.ts';
import { read, until } from '../../processes.ts';
import { everything, scripts } from './output-lives.ts';
import { Life, plain } from '../rig.ts';
import { posixOf, wayOfHost } from '../ways.ts';

const gates = process.env['GATES'] ?? '';

function report(text: string): void {
  appendFileSync(join(gates, 'report'), `${text}\n`);
}

function open(gate: string): void {
  writeFileSync(join(gates, gate), '');
}

function gate(name: string): Promise<void> {
  return until(() => existsSync(join(gates, name)), name, 30_000);
}

function supervise(tree: TreeInput, options: SupervisorOptions = {}): Supervisor {
  const supervisor = new Supervisor(tree, {
    ...(isMainThread && { spawner: wayOfHost() }),
    timeouts: { kill: 2000 },
    ...options,
  });
  supervisor.on('problem', ({ problem }) => {
    report(`${problem.code} ${problem.path} ${problem.message}`);
  });
  supervisor.on('service', ({ service, to, exit }) => {
    if (to === 'down' || to === 'failed')
      report(`${service} ${String(exit?.code ?? exit?.signal)}`);
  });
  return supervisor;
}

/** Counts turns of the loop in a row. */
async function turn(count: number): Promise<void> {
  for (let turned = 0; turned < count; turned++) {
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
}

function exit(code: number): void {
  process.exit(code);
}

const scenes: Readonly<Record<string, () => Promise<void>>> = {
  /** Everything that can print does; ends at once when `run` is over, as hosts do. */
  async life() {
    const wanted = everything(process.env['WITH'] ?? '');
    const { exitCode } = await supervise(wanted.tree, { guard: false }).run({
      command: ['sh', '-c', wanted.command],
    });
    exit(exitCode);
  },

  async worker() {
    const worker = new Worker(new URL(import.meta.url), { argv: ['life'] });
    await new Promise((resolve) => worker.once('exit', resolve));
  },

  /** Turns while a service waits for a reader that does not read yet. */
  async slow() {
    const supervisor = supervise(scripts({ calm: 'exec sleep 600', big: 'seq 1 300000' }));
    process.stdout.write('x');
    await supervisor.start();
    process.stdout.write('y'.repeat(1_000_000));
    await turn(200);
    open('turned');
    await supervisor.service('big').when('down');
    await supervisor.stop();
  },

  /** Ends without a stop, with all that was written still in the pipe or on its way. */
  async leave() {
    const big = `seq 1 50000; echo > ${gates}/wrote; exec sleep 600`;
    const small = `echo small; echo > ${gates}/small; exec sleep 600`;
    await supervise(scripts({ big, small })).start();
    await gate('small');
    await gate(process.env['WITH'] ?? '');
    exit(3);
  },

  /** Goes on when the reader of its stream has gone. */
  async gone() {
    const supervisor = supervise(scripts({ big: 'exec seq 1 300000', later: 'exec sleep 600' }));
    await supervisor.start();
    await until(
      () => supervisor.service('big').lastExit !== undefined,
      'the end of the writer',
      30_000,
    );
    await supervisor.stop();
    report('stopped');
  },

  /** Stops while its reader reads nothing. */
  async stuck() {
    const supervisor = supervise(scripts({ big: 'seq 1 300000' }));
    await supervisor.start();
    await turn(100);
    await supervisor.stop();
    report('stopped');
  },

  /** Its command reads the socket that the host writes to. */
  async input() {
    const supervisor = supervise({});
    process.stdout.write('x');
    const over = supervisor.run({ command: ['sh', '-c', 'read -r w; echo "got $w"; exec cat'] });
    await gate('go');
    process.stdout.write('y'.repeat(1_000_000));
    await turn(200);
    open('turned');
    await over;
  },

  /** A Node program and another one write to one log pipe before its reader reads. */
  async log() {
    const runtimeDirectory = new RuntimeDirectory();
    const environment = new Environment(runtimeDirectory, process.env);
    const posix = posixOf(wayOfHost());
    const spawner = nodeSpawner({ environment, runtimeDirectory, keepEnvironment: true, posix });
    const start = (command: readonly string[], more: Partial<Life['command']>): Life =>
      new Life(spawner, {
        ...plain,
        program: { command },
        stdout: { pipe: 'web' },
        stderr: 'ignore',
        ...more,
      });
    const script =
      'process.stdout.write("from node\\n"); setInterval(() => {}, 1000); fs.writeSync(3, "\\n")';
    const node = start([process.execPath, '-e', script], { notificationFd: 3 });
    const big = start(['sh', '-c', `seq 1 50000; echo "big $?" >> ${gates}/report`], {});
    await node.tells('announced');
    await turn(100);
    const reader = start(['sh', '-c', `cat > ${gates}/log`], {
      name: 'web/log',
      stdin: { pipe: 'web' },
      stdout: 'ignore',
    });
    await big.over;
    // Its line may have waited for room in the pipe.
    const isLogged = (): boolean => read(`${gates}/log`).includes('from node\n');
    await until(isLogged, 'the line of the Node service', 30_000);
    node.kill('SIGKILL');
    await node.over;
    spawner.closePipe('web');
    await reader.over;
    await spawner.close();
    report(`left ${String(runtimeDirectory.remove().length)}`);
  },
};

await scenes[process.argv[2] ?? '']?.();

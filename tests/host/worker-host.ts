/*
 * Hosts with a supervisor in a Worker thread. The first line of the script prints what was started; then the thread or the
 * process ends in the way that the scene is named after. If the process lives on, it prints when everything that was started
 * is dead.
 *
 * Options for the supervisor may follow the scene, as JSON.
 */
/* oxlint-disable unicorn/require-post-message-target-origin -- the ports of threads have no origin */
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Supervisor } from '../../lib/index.ts';
import type { SupervisorOptions } from '../../lib/index.ts';
import { isAlive, until } from '../processes.ts';

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

interface Task {
  readonly scene: string;
  readonly options: SupervisorOptions;
}

/** A script with a daemon in a session of its own. */
const script =
  'setsid sleep 600 >&2 & echo "pids $$ $! runtime $STAGEKEEPER_RUNTIME"; exec sleep 600 >&2';
const stubborn = `trap '' TERM; ${script}`;

function supervise({ scene, options }: Task): Supervisor {
  const run = ['sh', '-c', scene === 'terminate-in-stop' ? stubborn : script];
  const tree =
    scene === 'terminate-in-start'
      ? { init: [{ name: '10-slow', run }] }
      : { services: [{ name: 'web', run }] };
  return new Supervisor(tree, { output: 'lines', timeouts: { services: 60_000 }, ...options });
}

/** What the Worker does on the message `end`; every other scene is run by the main thread. */
const ends: Readonly<Record<string, (supervisor: Supervisor) => void>> = {
  'exit-worker': () => process.exit(3),
  'throw-worker'() {
    throw new Error('the Worker throws');
  },
  memory() {
    const filled: unknown[] = [];
    for (;;) filled.push(Array.from({ length: 1000 }, () => ({})));
  },
  'terminate-in-stop'(supervisor) {
    void supervisor.stop();
    parentPort?.postMessage('stopping');
  },
  stop(supervisor) {
    void supervisor.stop().then(() => parentPort?.close());
  },
};

function beWorker(task: Task): void {
  const supervisor = supervise(task);
  supervisor.on('problem', ({ problem }) => parentPort?.postMessage(`problem ${problem.code}`));
  supervisor.on('output', ({ line }) => parentPort?.postMessage(line));
  parentPort?.once('message', () => ends[task.scene]?.(supervisor));
  void supervisor.start();
}

/** What the main thread does once everything is started; without an entry it terminates the Worker. */
const acts: Readonly<Record<string, () => void>> = {
  exit: () => process.exit(0),
  throw() {
    throw new Error('the main thread throws');
  },
  sigterm: () => void process.kill(process.pid, 'SIGTERM'),
  sigkill: () => void process.kill(process.pid, 'SIGKILL'),
};

function beMain(task: Task): void {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: task,
    ...(task.scene === 'memory' && { resourceLimits: { maxOldGenerationSizeMb: 64 } }),
  });
  let pids: readonly number[] = [];
  worker.on('message', (text: string) => {
    say(text);
    if (text.startsWith('pids')) {
      pids = text.split(' ').slice(1, 3).map(Number);
      const act = acts[task.scene];
      if (act !== undefined) act();
      else if (ends[task.scene] === undefined) void worker.terminate();
      else worker.postMessage('end');
    } else if (text === 'stopping') void worker.terminate();
  });
  worker.on('error', ({ message }) => {
    say(`error ${message}`);
  });
  worker.once('exit', () => void sayEnd(pids));
}

async function sayEnd(pids: readonly number[]): Promise<void> {
  await until(() => !pids.some(isAlive), 'the end of what the Worker started');
  say('all dead');
}

if (isMainThread) {
  const [scene = '', options = '{}'] = process.argv.slice(2);
  beMain({ scene, options: JSON.parse(options) as SupervisorOptions });
} else {
  beWorker(workerData as Task);
}

/*
 * examples/container-init/init.sh as process 1, under each shell of this machine.
 */
import assert from 'node:assert/strict';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { kill } from 'node:process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { childrenOf, isAtRest, read, until } from './processes.ts';
import { asProcess1, whyNoProcess1 } from './host/run-host.ts';
import { unlessInCI } from './skipping.ts';

const init = fileURLToPath(new URL('../examples/container-init/init.sh', import.meta.url));
const skip = whyNoProcess1();

/** The signals that init.sh passes on: all that may be sent to process 1 from outside. */
const signals = ['HUP', 'INT', 'QUIT', 'USR1', 'USR2', 'PWR', 'WINCH', 'TERM'] as const;

interface World {
  readonly process: ChildProcessWithoutNullStreams;
  output(): string;
  /** The pid of process 1 outside its namespace. */
  init(): number;
  /** Sends a signal to process 1 while it waits: bash defers a signal that arrives just before the wait until its child exits. */
  signal(signal: NodeJS.Signals): Promise<void>;
  /** The exit code of process 1. */
  readonly ended: Promise<number>;
}

/** Starts a pid namespace in which init.sh is process 1 and has started a program. */
function start(shell: readonly string[], program: readonly string[]): World {
  const [file = '', ...words] = [...asProcess1, ...shell, init, ...program];
  const process = spawn(file, words, { timeout: 30_000, killSignal: 'SIGKILL' });
  let output = '';
  for (const stream of [process.stdout, process.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const first = (): number =>
    childrenOf(process.pid ?? 0)[0] ?? assert.fail('there is no process 1');
  return {
    process,
    output: () => output,
    init: first,
    async signal(signal) {
      const pid = first();
      await until(() => isAtRest(pid), 'process 1 at rest');
      kill(pid, signal);
    },
    ended: once(process, 'close').then(([code]) => code as number),
  };
}

/** The `script` of util-linux, which makes a terminal; other programs share the name. */
const script = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout as string | null;
const noTerminal = unlessInCI(
  script?.includes('util-linux') !== true && "no util-linux's script here",
);

function exitCodes(shell: readonly string[]): void {
  test('exits with each exit code of its child', () => {
    const loop = `n=0; while [ $n -lt 256 ]; do "$@" sh -c "exit $n"; echo $?; n=$((n + 1)); done`;
    const words = ['-c', loop, 'sh', ...shell, init];
    const { stdout, stderr } = spawnSync('sh', words, { encoding: 'utf8' });
    assert.deepEqual([stdout.trim().split('\n').map(Number), stderr], [[...Array(256).keys()], '']);
  });

  test('as process 1 exits with the exit code of its child, or with 128 + the signal', async () => {
    assert.equal(await start(shell, ['sh', '-c', 'exit 42']).ended, 42);
    assert.equal(await start(shell, ['sh', '-c', 'kill -KILL $$']).ended, 137);
    assert.equal(await start(shell, ['no-such-program']).ended, 127);
    assert.equal(await start(shell, []).ended, 64);
  });

  test('exits with 143 when TERM ends its child', async () => {
    const world = start(shell, ['sh', '-c', 'echo ready; exec sleep 600']);
    await until(() => world.output().includes('ready'), 'the child');
    await world.signal('SIGTERM');
    assert.equal(await world.ended, 143);
  });
}

function duties(shell: readonly string[]): void {
  test('passes each signal on once, and continues to wait', async () => {
    const world = start(shell, [process.execPath, '-e', listener]);
    await until(() => world.output().includes('ready'), 'the child');
    for (const signal of signals) {
      await world.signal(`SIG${signal}`);
      await until(() => world.output().includes(`${signal}.`), signal);
    }
    assert.equal(await world.ended, 42);
    assert.deepEqual(world.output().split('\n'), ['ready', ...signals.map((it) => `${it}.`), '']);
  });

  test('reaps orphans', async () => {
    const many = 'n=0; while [ $n -lt 20 ]; do (sleep 601 &); n=$((n + 1)); done';
    const world = start(shell, ['sh', '-c', `${many}; echo made; exec sleep 600`]);
    await until(() => world.output().includes('made'), 'the orphans');
    const pid = world.init();
    const orphans = (): readonly number[] =>
      childrenOf(pid).filter(
        (child) => read(`/proc/${child}/cmdline`) === ['sleep', '601', ''].join('\0'),
      );
    await until(() => orphans().length === 20, 'orphans below process 1');
    for (const orphan of orphans()) kill(orphan, 'SIGKILL');
    await until(() => childrenOf(pid).length === 1, 'the end of the orphans');
    await world.signal('SIGTERM');
    assert.equal(await world.ended, 143);
  });
}

/** A program that prints the signals it catches, and exits at the last one. */
const listener = `
  for (const name of ${JSON.stringify(signals)}) {
    process.on('SIG' + name, () => {
      console.log(name + '.');
      if (name === 'TERM') process.exit(42);
    });
  }
  setInterval(() => {}, 1000);
  console.log('ready');
`;

function streams(shell: readonly string[]): void {
  test('leaves its stdin to the child', async () => {
    const world = start(shell, ['sh', '-c', 'read line; echo "$line!"; exit 3']);
    world.process.stdin.write('hello\n');
    assert.equal(await world.ended, 3);
    assert.equal(world.output(), 'hello!\n');
  });

  test(
    'leaves Ctrl-C to the terminal, so that the child gets a single INT signal',
    { skip: noTerminal },
    async () => {
      // A shell in between would get the INT too, and report that instead of the child's exit code.
      const words = ['exec', ...shell, init, 'node', '-e', '"$CHILD"'].join(' ');
      const env = { ...process.env, CHILD: interruptible };
      const terminal = spawn('script', ['-qec', words, '/dev/null'], { env, timeout: 30_000 });
      let output = '';
      terminal.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
      await until(() => output.includes('ready'), 'the child');
      terminal.stdin.write('\u0003');
      const [code] = (await once(terminal, 'close')) as [number];
      assert.equal(code, 9);
      assert.equal(output.match(/int\r/g)?.length, 1, output);
    },
  );
}

/** A program that leaves time for a second INT. */
const interruptible = `
  process.on('SIGINT', () => { console.log('int'); setTimeout(() => process.exit(9), 300); });
  setInterval(() => {}, 1000);
  console.log('ready');
`;

for (const shell of [['dash'], ['bash'], ['busybox', 'sh']]) {
  const missing = spawnSync(shell[0] ?? '', ['-c', ':']).error !== undefined;
  const here = skip === false ? unlessInCI(missing && `no ${shell.join(' ')} here`) : skip;

  void describe(`init.sh under ${shell.join(' ')}`, { skip: here, timeout: 120_000 }, () => {
    exitCodes(shell);
    duties(shell);
    streams(shell);
  });
}
